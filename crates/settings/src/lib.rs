//! What an operator may set: one struct, from one TOML file, with one environment variable for each key.
//!
//! `default.toml` documents every key and holds its default; what a file or the environment gives is laid over it.
//! A key that is not in there is refused with its path, and so is a value of the wrong kind. This is the only
//! place that reads the environment.

mod billing;
mod database;
mod error;
mod instance;
mod key_file;
mod log;
mod merge;
mod path;
mod platform;
mod postgres;
mod rule;
mod runtime;
mod services;
mod user;
mod value;

use std::path::Path;

use serde::{Deserialize, Serialize};

pub use crate::billing::{Billing, Engine};
pub use crate::database::{Database, Template, Tenant};
pub use crate::error::{InvalidSettings, UnknownKey};
pub use crate::instance::Instance;
pub use crate::key_file::KeyFile;
pub use crate::log::{Format, Log};
pub use crate::path::default_data_folder;
pub use crate::platform::{Edge, Platform, Scheme};
pub use crate::postgres::{Postgres, ServerAddress};
pub use crate::runtime::{Local, Runtime};
pub use crate::services::{Place, Services};
pub use crate::user::User;
pub use crate::value::{Limits, Range};

/// The default file, which documents every key.
pub const DEFAULT: &str = include_str!("../default.toml");

/// The whole configuration.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Where it is, and how it is reached.
    pub platform: Platform,
    /// Its own PostgreSQL.
    pub postgres: Postgres,
    /// The key that signs tokens.
    pub identity: KeyFile,
    /// The keys that encrypt secrets at rest.
    pub vault: KeyFile,
    /// Where the services are.
    pub services: Services,
    /// The door.
    pub edge: Edge,
    /// Log-ins and links.
    pub user: User,
    /// Who charges, and what happens when nobody pays.
    pub billing: Billing,
    /// Instances and their worker.
    pub instance: Instance,
    /// Databases and their worker.
    pub database: Database,
    /// Where servers and Odoos run.
    pub runtime: Runtime,
    /// What is logged.
    pub log: Log,
}

impl Settings {
    /// The defaults, under the file, under this process's environment.
    ///
    /// # Errors
    /// The file can't be read; or a key or a value in one of them is no good.
    #[expect(clippy::disallowed_methods, reason = "this is where the environment is read")]
    pub fn load(file: Option<&Path>) -> Result<Self, InvalidSettings> {
        let environment = std::env::vars_os().filter_map(|(name, value)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        });
        Self::from_sources(file, environment)
    }

    /// [`Settings::load`], with any environment.
    ///
    /// # Errors
    /// As [`Settings::load`].
    pub fn from_sources(
        file: Option<&Path>,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, InvalidSettings> {
        merge::load(file, environment)
    }

    /// The effective configuration as a file, secrets masked.
    ///
    /// # Panics
    /// Never: every key has a form in TOML, which a test shows.
    #[must_use]
    pub fn to_toml(&self) -> String {
        toml::to_string_pretty(self).expect("every key has a form in TOML")
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self::from_sources(None, []).expect("the default file is good, which a test shows")
    }
}

#[cfg(test)]
mod tests;
