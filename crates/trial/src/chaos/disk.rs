//! The small file system under everything that runs, which can be filled to its last byte.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};
use rustix::fs::{FallocateFlags, fallocate, statvfs};

/// Big enough for what the customers buy, small enough to be filled at once.
const SIZE: &str = "size=8g,mode=0700";

/// A file system of its own under the folder of the workloads; only root can make one.
#[derive(Debug)]
pub(super) struct SmallDisk {
    mount: Option<PathBuf>,
}

impl SmallDisk {
    /// Puts a file system under the folder's workloads, if we may.
    pub(super) fn under(folder: &Path, say: fn(&str)) -> Result<Self> {
        let mount = folder.join("runtime");
        std::fs::create_dir(&mount)?;
        if !rustix::process::geteuid().is_root() {
            say("no small file system without root: full disks are not tried");
            return Ok(Self { mount: None });
        }
        let status = Command::new("mount")
            .args(["-t", "tmpfs", "-o", SIZE, "saasodoo-chaos"])
            .arg(&mount)
            .status()
            .context("cannot run mount")?;
        anyhow::ensure!(status.success(), "cannot mount a file system at {}", mount.display());
        Ok(Self { mount: Some(mount) })
    }

    /// Whether it can be filled.
    pub(super) fn can_be_filled(&self) -> bool {
        self.mount.is_some()
    }

    /// Leaves not a byte.
    pub(super) fn fill(&self) -> Result<()> {
        let Some(mount) = &self.mount else { return Ok(()) };
        let free = statvfs(mount)?;
        let ballast = std::fs::File::create(mount.join("ballast"))?;
        // Others write meanwhile, so the last bytes may be gone before we have them.
        for part in (0..4).map(|less| (free.f_bavail - less * free.f_bavail / 100) * free.f_frsize)
        {
            if fallocate(&ballast, FallocateFlags::empty(), 0, part).is_ok() {
                break;
            }
        }
        Ok(())
    }

    /// Gives the space back.
    pub(super) fn free(&self) {
        if let Some(mount) = &self.mount {
            std::fs::remove_file(mount.join("ballast")).ok();
        }
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        if let Some(mount) = &self.mount {
            Command::new("umount").arg("--lazy").arg(mount).status().ok();
        }
    }
}
