//! Where servers and Odoos run.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::value::{Range, optional_path};

/// `[runtime.…]`
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Runtime {
    /// Processes of this machine.
    pub local: Local,
}

/// `[runtime.local]`
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Local {
    /// Unpacked root file systems; see [`crate::Settings::root_file_systems`].
    #[serde(with = "optional_path")]
    pub root_file_systems: Option<PathBuf>,
    /// User ids for workloads when the platform runs as root.
    pub user_ids: Range<u32>,
    /// Where all platforms of this machine note which user ids they use.
    pub reservations: PathBuf,
    /// Ports on the loopback address for workloads.
    pub ports: Range<u16>,
    /// The folder of PostgreSQL's programs; none for the newest that is installed.
    #[serde(with = "optional_path")]
    pub postgres_programs: Option<PathBuf>,
}
