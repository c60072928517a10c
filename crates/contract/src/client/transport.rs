//! The connections below a client.

use std::sync::Once;
use std::time::Duration;

use tracing::warn;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// Certificates of the system are read only where the address needs them.
pub(super) fn build(base_url: &str) -> reqwest::Client {
    install_provider();
    if base_url.starts_with("https:") {
        match builder().build() {
            Ok(client) => return client,
            Err(error) => warn!(%error, "the system's certificates can't be read: https will fail"),
        }
    }
    builder().tls_certs_only([]).build().expect("a client without certificates needs no system")
}

fn builder() -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .pool_idle_timeout(Duration::from_secs(30))
        .redirect(reqwest::redirect::Policy::none())
        .user_agent("saasodoo")
}

/// The one provider of cryptography in this process.
fn install_provider() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // Somebody else may have installed one before; then that one holds.
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
}
