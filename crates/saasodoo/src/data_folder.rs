//! The folder that holds all of one platform's data: its layout, and the lock that keeps a second platform out.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use anyhow::Context;
use rustix::fs::{FlockOperation, flock};
use serde::{Deserialize, Serialize};

/// The data folder of one platform.
#[derive(Debug, Clone)]
pub(crate) struct DataFolder(PathBuf);

/// What a running platform tells the commands that look for it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Whereabouts {
    /// Where its gateway listens: `http://127.0.0.1:8080`.
    pub(crate) url: String,
    /// The name under which instances get their subdomains.
    pub(crate) base: String,
    /// Where its PostgreSQL listens.
    pub(crate) postgres_host: String,
    /// See above.
    pub(crate) postgres_port: u16,
    /// The walls around its workloads.
    pub(crate) walls: Walls,
}

/// Which walls stand around workloads, and which are missing on this machine; a sentence each.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Walls {
    /// Those that stand.
    pub(crate) standing: Vec<String>,
    /// Those that are missing.
    pub(crate) missing: Vec<String>,
}

/// Held while a platform runs on a data folder.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: File,
}

impl DataFolder {
    /// The folder at this path, made (for its owner only) if it is not there.
    pub(crate) fn make(path: &Path) -> anyhow::Result<Self> {
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(path)
            .with_context(|| format!("cannot make the data folder {}", path.display()))?;
        let path = path.canonicalize()?;
        for folder in ["keys", "log"] {
            std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path.join(folder))?;
        }
        Ok(Self(path))
    }

    /// The folder at this path, if a platform was ever made there.
    pub(crate) fn find(path: &Path) -> Option<Self> {
        path.join("keys").is_dir().then(|| Self(path.to_owned()))
    }

    /// The folder itself.
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// Where the keys are.
    pub(crate) fn keys(&self) -> PathBuf {
        self.0.join("keys")
    }

    /// The platform's log, a JSON object a line.
    pub(crate) fn log(&self) -> PathBuf {
        self.0.join("log").join("saasodoo.log")
    }

    /// What the local runtime keeps.
    pub(crate) fn runtime(&self) -> PathBuf {
        self.0.join("runtime")
    }

    /// Takes the folder for one platform.
    pub(crate) fn lock(&self) -> anyhow::Result<Lock> {
        let path = self.0.join("lock");
        let mut file =
            OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(&path)?;
        flock(&file, FlockOperation::NonBlockingLockExclusive).map_err(|_| {
            anyhow::anyhow!(
                "another platform runs on {}; stop it, or choose another folder with --data",
                self.0.display()
            )
        })?;
        file.set_len(0)?;
        writeln!(file, "{}", std::process::id())?;
        Ok(Lock { _file: file })
    }

    /// Tells where the platform is reached.
    pub(crate) fn tell(&self, whereabouts: &Whereabouts) -> anyhow::Result<()> {
        let path = self.whereabouts_path();
        let fresh = path.with_extension("new");
        std::fs::write(&fresh, serde_json::to_vec_pretty(whereabouts)?)?;
        Ok(std::fs::rename(fresh, path)?)
    }

    /// Where the platform is, or was last, reached.
    pub(crate) fn whereabouts(&self) -> anyhow::Result<Whereabouts> {
        let path = self.whereabouts_path();
        let bytes = std::fs::read(&path).with_context(|| {
            format!("no platform was ever up on {}: start one with `saasodoo up`", self.0.display())
        })?;
        serde_json::from_slice(&bytes).with_context(|| format!("{} is damaged", path.display()))
    }

    fn whereabouts_path(&self) -> PathBuf {
        self.0.join("platform.json")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_platform_is_refused_with_a_clear_message() {
        let folder = tempfile::tempdir().unwrap();
        let data = DataFolder::make(folder.path()).unwrap();
        let first = data.lock().unwrap();
        let refusal = data.lock().unwrap_err().to_string();
        assert!(refusal.contains("another platform runs on"), "{refusal}");
        drop(first);
        data.lock().unwrap();
    }

    #[test]
    fn a_folder_without_a_platform_says_how_to_start_one() {
        let folder = tempfile::tempdir().unwrap();
        let data = DataFolder::make(folder.path()).unwrap();
        let error = data.whereabouts().unwrap_err().to_string();
        assert!(error.contains("saasodoo up"), "{error}");
    }
}
