//! What doctor can do: have something looked at again, close what is open, remove what nobody can miss. Nothing of it
//! destroys what a tenant has.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use anyhow::Context as _;
use runtime_local::Stray;
use serde::{Serialize, Serializer};

use crate::client::Platform;

/// Something that doctor can do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Remedy {
    /// State all entitlements again.
    StateEntitlements,
    /// Look at all instances again.
    LookAtInstances,
    /// Look at all servers, allocations, stock and templates again.
    LookAtServers,
    /// Let nobody but its owner read a file.
    Close(PathBuf),
    /// Remove what nobody can miss.
    Remove(Stray),
}

impl std::fmt::Display for Remedy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::StateEntitlements => f.write_str("all entitlements are stated again"),
            Self::LookAtInstances => f.write_str("all instances are looked at again"),
            Self::LookAtServers => f.write_str("all servers and databases are looked at again"),
            Self::Close(path) => write!(f, "{} is closed to others", path.display()),
            Self::Remove(stray) => write!(f, "removed: {stray}"),
        }
    }
}

impl Serialize for Remedy {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Remedy {
    /// Does it.
    pub(super) async fn apply(&self, platform: &Platform) -> anyhow::Result<()> {
        match self {
            Self::StateEntitlements => {
                platform.billing.sweep().await?;
            }
            Self::LookAtInstances => {
                platform.instance.sweep().await?;
            }
            Self::LookAtServers => {
                platform.database.sweep().await?;
            }
            Self::Close(path) => std::fs::set_permissions(path, Permissions::from_mode(0o600))
                .with_context(|| format!("closing {}", path.display()))?,
            Self::Remove(stray) => stray.remove()?,
        }
        Ok(())
    }
}
