//! Who charges, and what happens when nobody pays.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::value::optional_path;

/// `[billing]`
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Billing {
    /// Who charges.
    pub engine: Engine,
    /// The file of plans; none for the shipped one.
    #[serde(with = "optional_path")]
    pub plans: Option<PathBuf>,
    /// Days until an unpaid invoice is warned of.
    pub warning_after_days: u32,
    /// Days until it suspends.
    pub blocked_after_days: u32,
    /// Days until it ends the subscription.
    pub cancelled_after_days: u32,
}

/// Who charges.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Engine {
    /// The engine that is built in.
    Embedded,
}
