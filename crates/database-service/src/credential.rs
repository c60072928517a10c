//! Passwords: made here, sealed before they are stored, and opened where they leave the process.

use anyhow::Context as _;
use rand::distr::{Alphanumeric, SampleString};
use secrecy::{ExposeSecret, SecretString};
use uuid::Uuid;
use vault::{Sealed, Vault};
use vocabulary::ServerId;

use crate::store::allocation::{Allocation, Place};
use crate::store::server::Server;
use crate::tenant;

/// A password that nobody has seen: 32 letters and digits, which need no quoting anywhere.
#[must_use]
pub(crate) fn fresh_password() -> SecretString {
    SecretString::from(Alphanumeric.sample_string(&mut rand::rng(), 32))
}

/// A password of a tenant's role as it is stored: sealed for us, and what the server keeps of it.
#[derive(Debug, Clone)]
pub(crate) struct Credential {
    pub(crate) sealed: Vec<u8>,
    pub(crate) verifier: String,
}

/// A fresh password for the role of an allocation. Deriving what the server keeps takes milliseconds of computing.
pub(crate) async fn for_allocation(vault: &Vault, id: Uuid) -> anyhow::Result<Credential> {
    fresh(vault, ("db_allocations", "db_password"), id).await
}

/// A fresh password for the role that a template is built as; templates have no ids, so the server's id stands in.
pub(crate) async fn for_build(vault: &Vault, server: ServerId) -> anyhow::Result<Credential> {
    fresh(vault, ("db_templates", "build_password"), server.0).await
}

/// The password of a template's building role.
pub(crate) fn open_build(
    vault: &Vault,
    server: ServerId,
    sealed: &[u8],
) -> anyhow::Result<SecretString> {
    open(vault, ("db_templates", "build_password"), server.0, sealed)
}

/// The password that an allocation hands out.
pub(crate) fn open_allocation(
    vault: &Vault,
    allocation: &Allocation,
    place: &Place,
) -> anyhow::Result<SecretString> {
    open(vault, ("db_allocations", "db_password"), allocation.id.0, &place.db_password)
}

/// A fresh superuser's password for a server, sealed.
pub(crate) fn for_server(vault: &Vault, id: ServerId) -> Vec<u8> {
    vault.seal("db_servers", "superuser_password", id.0, &fresh_password()).0
}

/// A server's superuser's password.
pub(crate) fn open_superuser(vault: &Vault, server: &Server) -> anyhow::Result<SecretString> {
    open(vault, ("db_servers", "superuser_password"), server.id.0, &server.superuser_password)
}

async fn fresh(
    vault: &Vault,
    (table, column): (&'static str, &'static str),
    row: Uuid,
) -> anyhow::Result<Credential> {
    let password = fresh_password();
    let sealed = vault.seal(table, column, row, &password).0;
    let hashing = tokio::task::spawn_blocking(move || tenant::verifier(password.expose_secret()));
    let verifier = hashing.await.context("deriving what the server keeps of a password")?;
    Ok(Credential { sealed, verifier })
}

fn open(
    vault: &Vault,
    (table, column): (&str, &str),
    row: Uuid,
    sealed: &[u8],
) -> anyhow::Result<SecretString> {
    vault.open(table, column, row, &Sealed(sealed.to_vec()))
}
