//! Databases and their worker.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use vocabulary::{MemorySize, OdooVersion};

use crate::value::{Limits, duration};

/// `[database]`
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Database {
    /// Slots that the planner keeps free.
    pub free_slots_low: u32,
    /// How many databases a pool holds that the planner makes.
    pub pool_size: u32,
    /// Clones that are kept ready for each template on each shared server.
    pub stock_per_server: u32,
    /// Between two looks at the health of the servers.
    #[serde(with = "duration")]
    pub health_every: Duration,
    /// How long one look at one server may take.
    #[serde(with = "duration")]
    pub health_deadline: Duration,
    /// How long a server may take to answer for the first time.
    #[serde(with = "duration")]
    pub server_patience: Duration,
    /// How long an allocation waits for its server's template.
    #[serde(with = "duration")]
    pub golden_patience: Duration,
    /// How long a request waits for its database.
    #[serde(with = "duration")]
    pub answer_within: Duration,
    /// What a shared server may use.
    pub pool: Limits,
    /// What a dedicated server may use when its order does not say.
    pub dedicated: Limits,
    /// What a job that builds a template may use.
    pub build: Limits,
    /// The bounds of every tenant's role.
    pub tenant: Tenant,
    /// The templates on offer.
    pub templates: Vec<Template>,
}

/// `[database.tenant]`
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tenant {
    /// Connections at a time.
    pub connections: u32,
    /// The longest statement.
    #[serde(with = "duration")]
    pub statement_timeout: Duration,
    /// The longest a transaction may do nothing.
    #[serde(with = "duration")]
    pub idle_in_transaction_timeout: Duration,
    /// The longest transaction, however busy it is.
    #[serde(with = "duration")]
    pub transaction_timeout: Duration,
    /// Temporary files of one session.
    pub temporary_files: MemorySize,
}

/// `[[database.templates]]`
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Template {
    /// Its name, such as `odoo-19.0`.
    pub name: String,
    /// The Odoo that initialises it.
    pub odoo_version: OdooVersion,
    /// What is installed in it, `base` at least.
    pub modules: Vec<String>,
}
