//! What everything in this service has at hand.

use std::sync::Arc;
use std::time::Duration;

use contract::client::NotificationClient;
use identity::TokenKey;
use sqlx::PgPool;
use tokio::sync::Notify;

use crate::password::Hasher;

/// What the operator may choose.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where this service is reached from outside, without a slash at the end: what links in mails begin with.
    pub public_url: String,
    /// Where the console is reached from outside: what the link for a new password begins with.
    pub console_url: String,
    /// How long a log-in lasts.
    pub session_life: Duration,
    /// How long a link proves an address.
    pub verification_life: Duration,
    /// How long a link allows to choose a new password.
    pub reset_life: Duration,
    /// How many passwords are hashed at once: each takes about 20 MiB and a core for a moment.
    pub hashes_at_once: usize,
    /// How many wrong passwords an address may have from one place in 15 minutes.
    pub login_tries: i32,
    /// How many registrations, and how many mails with links, an address may ask for from one place in 15 minutes.
    pub mail_asks: i32,
}

impl Default for Options {
    fn default() -> Self {
        const HOUR: Duration = Duration::from_secs(3600);
        Self {
            public_url: "http://api.localhost:8080/user".to_owned(),
            console_url: "http://app.localhost:8080".to_owned(),
            session_life: 12 * HOUR,
            verification_life: 24 * HOUR,
            reset_life: HOUR,
            hashes_at_once: 2,
            login_tries: 10,
            mail_asks: 5,
        }
    }
}

/// Cloning is cheap.
#[derive(Clone)]
pub struct Context {
    /// The database `auth`, as the role `auth_service`.
    pub pool: PgPool,
    pub(crate) key: TokenKey,
    pub(crate) notification: NotificationClient,
    pub(crate) options: Arc<Options>,
    pub(crate) hasher: Hasher,
    pub(crate) mail_is_due: Arc<Notify>,
}

impl Context {
    /// What everything in this service has at hand.
    #[must_use]
    pub fn new(
        pool: PgPool,
        key: TokenKey,
        notification: NotificationClient,
        options: Options,
    ) -> Self {
        Self {
            pool,
            key,
            notification,
            hasher: Hasher::new(options.hashes_at_once),
            options: Arc::new(options),
            mail_is_due: Arc::default(),
        }
    }
}
