//! What a person's `psql` needs to reach the platform's databases as one of the roles.

use std::path::{Path, PathBuf};

use secrecy::ExposeSecret;
use vault::key_file;

use crate::credentials::Credentials;
use crate::role::Role;

/// Variables of libpq.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Environment {
    /// `PGHOST`.
    pub host: String,
    /// `PGPORT`.
    pub port: u16,
    /// `PGPASSFILE`: a file with the password of every role, which only its owner can read.
    pub pass_file: PathBuf,
}

impl Environment {
    /// Names and values, for a shell.
    #[must_use]
    pub fn variables(&self) -> [(&'static str, String); 3] {
        [
            ("PGHOST", self.host.clone()),
            ("PGPORT", self.port.to_string()),
            ("PGPASSFILE", self.pass_file.display().to_string()),
        ]
    }
}

/// Writes the password file into the folder, and says what to export.
///
/// # Errors
/// The file can't be written.
pub fn environment(
    folder: &Path,
    host: &str,
    port: u16,
    credentials: &Credentials,
) -> anyhow::Result<Environment> {
    let pass_file = folder.join("pgpass");
    let lines: String = Role::ALL
        .map(|role| {
            let password = credentials.password(role).expose_secret();
            format!("{}:{port}:*:{role}:{}\n", escape(host), escape(password))
        })
        .concat();
    key_file::replace(&pass_file, &lines.into())?;
    Ok(Environment { host: host.to_owned(), port, pass_file })
}

/// Colons and backslashes part the fields of a line.
fn escape(field: &str) -> String {
    field.replace('\\', "\\\\").replace(':', "\\:")
}
