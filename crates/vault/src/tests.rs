//! What a vault promises.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use proptest::prelude::{any, proptest};
use secrecy::ExposeSecret;

use super::*;

const ROW: Uuid = Uuid::from_u128(7);

proptest! {
    #[test]
    fn every_secret_comes_back(secret in any::<String>()) {
        let vault = Vault::generate();
        let sealed = vault.seal("servers", "password", ROW, &secret.clone().into());
        let opened = vault.open("servers", "password", ROW, &sealed).unwrap();
        assert_eq!(opened.expose_secret(), secret);
    }

    #[test]
    fn foreign_bytes_open_nothing(bytes in any::<Vec<u8>>()) {
        assert!(Vault::generate().open("servers", "password", ROW, &Sealed(bytes)).is_err());
    }
}

#[test]
fn a_sealed_secret_opens_only_where_it_belongs() {
    let vault = Vault::generate();
    let sealed = vault.seal("servers", "password", ROW, &"x".into());
    for (table, column, row) in [
        ("allocations", "password", ROW),
        ("servers", "admin", ROW),
        ("servers", "password", Uuid::from_u128(8)),
    ] {
        let error = vault.open(table, column, row, &sealed).unwrap_err();
        assert!(matches!(error.downcast_ref(), Some(DoesNotOpen::Forged)), "{error:#}");
    }
}

#[test]
fn a_changed_byte_is_noticed_wherever_it_is() {
    let vault = Vault::generate();
    let sealed = vault.seal("servers", "password", ROW, &"x".into());
    for at in 0..sealed.0.len() {
        let mut changed = sealed.clone();
        changed.0[at] ^= 1;
        assert!(vault.open("servers", "password", ROW, &changed).is_err(), "byte {at}");
    }
}

#[test]
fn the_same_secret_never_looks_the_same() {
    let vault = Vault::generate();
    let seal = || vault.seal("servers", "password", ROW, &"x".into());
    assert_ne!(seal(), seal());
}

#[test]
fn the_key_file_is_made_once_and_for_its_owner_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys/vault");
    let sealed = Vault::load_or_create(&path).unwrap().seal("t", "c", ROW, &"x".into());
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let again = Vault::load_or_create(&path).unwrap();
    assert_eq!(again.open("t", "c", ROW, &sealed).unwrap().expose_secret(), "x");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    let error = Vault::load_or_create(&path).unwrap_err().to_string();
    assert!(error.contains("open to others"), "{error}");
}

#[test]
fn a_further_line_rotates_the_key_and_old_secrets_still_open() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vault");
    let old = Vault::load_or_create(&path).unwrap().seal("t", "c", ROW, &"old".into());
    let text = fs::read_to_string(&path).unwrap();
    let further = Keyring::generate().to_text();
    key_file::replace(&path, &format!("{text}{}", further.expose_secret()).into()).unwrap();
    let vault = Vault::load_or_create(&path).unwrap();
    let new = vault.seal("t", "c", ROW, &"new".into());
    assert_ne!(old.0[1..5], new.0[1..5], "both have the same key");
    assert_eq!(vault.open("t", "c", ROW, &old).unwrap().expose_secret(), "old");
    assert_eq!(vault.open("t", "c", ROW, &new).unwrap().expose_secret(), "new");
}

#[test]
fn several_that_make_the_key_file_at_once_get_the_same_key() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vault");
    let vaults: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> =
            (0..8).map(|_| scope.spawn(|| Vault::load_or_create(&path).unwrap())).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let sealed = vaults[0].seal("t", "c", ROW, &"x".into());
    for vault in &vaults {
        assert_eq!(vault.open("t", "c", ROW, &sealed).unwrap().expose_secret(), "x");
    }
}
