//! What is wrong with a configuration, and where.

use std::path::PathBuf;

/// What is wrong with a configuration.
#[derive(Debug, thiserror::Error)]
pub enum InvalidSettings {
    /// The file can't be read.
    #[error("can't read {}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// The file is no TOML.
    #[error("{}, line {line}: {message}", path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// Where in it.
        line: usize,
        /// What is wrong there.
        message: String,
    },
    /// There are keys that mean nothing.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    UnknownKeys(Vec<UnknownKey>),
    /// A value breaks a rule.
    #[error("{key} ({from}): {rule}")]
    Value {
        /// The key's path.
        key: String,
        /// The file or the variable that gives the value.
        from: String,
        /// What is wrong with it.
        rule: String,
    },
}

/// A key that means nothing.
#[derive(Debug, thiserror::Error)]
#[error("{from}: unknown key {key}; here are {known}")]
pub struct UnknownKey {
    /// The key's path.
    pub key: String,
    /// The file or the variable.
    pub from: String,
    /// The keys that there are in that place.
    pub known: String,
}
