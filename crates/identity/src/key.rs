//! The signing key's file: one line, in the PASERK format `k4.secret.…`.

use std::fs;
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use pasetors::keys::{AsymmetricKeyPair, AsymmetricSecretKey, Generate};
use pasetors::paserk::FormatAsPaserk;
use pasetors::version4::V4;
use uuid::Uuid;

pub(crate) fn generate() -> AsymmetricSecretKey<V4> {
    AsymmetricKeyPair::generate().expect("the system gives random bytes").secret
}

pub(crate) fn load_or_create(path: &Path) -> anyhow::Result<AsymmetricSecretKey<V4>> {
    if !path.exists() {
        create(path).with_context(|| format!("can't write the key file {}", path.display()))?;
    }
    let text = fs::read_to_string(path)
        .with_context(|| format!("can't read the key file {}", path.display()))?;
    AsymmetricSecretKey::try_from(text.trim())
        .map_err(|_| anyhow!("{} is no key file: it must hold one k4.secret key", path.display()))
}

/// Writes a whole file aside and links it into its place: whoever comes second finds the first one's key.
fn create(path: &Path) -> anyhow::Result<()> {
    let mut text = String::new();
    generate().fmt(&mut text)?;
    let aside = aside(path);
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&aside)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    let linked = fs::hard_link(&aside, path);
    fs::remove_file(&aside)?;
    match linked {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error.into()),
        _ => Ok(()),
    }
}

fn aside(path: &Path) -> PathBuf {
    path.with_extension(Uuid::now_v7().to_string())
}
