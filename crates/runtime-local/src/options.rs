//! What a local runtime has to be told.

use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

/// Where a local runtime keeps its things, and which numbers it may use.
#[derive(Debug, Clone)]
pub struct LocalOptions {
    /// Workloads, their volumes and their logs; one runtime's own, several processes may share it.
    pub folder: PathBuf,
    /// Unpacked root file systems, each in a folder named after its image: `odoo-19.0`.
    pub root_file_systems: PathBuf,
    /// User ids for workloads when the platform runs as root, shared by all platforms of the machine.
    pub user_ids: RangeInclusive<u32>,
    /// Ports on the loopback address for workloads.
    pub ports: RangeInclusive<u16>,
    /// The folder of PostgreSQL's programs (`initdb`, `postgres`).
    pub postgres_programs: PathBuf,
    /// Where all platforms of this machine note which user ids they use.
    pub reservations: PathBuf,
}

impl LocalOptions {
    /// The options for a data folder, with everything else at its default.
    #[must_use]
    pub fn new(folder: impl Into<PathBuf>, root_file_systems: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
            root_file_systems: root_file_systems.into(),
            // Above what systemd gives to containers, and below what is negative as a signed number.
            user_ids: 1_900_000_000..=1_900_065_535,
            // Below the ports that Linux gives to outgoing connections.
            ports: 20_000..=32_000,
            postgres_programs: newest_postgres(Path::new("/usr/lib/postgresql")),
            reservations: "/var/lib/saasodoo".into(),
        }
    }
}

/// The programs of the newest PostgreSQL under Debian's folder of versions.
fn newest_postgres(versions: &Path) -> PathBuf {
    let newest = std::fs::read_dir(versions)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok())
        .filter(|version| versions.join(version.to_string()).join("bin/initdb").exists())
        .max();
    newest.map_or_else(|| "/usr/bin".into(), |version| versions.join(format!("{version}/bin")))
}
