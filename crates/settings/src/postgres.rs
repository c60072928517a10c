//! The platform's own PostgreSQL.

use std::path::PathBuf;

use anyhow::Context;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use vocabulary::{CpuLimit, MemorySize};

use crate::value::{optional, optional_path, secret};

/// `[postgres]`
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Postgres {
    /// Where it is; none for a private one.
    #[serde(with = "optional")]
    pub address: Option<ServerAddress>,
    /// Who makes databases and roles there.
    pub superuser: String,
    /// That role's password, where it is set; see [`Postgres::superuser_password`].
    #[serde(with = "secret")]
    pub password: Option<SecretString>,
    /// A file that holds nothing but that password.
    #[serde(with = "optional_path")]
    pub password_file: Option<PathBuf>,
    /// The file with the passwords of the services' roles; see [`crate::Settings::credentials_file`].
    #[serde(with = "optional_path")]
    pub credentials_file: Option<PathBuf>,
    /// How many connections each service keeps at most.
    pub connections: u32,
    /// Connections of the private server.
    pub max_connections: u32,
    /// Processors of the private server.
    pub cpu: CpuLimit,
    /// Memory of the private server.
    pub memory: MemorySize,
}

impl Postgres {
    /// The superuser's password on a server that is not private; none where it asks for none.
    ///
    /// # Errors
    /// The file can't be read.
    pub fn superuser_password(&self) -> anyhow::Result<Option<SecretString>> {
        let Some(path) = &self.password_file else { return Ok(self.password.clone()) };
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("can't read the password file {}", path.display()))?;
        Ok(Some(text.trim_end_matches(['\r', '\n']).into()))
    }
}

/// A host and a port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerAddress {
    /// A name or an address.
    pub host: String,
    /// The port.
    pub port: u16,
}

impl std::str::FromStr for ServerAddress {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const RULE: &str = "an address has the form host:port";
        let (host, port) = text.rsplit_once(':').ok_or(RULE)?;
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let port = port.parse().map_err(|_| RULE)?;
        let is_good = !host.is_empty() && !host.contains(['/', '@', ' ']);
        if is_good { Ok(Self { host: host.to_owned(), port }) } else { Err(RULE) }
    }
}

impl std::fmt::Display for ServerAddress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}
