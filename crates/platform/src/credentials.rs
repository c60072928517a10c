//! The passwords of the platform's PostgreSQL, made once and kept in a file of their owner's.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context;
use secrecy::{ExposeSecret, SecretString};
use vault::key_file;

use crate::role::Role;

const SUPERUSER: &str = "postgres";

/// A password for each role, and one for the superuser of the private server.
#[derive(Debug, Clone)]
pub struct Credentials {
    superuser: SecretString,
    roles: BTreeMap<Role, SecretString>,
}

impl Credentials {
    /// Fresh random passwords.
    #[must_use]
    pub fn generate() -> Self {
        Self {
            superuser: random(),
            roles: Role::ALL.into_iter().map(|role| (role, random())).collect(),
        }
    }

    /// One known password for everybody, for throw-away servers of tests.
    #[must_use]
    pub fn known(password: &str) -> Self {
        Self {
            superuser: password.into(),
            roles: Role::ALL.into_iter().map(|role| (role, password.into())).collect(),
        }
    }

    /// Reads the file, or makes one (mode 0600) where there is none. Roles that the file lacks get a password.
    ///
    /// # Errors
    /// The file can't be read or written, is open to others, or is not ours.
    pub fn load_or_create(path: &Path) -> anyhow::Result<Self> {
        let text = key_file::load_or_create(path, || Self::generate().to_text())?;
        let (credentials, is_complete) = Self::parse(text.expose_secret())
            .with_context(|| format!("{} is no file of passwords", path.display()))?;
        if !is_complete {
            key_file::replace(path, &credentials.to_text())?;
        }
        Ok(credentials)
    }

    /// The password of the private server's superuser, `postgres`.
    #[must_use]
    pub fn superuser(&self) -> &SecretString {
        &self.superuser
    }

    /// The password of a service's role.
    #[must_use]
    pub fn password(&self, role: Role) -> &SecretString {
        &self.roles[&role]
    }

    fn parse(text: &str) -> anyhow::Result<(Self, bool)> {
        // The cause is not shown: it would quote a line of the file, and with it a password.
        let mut known: BTreeMap<String, SecretString> = toml::from_str(text)
            .map_err(|_| anyhow::anyhow!("a line is not `role = \"password\"`"))?;
        let superuser = known.remove(SUPERUSER).context("the password of postgres is missing")?;
        let is_complete = Role::ALL.iter().all(|role| known.contains_key(role.name()));
        let mut password = |role: Role| known.remove(role.name()).unwrap_or_else(random);
        let roles = Role::ALL.into_iter().map(|role| (role, password(role))).collect();
        Ok((Self { superuser, roles }, is_complete))
    }

    fn to_text(&self) -> SecretString {
        let roles = self.roles.iter().map(|(role, password)| (role.name(), password));
        [(SUPERUSER, &self.superuser)]
            .into_iter()
            .chain(roles)
            .map(|(name, password)| format!("{name} = \"{}\"\n", password.expose_secret()))
            .collect::<String>()
            .into()
    }
}

fn random() -> SecretString {
    hex::encode(rand::random::<[u8; 24]>()).into()
}
