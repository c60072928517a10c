//! What is pure, or only files. What needs a PostgreSQL is tested in the test kit, which prepares one.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use secrecy::ExposeSecret;

use super::*;

#[test]
fn passwords_are_made_once_and_for_their_owner_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys/postgres.toml");
    let first = Credentials::load_or_create(&path).unwrap();
    let second = Credentials::load_or_create(&path).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(first.superuser().expose_secret(), second.superuser().expose_secret());
    let mut different = std::collections::BTreeSet::new();
    for role in Role::ALL {
        let password = first.password(role).expose_secret();
        assert_eq!(password, second.password(role).expose_secret());
        assert!(different.insert(password.to_owned()), "two roles have one password");
    }
}

#[test]
fn a_role_that_the_file_lacks_gets_a_password_that_stays() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("postgres.toml");
    vault::key_file::replace(&path, &"postgres = \"x\"\nauth_service = \"y\"\n".into()).unwrap();
    let first = Credentials::load_or_create(&path).unwrap();
    assert_eq!(first.password(Role::AuthService).expose_secret(), "y");
    let second = Credentials::load_or_create(&path).unwrap();
    let of = |credentials: &Credentials| {
        credentials.password(Role::BillingService).expose_secret().to_owned()
    };
    assert_eq!(of(&first), of(&second));
}

#[test]
fn a_broken_file_of_passwords_is_refused_without_showing_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("postgres.toml");
    vault::key_file::replace(&path, &"postgres = hunter2".into()).unwrap();
    let error = format!("{:?}", Credentials::load_or_create(&path).unwrap_err());
    assert!(error.contains("is no file of passwords") && !error.contains("hunter2"), "{error}");
}

#[test]
fn psql_gets_its_passwords_from_a_file_of_its_owner() {
    let folder = tempfile::tempdir().unwrap();
    let environment =
        environment(folder.path(), "::1", 5433, &Credentials::known("a:b\\c")).unwrap();
    let text = fs::read_to_string(&environment.pass_file).unwrap();
    assert!(text.contains("\\:\\:1:5433:*:billing_service:a\\:b\\\\c\n"), "{text}");
    assert_eq!(text.lines().count(), Role::ALL.len());
    let mode = fs::metadata(&environment.pass_file).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}
