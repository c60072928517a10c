//! Where files and folders are that nobody set.

use std::env;
use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::Settings;

impl Settings {
    /// The folder with all data and keys of this machine.
    ///
    /// # Errors
    /// None is set, and there is no home folder.
    pub fn data_folder(&self) -> anyhow::Result<PathBuf> {
        self.platform.data.clone().map_or_else(default_data_folder, Ok)
    }

    /// The key that signs tokens.
    ///
    /// # Errors
    /// As [`Settings::data_folder`].
    pub fn token_key_file(&self) -> anyhow::Result<PathBuf> {
        self.key(self.identity.key_file.as_deref(), "token.key")
    }

    /// The keys that encrypt secrets at rest.
    ///
    /// # Errors
    /// As [`Settings::data_folder`].
    pub fn vault_key_file(&self) -> anyhow::Result<PathBuf> {
        self.key(self.vault.key_file.as_deref(), "vault")
    }

    /// The passwords of the services' roles.
    ///
    /// # Errors
    /// As [`Settings::data_folder`].
    pub fn credentials_file(&self) -> anyhow::Result<PathBuf> {
        self.key(self.postgres.credentials_file.as_deref(), "postgres.toml")
    }

    /// The folder of unpacked root file systems.
    ///
    /// # Errors
    /// None is set, and there is no home folder.
    pub fn root_file_systems(&self) -> anyhow::Result<PathBuf> {
        let set = self.runtime.local.root_file_systems.clone();
        set.map_or_else(|| user_folder("XDG_CACHE_HOME", ".cache"), Ok)
    }

    fn key(&self, set: Option<&Path>, name: &str) -> anyhow::Result<PathBuf> {
        match set {
            Some(path) => Ok(path.to_owned()),
            None => Ok(self.data_folder()?.join("keys").join(name)),
        }
    }
}

/// The data folder of a machine where none is set.
///
/// # Errors
/// There is no home folder.
pub fn default_data_folder() -> anyhow::Result<PathBuf> {
    if rustix::process::geteuid().is_root() {
        return Ok("/var/lib/saasodoo".into());
    }
    user_folder("XDG_DATA_HOME", ".local/share")
}

/// Our folder in one of the user's, by the rules of the XDG base directories: a relative path does not count.
fn user_folder(variable: &str, in_home: &str) -> anyhow::Result<PathBuf> {
    let set = env::var_os(variable).map(PathBuf::from).filter(|path| path.is_absolute());
    let folder = match set {
        Some(folder) => folder,
        None => PathBuf::from(env::var_os("HOME").context("HOME is not set")?).join(in_home),
    };
    Ok(folder.join("saasodoo"))
}
