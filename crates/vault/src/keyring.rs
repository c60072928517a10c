//! The keys of the key file: a line each, `id:key` in hexadecimal digits. The last one seals.

use std::fmt::Write;

use anyhow::{Context, bail};
use chacha20poly1305::aead::{Generate, Key};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305};
use secrecy::SecretString;

/// Tells keys apart; random, and no secret.
pub(crate) type KeyId = [u8; 4];

pub(crate) struct Keyring {
    others: Vec<NamedKey>,
    current: NamedKey,
}

pub(crate) struct NamedKey {
    pub(crate) id: KeyId,
    pub(crate) cipher: XChaCha20Poly1305,
    key: Key<XChaCha20Poly1305>,
}

impl Keyring {
    pub(crate) fn generate() -> Self {
        let key = NamedKey::new(KeyId::generate(), Key::<XChaCha20Poly1305>::generate());
        Self { others: Vec::new(), current: key }
    }

    pub(crate) fn parse(text: &str) -> anyhow::Result<Self> {
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        let mut keys = lines.map(NamedKey::parse).collect::<anyhow::Result<Vec<_>>>()?;
        let current = keys.pop().context("there is no key in it")?;
        if keys.iter().any(|key| key.id == current.id) {
            bail!("two keys have the same id");
        }
        Ok(Self { others: keys, current })
    }

    pub(crate) fn to_text(&self) -> SecretString {
        let mut text = String::new();
        for key in self.others.iter().chain([&self.current]) {
            writeln!(text, "{}:{}", hex::encode(key.id), hex::encode(key.key))
                .expect("a string takes everything");
        }
        text.into()
    }

    pub(crate) fn current(&self) -> &NamedKey {
        &self.current
    }

    pub(crate) fn find(&self, id: KeyId) -> Option<&NamedKey> {
        self.others.iter().chain([&self.current]).find(|key| key.id == id)
    }
}

impl NamedKey {
    fn new(id: KeyId, key: Key<XChaCha20Poly1305>) -> Self {
        Self { id, cipher: XChaCha20Poly1305::new(&key), key }
    }

    fn parse(line: &str) -> anyhow::Result<Self> {
        let (id, key) = line.split_once(':').context("a line has the form id:key")?;
        let mut bytes = KeyId::default();
        hex::decode_to_slice(id, &mut bytes).context("a key's id has 8 hexadecimal digits")?;
        let mut secret = [0; 32];
        hex::decode_to_slice(key, &mut secret).context("a key has 64 hexadecimal digits")?;
        Ok(Self::new(bytes, secret.into()))
    }
}
