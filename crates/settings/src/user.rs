//! Log-ins and links in mails.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::value::duration;

/// `[user]`
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct User {
    /// How long a log-in lasts.
    #[serde(with = "duration")]
    pub session_life: Duration,
    /// How long a link proves an address.
    #[serde(with = "duration")]
    pub verification_life: Duration,
    /// How long a link allows to choose a new password.
    #[serde(with = "duration")]
    pub reset_life: Duration,
    /// How many passwords are hashed at a time.
    pub hashes_at_once: usize,
    /// How many wrong passwords an address may have from one place in 15 minutes.
    pub login_tries: i32,
    /// How many registrations, and how many mails with links, an address may ask for from one place in 15 minutes.
    pub mail_asks: i32,
}
