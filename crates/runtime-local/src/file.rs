//! Files that are either as they were or as they should be, and never somebody else's to read.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, lchown};
use std::path::Path;

use anyhow::Context as _;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::user_id::Owner;

/// Writes a file that only its owner can read, at once or not at all.
pub(crate) fn write(path: &Path, bytes: &[u8], owner: Owner) -> anyhow::Result<()> {
    let unfinished = path.with_extension(format!("{}.new", uuid::Uuid::now_v7()));
    let written = write_new(&unfinished, bytes, owner).and_then(|()| fs::rename(&unfinished, path));
    if written.is_err() {
        fs::remove_file(&unfinished).ok();
    }
    written.with_context(|| format!("cannot write {}", path.display()))
}

fn write_new(path: &Path, bytes: &[u8], owner: Owner) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(bytes)?;
    give(path, owner)
}

/// Writes a record as JSON, readable by the platform only.
pub(crate) fn write_json(path: &Path, record: &impl Serialize) -> anyhow::Result<()> {
    write(path, &serde_json::to_vec_pretty(record)?, Owner::Platform)
}

/// Reads a record; `None` when there is no such file.
pub(crate) fn read_json<T: DeserializeOwned>(path: &Path) -> anyhow::Result<Option<T>> {
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error).with_context(|| format!("cannot read {}", path.display())),
    };
    let record =
        serde_json::from_slice(&bytes).with_context(|| format!("{} is damaged", path.display()))?;
    Ok(Some(record))
}

/// Makes a folder that only its owner can enter; one that exists keeps what is in it.
pub(crate) fn make_folder(path: &Path, owner: Owner) -> anyhow::Result<()> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .and_then(|()| give(path, owner))
        .with_context(|| format!("cannot make the folder {}", path.display()))
}

/// Gives a folder with everything in it to its owner, if it is not the owner's already.
pub(crate) fn give_tree(path: &Path, owner: Owner) -> anyhow::Result<()> {
    let Owner::Workload(id) = owner else { return Ok(()) };
    if fs::symlink_metadata(path)?.uid() == id {
        return Ok(());
    }
    // The folder itself comes last: its owner says whether the whole tree has been given.
    give_entries(path, owner).with_context(|| format!("cannot give {} away", path.display()))
}

fn give_entries(path: &Path, owner: Owner) -> io::Result<()> {
    if fs::symlink_metadata(path)?.is_dir() {
        for entry in fs::read_dir(path)? {
            give_entries(&entry?.path(), owner)?;
        }
    }
    give(path, owner)
}

fn give(path: &Path, owner: Owner) -> io::Result<()> {
    match owner {
        Owner::Workload(id) => lchown(path, Some(id), Some(id)),
        Owner::Platform => Ok(()),
    }
}

/// Removes a folder and everything in it; one that is gone is no error.
pub(crate) fn erase(path: &Path) -> anyhow::Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot erase {}", path.display()))
        }
        _ => Ok(()),
    }
}
