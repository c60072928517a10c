//! The secrets of an instance: its administrator's first password, which its owner may read, and Odoo's master
//! password, which nobody does.

use anyhow::Context as _;
use rand::distr::{Alphanumeric, SampleString};
use secrecy::SecretString;
use tokio::sync::{Mutex, mpsc};
use tokio_util::sync::CancellationToken;
use vocabulary::InstanceId;

use crate::context::Context;
use crate::store::secret::{self, ADMIN_PASSWORD, MASTER_PASSWORD, Secrets, TABLE};

/// So many are kept ready.
const READY: usize = 2;

/// A password with the hash of it that Odoo stores.
pub(crate) struct Minted {
    password: SecretString,
    hash: String,
}

/// Passwords that are hashed already: hashing one takes tenths of a second on purpose, which nobody who waits for an
/// Odoo should wait for too.
pub(crate) struct Mint {
    sender: mpsc::Sender<Minted>,
    ready: Mutex<mpsc::Receiver<Minted>>,
}

impl Default for Mint {
    fn default() -> Self {
        let (sender, receiver) = mpsc::channel(READY);
        Self { sender, ready: Mutex::new(receiver) }
    }
}

impl Mint {
    /// Keeps some ready until `stop`.
    pub(crate) async fn keep_filled(&self, stop: &CancellationToken) -> anyhow::Result<()> {
        let fill = async {
            loop {
                let place = self.sender.reserve().await.context("the mint is there")?;
                place.send(make().await?);
            }
        };
        stop.run_until_cancelled(fill).await.unwrap_or(Ok(()))
    }

    async fn take(&self) -> anyhow::Result<Minted> {
        match self.ready.lock().await.try_recv() {
            Ok(minted) => Ok(minted),
            Err(_) => make().await,
        }
    }
}

async fn make() -> anyhow::Result<Minted> {
    let make = || {
        let password = random(20);
        Minted { hash: odoo::password_hash(&password), password }
    };
    tokio::task::spawn_blocking(make).await.context("hashing ended by itself")
}

fn random(length: usize) -> SecretString {
    Alphanumeric.sample_string(&mut rand::rng(), length).into()
}

/// The secrets of an instance, which are made when it has none; and whether they were made just now.
pub(crate) async fn ensure(
    context: &Context,
    instance: InstanceId,
) -> anyhow::Result<(Secrets, bool)> {
    let mut conn = context.pool.acquire().await?;
    if let Some(secrets) = secret::find(&mut conn, instance).await? {
        return Ok((secrets, false));
    }
    drop(conn);
    let minted = context.mint.take().await?;
    let seal = |column, secret| context.vault.seal(TABLE, column, instance.0, secret);
    let fresh = Secrets {
        admin_password: seal(ADMIN_PASSWORD, &minted.password),
        admin_password_hash: minted.hash,
        master_password: seal(MASTER_PASSWORD, &random(40)),
    };
    let mut conn = context.pool.acquire().await?;
    secret::insert(&mut conn, instance, &fresh).await?;
    let secrets = secret::find(&mut conn, instance).await?.context("secrets were just stored")?;
    Ok((secrets, true))
}

/// The master password.
pub(crate) fn master_password(
    context: &Context,
    instance: InstanceId,
    secrets: &Secrets,
) -> anyhow::Result<SecretString> {
    context.vault.open(TABLE, MASTER_PASSWORD, instance.0, &secrets.master_password)
}

/// The administrator's first password.
pub(crate) fn admin_password(
    context: &Context,
    instance: InstanceId,
    secrets: &Secrets,
) -> anyhow::Result<SecretString> {
    context.vault.open(TABLE, ADMIN_PASSWORD, instance.0, &secrets.admin_password)
}
