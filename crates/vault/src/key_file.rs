//! Files that hold keys and passwords: made once, readable by their owner alone, never half written.

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use anyhow::{Context, bail};
use secrecy::{ExposeSecret, SecretString};

/// Reads the file, or makes it from `text` where there is none. Of several that make it at once, one wins,
/// and all of them read what that one wrote.
///
/// # Errors
/// The file can't be read or written, or others than its owner may open it.
pub fn load_or_create(
    path: &Path,
    text: impl FnOnce() -> SecretString,
) -> anyhow::Result<SecretString> {
    if !path.exists() {
        let file = aside(path, &text())?;
        match file.persist_noclobber(path) {
            Err(error) if error.error.kind() != std::io::ErrorKind::AlreadyExists => {
                return Err(error.error).with_context(|| format!("can't make {}", path.display()));
            }
            _ => (),
        }
    }
    read(path)
}

/// Writes the file anew, in one stroke.
///
/// # Errors
/// The file can't be written.
pub fn replace(path: &Path, text: &SecretString) -> anyhow::Result<()> {
    let file = aside(path, text)?;
    file.persist(path).with_context(|| format!("can't replace {}", path.display()))?;
    Ok(())
}

/// A whole file beside its place; `tempfile` makes it with mode 0600.
fn aside(path: &Path, text: &SecretString) -> anyhow::Result<tempfile::NamedTempFile> {
    let folder = path.parent().context("a key file lies in a folder")?;
    fs::create_dir_all(folder).with_context(|| format!("can't make {}", folder.display()))?;
    let mut file = tempfile::NamedTempFile::new_in(folder)
        .with_context(|| format!("can't write in {}", folder.display()))?;
    file.write_all(text.expose_secret().as_bytes())
        .and_then(|()| file.as_file().sync_all())
        .with_context(|| format!("can't write {}", path.display()))?;
    Ok(file)
}

fn read(path: &Path) -> anyhow::Result<SecretString> {
    let mode = fs::metadata(path)
        .with_context(|| format!("can't look at {}", path.display()))?
        .permissions()
        .mode();
    if mode & 0o077 != 0 {
        bail!("{} is open to others than its owner: chmod 600 {0}", path.display());
    }
    let text =
        fs::read_to_string(path).with_context(|| format!("can't read {}", path.display()))?;
    Ok(text.into())
}
