//! The bytes of a sealed secret: format 1, the key's id, the nonce, the encrypted text with its tag.

use chacha20poly1305::XNonce;
use chacha20poly1305::aead::{Aead, Generate, Payload};
use secrecy::SecretString;

use crate::keyring::{KeyId, Keyring, NamedKey};

const FORMAT: u8 = 1;
const NONCE: usize = 24;

/// A secret that lies in the database (`bytea`). Printing it shows nothing but its length.
#[derive(Clone, PartialEq, Eq, sqlx::Type)]
#[sqlx(transparent)]
pub struct Sealed(pub Vec<u8>);

impl Sealed {
    /// The bytes, to be stored.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl From<Vec<u8>> for Sealed {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

impl From<Sealed> for Vec<u8> {
    fn from(sealed: Sealed) -> Self {
        sealed.0
    }
}

impl std::fmt::Debug for Sealed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Sealed({} bytes)", self.0.len())
    }
}

/// Why bytes don't give their secret.
#[derive(Debug, thiserror::Error)]
pub enum DoesNotOpen {
    /// Not what [`crate::Vault::seal`] makes.
    #[error("these bytes are no sealed secret")]
    Malformed,
    /// The key file lacks the key that sealed it.
    #[error("it was sealed with the key {0}, which the key file lacks")]
    UnknownKey(String),
    /// Changed, or sealed for another place.
    #[error("it was sealed for another place, or was changed since")]
    Forged,
}

pub(crate) fn seal(key: &NamedKey, place: &str, secret: &[u8]) -> Sealed {
    let nonce = XNonce::generate();
    let payload = Payload { msg: secret, aad: place.as_bytes() };
    let encrypted = key.cipher.encrypt(&nonce, payload).expect("a secret is shorter than 256 GiB");
    Sealed([&[FORMAT], key.id.as_slice(), &nonce, &encrypted].concat())
}

pub(crate) fn open(
    keyring: &Keyring,
    place: &str,
    sealed: &Sealed,
) -> Result<SecretString, DoesNotOpen> {
    let (id, nonce, encrypted) = split(sealed.as_bytes()).ok_or(DoesNotOpen::Malformed)?;
    let key = keyring.find(id).ok_or_else(|| DoesNotOpen::UnknownKey(hex::encode(id)))?;
    let payload = Payload { msg: encrypted, aad: place.as_bytes() };
    let secret =
        key.cipher.decrypt(&XNonce::from(nonce), payload).map_err(|_| DoesNotOpen::Forged)?;
    let text = String::from_utf8(secret).map_err(|_| DoesNotOpen::Malformed)?;
    Ok(text.into())
}

fn split(bytes: &[u8]) -> Option<(KeyId, [u8; NONCE], &[u8])> {
    let (format, rest) = bytes.split_first()?;
    let (id, rest) = rest.split_first_chunk()?;
    let (nonce, encrypted) = rest.split_first_chunk()?;
    (*format == FORMAT).then_some((*id, *nonce, encrypted))
}
