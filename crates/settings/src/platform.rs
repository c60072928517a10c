//! Where the platform is, and how people reach it.

use std::net::SocketAddr;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::value::optional_path;

/// `[platform]`
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Platform {
    /// The data folder, where it is set; see [`crate::Settings::data_folder`].
    #[serde(with = "optional_path")]
    pub data: Option<PathBuf>,
    /// The name under which everything is reached.
    pub base: String,
    /// Where the edge listens.
    pub listen: SocketAddr,
    /// How people reach the edge.
    pub public_scheme: Scheme,
    /// The port on which people reach the edge, 0 for the one that it listens on.
    pub public_port: u16,
}

/// With or without TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scheme {
    /// Without.
    Http,
    /// With.
    Https,
}

impl Scheme {
    /// The scheme as it stands in an address.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }

    fn port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }
}

impl Platform {
    /// The port that an address has to name; none where the scheme says it.
    #[must_use]
    pub fn port_in_addresses(&self) -> Option<u16> {
        let port = if self.public_port == 0 { self.listen.port() } else { self.public_port };
        (port != self.public_scheme.port()).then_some(port)
    }

    /// How people reach a name under the base: `http://api.localhost:8080`.
    #[must_use]
    pub fn url(&self, label: &str) -> String {
        let port = self.port_in_addresses().map(|port| format!(":{port}")).unwrap_or_default();
        format!("{}://{label}.{}{port}", self.public_scheme.as_str(), self.base)
    }
}

/// `[edge]`
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Edge {
    /// How many threads move the bytes of requests.
    pub threads: usize,
}
