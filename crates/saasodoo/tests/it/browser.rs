//! The console in a real browser: a person logs in and sees the instances, live.

use std::path::Path;
use std::process::Command;

use crate::platform::Platform;

/// Staff log in and see what runs; the picture is kept where the reader of a failed run finds it.
pub(crate) fn shows_the_console(platform: &Platform) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser/console.mjs");
    let picture = platform.folder.join("console.png");
    let output = Command::new("node")
        .arg(script)
        .arg(format!("http://app.localhost:{}/", platform.address.port()))
        .arg(platform.staff_password.as_deref().expect("a first start prints it"))
        .arg(&picture)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}\n{complaint}");
    assert!(said.contains("acme") && said.contains("running"), "{said}");
    assert!(picture.exists());
}
