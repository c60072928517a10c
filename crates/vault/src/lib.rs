//! Secrets at rest. A sealed secret is bound to the row and column that it stands in: moved elsewhere, it does
//! not open. The keys lie in one file of the platform; losing it loses every sealed secret, so it belongs into
//! the backup. Nothing here knows what a secret is for.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use secrecy::{ExposeSecret, SecretString};
use uuid::Uuid;

use crate::keyring::Keyring;

pub use sealed::{DoesNotOpen, Sealed};

pub mod key_file;
mod keyring;
mod sealed;
#[cfg(test)]
mod tests;

/// Seals and opens secrets. Cloning is cheap.
#[derive(Clone)]
pub struct Vault(Arc<Keyring>);

impl Vault {
    /// A vault with a key that is forgotten with it, for tests.
    #[must_use]
    pub fn generate() -> Self {
        Self(Arc::new(Keyring::generate()))
    }

    /// The vault whose keys lie in this file; a first key is made where there is none.
    ///
    /// # Errors
    /// The file can't be read or written, others than its owner may open it, or it holds something else.
    pub fn load_or_create(path: &Path) -> anyhow::Result<Self> {
        let text = key_file::load_or_create(path, || Keyring::generate().to_text())?;
        let keyring = Keyring::parse(text.expose_secret())
            .with_context(|| format!("{} is no key file", path.display()))?;
        Ok(Self(Arc::new(keyring)))
    }

    /// Seals a secret for one column of one row.
    #[must_use]
    pub fn seal(&self, table: &str, column: &str, row: Uuid, secret: &SecretString) -> Sealed {
        let secret = secret.expose_secret().as_bytes();
        sealed::seal(self.0.current(), &place(table, column, row), secret)
    }

    /// Opens what was sealed for this column of this row.
    ///
    /// # Errors
    /// [`DoesNotOpen`], with the place.
    pub fn open(
        &self,
        table: &str,
        column: &str,
        row: Uuid,
        sealed: &Sealed,
    ) -> anyhow::Result<SecretString> {
        let place = place(table, column, row);
        sealed::open(&self.0, &place, sealed).with_context(|| format!("can't open {place}"))
    }
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Vault")
    }
}

fn place(table: &str, column: &str, row: Uuid) -> String {
    format!("{table}.{column} of {row}")
}
