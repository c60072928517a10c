//! Locks between processes: `flock` on a file that is removed with what it guards.
//! A lock ends with its holder, however that ends.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use rustix::fs::{FlockOperation, flock};

use crate::wait;

/// A lock that is held until it is dropped.
#[derive(Debug)]
pub(crate) struct Lock {
    path: PathBuf,
    _file: File,
}

impl Lock {
    /// Takes the lock if nobody has it.
    pub(crate) fn try_acquire(path: &Path) -> std::io::Result<Option<Self>> {
        let file = OpenOptions::new().create(true).append(true).open(path)?;
        if flock(&file, FlockOperation::NonBlockingLockExclusive).is_err() {
            return Ok(None);
        }
        // Whoever held it may have removed the file; then this lock guards nothing.
        let is_the_same = std::fs::metadata(path).is_ok_and(|named| {
            file.metadata().is_ok_and(|ours| (named.ino(), named.dev()) == (ours.ino(), ours.dev()))
        });
        Ok(is_the_same.then(|| Self { path: path.into(), _file: file }))
    }

    /// Waits for the lock, for a bounded time: its holder may be frozen.
    pub(crate) async fn acquire(path: &Path, bound: Duration) -> anyhow::Result<Self> {
        let attempt = || match Self::try_acquire(path) {
            Ok(None) => None,
            Ok(Some(lock)) => Some(Ok(lock)),
            Err(error) => Some(Err(error)),
        };
        wait::until(bound, Duration::from_millis(10), attempt)
            .await
            .with_context(|| {
                format!("{} was held by another process for too long", path.display())
            })?
            .with_context(|| format!("cannot lock {}", path.display()))
    }

    /// Whether somebody holds the lock.
    pub(crate) fn is_held(path: &Path) -> bool {
        File::open(path)
            .is_ok_and(|file| flock(&file, FlockOperation::NonBlockingLockShared).is_err())
    }

    /// Gives the lock back together with its file.
    pub(crate) fn remove(self) {
        std::fs::remove_file(&self.path).ok();
    }
}
