//! Instances and their worker.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::value::duration;

/// `[instance]`
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Instance {
    /// Between two looks for a database that is not there.
    #[serde(with = "duration")]
    pub look_every: Duration,
    /// After so many looks people are told that there is no database.
    pub looks: u32,
    /// How long an instance that waits for its first payment keeps its slot.
    #[serde(with = "duration")]
    pub reserve_for: Duration,
    /// How long an Odoo may start before people are told that it fails.
    #[serde(with = "duration")]
    pub start_patience: Duration,
    /// How long one attempt waits for an Odoo to answer.
    #[serde(with = "duration")]
    pub probe_within: Duration,
    /// Between two looks at an Odoo that fails.
    #[serde(with = "duration")]
    pub look_again: Duration,
    /// How long the first initialisation of an empty database may take.
    #[serde(with = "duration")]
    pub install_deadline: Duration,
    /// How many instances are worked on at a time.
    pub concurrency: usize,
}
