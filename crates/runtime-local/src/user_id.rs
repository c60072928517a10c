//! User ids of workloads. When the platform is root every workload gets one of its own, also beside
//! other platforms on the same machine; otherwise all run as the platform's user.

use std::ops::RangeInclusive;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::{fs, io};

use anyhow::Context as _;

use crate::lock::Lock;
use crate::wait;

/// Whose a file or a process is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Owner {
    /// The user that the platform runs as.
    Platform,
    /// A user id that only one workload has.
    Workload(u32),
}

/// The user ids that may be given away, and a folder with one file for each that was: its name is the
/// number, its content is the workload's folder. A reservation whose folder is gone is stale.
#[derive(Debug, Clone)]
pub(crate) struct UserIds {
    range: RangeInclusive<u32>,
    folder: PathBuf,
}

impl UserIds {
    /// Makes the folder of reservations; `None` when the platform is no root.
    pub(crate) fn open(range: RangeInclusive<u32>, shared: &Path) -> anyhow::Result<Option<Self>> {
        if !rustix::process::geteuid().is_root() {
            return Ok(None);
        }
        let folder = shared.join("user-ids");
        fs::create_dir_all(&folder)
            .with_context(|| format!("cannot make the folder {}", folder.display()))?;
        Ok(Some(Self { range, folder }))
    }

    /// The user id of the workload in this folder, which has to exist; the one it had, if it still has it.
    pub(crate) async fn reserve(&self, workload: &Path, had: Option<u32>) -> anyhow::Result<u32> {
        if let Some(id) = had
            && self.holder(id).as_deref() == Some(workload)
        {
            return Ok(id);
        }
        let _lock = self.lock().await?;
        let id = self
            .range
            .clone()
            .find(|id| self.is_free(*id))
            .context("no user id is free in the configured range")?;
        fs::write(self.file(id), workload.as_os_str().as_encoded_bytes())
            .with_context(|| format!("cannot reserve the user id {id}"))?;
        Ok(id)
    }

    /// Gives the user id of a workload back.
    pub(crate) async fn release(&self, workload: &Path, id: u32) -> anyhow::Result<()> {
        let _lock = self.lock().await?;
        if self.holder(id).as_deref() != Some(workload) {
            return Ok(());
        }
        match fs::remove_file(self.file(id)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error.into()),
            _ => Ok(()),
        }
    }

    /// While it is held nobody is given a user id, and nobody gives one back.
    pub(crate) async fn lock(&self) -> anyhow::Result<Lock> {
        Lock::acquire(&self.folder.join("lock"), wait::A_MINUTE).await
    }

    /// Whether the user id is one of these and nobody has it any more.
    pub(crate) fn is_stale(&self, id: u32) -> bool {
        self.range.contains(&id) && self.is_free(id) && !has_processes(id)
    }

    fn is_free(&self, id: u32) -> bool {
        match self.holder(id) {
            None => true,
            // Somebody may have deleted a data folder by hand, under processes that still run.
            Some(workload) => !workload.exists() && !has_processes(id),
        }
    }

    fn holder(&self, id: u32) -> Option<PathBuf> {
        fs::read_to_string(self.file(id)).ok().map(PathBuf::from)
    }

    fn file(&self, id: u32) -> PathBuf {
        self.folder.join(id.to_string())
    }
}

pub(crate) fn has_processes(id: u32) -> bool {
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    processes
        .filter(|entry| {
            entry.file_name().as_encoded_bytes().first().is_some_and(u8::is_ascii_digit)
        })
        .any(|entry| entry.metadata().is_ok_and(|process| process.uid() == id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn two_workloads_never_have_the_same_user_id() {
        let folder = tempfile::tempdir().unwrap();
        let workload = |name| {
            let path = folder.path().join(name);
            fs::create_dir(&path).unwrap();
            path
        };
        let ids = UserIds { range: 70_000..=70_001, folder: folder.path().into() };
        let (one, two, three) = (workload("one"), workload("two"), workload("three"));

        assert_eq!(ids.reserve(&one, None).await.unwrap(), 70_000);
        assert_eq!(ids.reserve(&two, None).await.unwrap(), 70_001);
        assert_eq!(ids.reserve(&one, Some(70_000)).await.unwrap(), 70_000);
        assert!(ids.reserve(&three, None).await.is_err());

        fs::remove_dir(&two).unwrap();
        assert_eq!(ids.reserve(&three, Some(70_000)).await.unwrap(), 70_001);
        ids.release(&one, 70_001).await.unwrap();
        assert_eq!(ids.holder(70_001).as_deref(), Some(three.as_path()));
    }
}
