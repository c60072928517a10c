//! The console in a real browser.

use std::process::Command;

use crate::platform::Platform;

/// The login page renders.
pub(crate) fn shows_the_console(platform: &Platform) {
    let profile = tempfile::tempdir().unwrap();
    let url = format!("http://app.localhost:{}/", platform.address.port());
    let output = Command::new("chromium")
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"])
        .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .args(["--dump-dom", &url])
        .output()
        .unwrap();
    let page = String::from_utf8_lossy(&output.stdout);
    assert!(page.contains("password"), "{page}");
}
