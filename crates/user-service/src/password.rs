//! Passwords: one rule, and argon2id on blocking threads. A semaphore bounds how much memory and how many
//! cores guessing can cost us.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use anyhow::{Context, anyhow};
use api::{ApiError, ApiResult};
use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

/// Who waits longer than this for a turn is told to come back.
const PATIENCE: Duration = Duration::from_secs(5);

/// What an unknown address is compared with, so that it takes as long as a known one.
static NOBODY: LazyLock<String> =
    LazyLock::new(|| digest(&generate()).expect("the system gives random bytes"));

/// Refuses what is too short to resist guessing, and what is too long to be meant.
pub(crate) fn check(field: &str, password: &str) -> ApiResult<()> {
    bound(field, password)?;
    if 10 <= password.chars().count() {
        Ok(())
    } else {
        Err(ApiError::invalid(field, "a password has 10 to 128 characters"))
    }
}

/// Refuses what cannot be anybody's password, before it is hashed.
pub(crate) fn bound(field: &str, password: &str) -> ApiResult<()> {
    if password.chars().count() <= 128 && !password.contains('\0') {
        Ok(())
    } else {
        Err(ApiError::invalid(field, "a password has at most 128 characters"))
    }
}

/// A password of 20 letters and digits that can't be confused: about 115 bits.
pub(crate) fn generate() -> SecretString {
    const ALPHABET: &[u8] = b"abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";
    let letter = || char::from(ALPHABET[rand::random_range(0..ALPHABET.len())]);
    std::iter::repeat_with(letter).take(20).collect::<String>().into()
}

/// Hashes and compares passwords, a few at once.
#[derive(Clone)]
pub(crate) struct Hasher {
    turns: Arc<Semaphore>,
}

impl Hasher {
    pub(crate) fn new(at_once: usize) -> Self {
        // Made now, or the first who asks for an unknown address would wait for it.
        LazyLock::force(&NOBODY);
        Self { turns: Arc::new(Semaphore::new(at_once.max(1))) }
    }

    /// The hash in the PHC format, which carries its salt and its parameters.
    pub(crate) async fn hash(&self, password: SecretString) -> ApiResult<String> {
        self.work(move || digest(&password)).await
    }

    /// Whether the password is the one that was hashed; without a hash it takes as long, and is not.
    pub(crate) async fn is_right(
        &self,
        password: SecretString,
        hash: Option<String>,
    ) -> ApiResult<bool> {
        self.work(move || {
            let matches = compare(&password, hash.as_deref().unwrap_or(&NOBODY))?;
            Ok(matches && hash.is_some())
        })
        .await
    }

    /// The turn is held by the work itself: a caller that goes away does not make room for another.
    async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> anyhow::Result<T> + Send + 'static,
    ) -> ApiResult<T> {
        let turn = self.turn().await?;
        let done = tokio::task::spawn_blocking(move || {
            let result = work();
            drop(turn);
            result
        });
        Ok(done.await.context("hashing a password")??)
    }

    async fn turn(&self) -> ApiResult<OwnedSemaphorePermit> {
        match timeout(PATIENCE, self.turns.clone().acquire_owned()).await {
            Ok(turn) => Ok(turn.context("the semaphore is never closed")?),
            Err(_) => Err(ApiError::unavailable("too many people log in at once")),
        }
    }
}

fn digest(password: &SecretString) -> anyhow::Result<String> {
    let hash: PasswordHash = Argon2::default()
        .hash_password(password.expose_secret().as_bytes())
        .map_err(|error| anyhow!("can't hash a password: {error}"))?;
    Ok(hash.to_string())
}

fn compare(password: &SecretString, hash: &str) -> anyhow::Result<bool> {
    use argon2::password_hash::Error;

    let hash = PasswordHash::new(hash).map_err(|_| anyhow!("a stored hash can't be read"))?;
    match Argon2::default().verify_password(password.expose_secret().as_bytes(), &hash) {
        Ok(()) => Ok(true),
        Err(Error::PasswordInvalid) => Ok(false),
        Err(error) => Err(anyhow!("can't compare a password: {error}")),
    }
}
