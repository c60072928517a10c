//! Tokens in the format PASETO v4.public: Ed25519, with no choice of algorithms that could be confused.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use chrono::Utc;
use pasetors::keys::{AsymmetricPublicKey, AsymmetricSecretKey};
use pasetors::token::UntrustedToken;
use pasetors::version4::{PublicToken, V4};
use secrecy::SecretString;
use uuid::Uuid;

use crate::key;
use crate::{Claims, Subject};

/// Longer texts are no tokens of ours, and not worth a signature check.
const LONGEST: usize = 2048;

/// Signs tokens. Cloning is cheap.
#[derive(Clone)]
pub struct TokenKey {
    secret: Arc<AsymmetricSecretKey<V4>>,
    verifier: Verifier,
}

/// Verifies tokens, without a question to anybody. Cloning is cheap.
#[derive(Clone)]
pub struct Verifier {
    public: Arc<AsymmetricPublicKey<V4>>,
}

/// Why a token is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidToken {
    /// It is no token, or none that this platform signed.
    #[error("the token is not one of this platform")]
    Unknown,
    /// Its time is over.
    #[error("the token has expired")]
    Expired,
}

impl TokenKey {
    /// A new key that is kept nowhere.
    #[must_use]
    pub fn generate() -> Self {
        Self::from_secret(key::generate())
    }

    /// The key in the file at `path`, which is made (mode 0600, at once or not at all) when it is not there.
    /// Processes that start at the same time end with the same key.
    ///
    /// # Errors
    /// The file can't be read or written, or it holds something else.
    pub fn load_or_create(path: &Path) -> anyhow::Result<Self> {
        key::load_or_create(path).map(Self::from_secret)
    }

    /// A token for `subject` that is valid for `ttl` from now.
    #[must_use]
    pub fn issue(&self, subject: &Subject, ttl: Duration) -> SecretString {
        let claims = Claims {
            subject: subject.clone(),
            expires_at: Utc::now() + ttl,
            token_id: Uuid::now_v7(),
        };
        let payload = serde_json::to_vec(&claims).expect("claims are plain data");
        PublicToken::sign(&self.secret, &payload, None, None)
            .expect("a key of this type signs every payload that is not empty")
            .into()
    }

    /// What verifies this key's tokens.
    #[must_use]
    pub fn verifier(&self) -> Verifier {
        self.verifier.clone()
    }

    fn from_secret(secret: AsymmetricSecretKey<V4>) -> Self {
        let public =
            AsymmetricPublicKey::try_from(&secret).expect("a secret key ends with its public key");
        Self { secret: Arc::new(secret), verifier: Verifier { public: Arc::new(public) } }
    }
}

impl Verifier {
    /// What the token says, if it is ours and its time is not over.
    ///
    /// # Errors
    /// Anything else.
    pub fn verify(&self, token: &str) -> Result<Claims, InvalidToken> {
        if LONGEST < token.len() {
            return Err(InvalidToken::Unknown);
        }
        let untrusted = UntrustedToken::try_from(token).map_err(|_| InvalidToken::Unknown)?;
        let trusted = PublicToken::verify(&self.public, &untrusted, None, None)
            .map_err(|_| InvalidToken::Unknown)?;
        let claims: Claims =
            serde_json::from_str(trusted.payload()).map_err(|_| InvalidToken::Unknown)?;
        if claims.expires_at <= Utc::now() { Err(InvalidToken::Expired) } else { Ok(claims) }
    }
}

impl std::fmt::Debug for TokenKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TokenKey(…)")
    }
}

impl std::fmt::Debug for Verifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Verifier")
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;
    use vocabulary::{CustomerId, MemberId};

    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    fn ann() -> Subject {
        Subject::Customer {
            customer: CustomerId::new(),
            member: MemberId::new(),
            email: "ann@example.com".parse().unwrap(),
        }
    }

    #[test]
    fn a_token_says_who_it_was_issued_for() {
        let key = TokenKey::generate();
        let subject = ann();
        let claims = key.verifier().verify(key.issue(&subject, HOUR).expose_secret()).unwrap();
        assert_eq!(claims.subject, subject);
        assert!(Utc::now() < claims.expires_at);
    }

    #[test]
    fn an_expired_token_is_refused() {
        let key = TokenKey::generate();
        let token = key.issue(&ann(), Duration::ZERO);
        assert_eq!(key.verifier().verify(token.expose_secret()), Err(InvalidToken::Expired));
    }

    #[test]
    fn what_another_key_signed_or_anybody_changed_is_refused() {
        let key = TokenKey::generate();
        let token = key.issue(&ann(), HOUR);
        let token = token.expose_secret();
        assert_eq!(TokenKey::generate().verifier().verify(token), Err(InvalidToken::Unknown));
        for position in [12, token.len() / 2, token.len() - 3] {
            let mut changed = token.to_owned().into_bytes();
            changed[position] = if changed[position] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            assert_eq!(key.verifier().verify(&changed), Err(InvalidToken::Unknown));
        }
        for text in ["", "v4.public.", "v4.local.AAAA", "x", &"v4.public.".repeat(1000)] {
            assert_eq!(key.verifier().verify(text), Err(InvalidToken::Unknown), "{text}");
        }
    }

    #[test]
    fn a_key_file_is_made_once_and_read_afterwards() {
        use std::os::unix::fs::PermissionsExt;

        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token.key");
        let first = TokenKey::load_or_create(&path).unwrap();
        let second = TokenKey::load_or_create(&path).unwrap();
        let token = first.issue(&ann(), HOUR);
        assert!(second.verifier().verify(token.expose_secret()).is_ok());
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_key_file_with_something_else_is_an_error_and_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token.key");
        std::fs::write(&path, "hello").unwrap();
        assert!(TokenKey::load_or_create(&path).is_err());
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "hello");
    }
}
