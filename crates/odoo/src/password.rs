//! Password hashes as Odoo keeps them in `res_users.password`: passlib's `pbkdf2_sha512`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use secrecy::{ExposeSecret, SecretString};

/// What Odoo 17 and later demand; a weaker hash would be replaced at the first login.
const ROUNDS: u32 = 600_000;
const SALT_BYTES: usize = 16;
const CHECKSUM_BYTES: usize = 64;

/// The hash of a password, for `res_users.password`. Takes tenths of a second of computing on purpose:
/// call it on a blocking thread and outside of any transaction.
#[must_use]
pub fn password_hash(password: &SecretString) -> String {
    let mut salt = [0; SALT_BYTES];
    rand::fill(&mut salt);
    hash(password, &salt, ROUNDS)
}

fn hash(password: &SecretString, salt: &[u8], rounds: u32) -> String {
    let mut checksum = [0; CHECKSUM_BYTES];
    let params = pbkdf2::Params::new(rounds).expect("the number of rounds is above the least");
    // Not the generic function: that one is compiled here, and takes seconds where nothing is optimised.
    pbkdf2::pbkdf2_hmac_with_params(
        password.expose_secret().as_bytes(),
        salt,
        pbkdf2::Algorithm::Pbkdf2Sha512,
        params,
        &mut checksum,
    );
    format!("$pbkdf2-sha512${rounds}${}${}", adapted_base64(salt), adapted_base64(&checksum))
}

/// Passlib's own base64: no padding, and `.` in the place of `+`.
fn adapted_base64(bytes: &[u8]) -> String {
    STANDARD_NO_PAD.encode(bytes).replace('+', ".")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The expected text was computed by passlib 1.7.4.
    #[test]
    fn a_hash_is_the_one_that_passlib_computes() {
        let salt: Vec<u8> = (0xf0..=0xff).collect();
        assert_eq!(hash(&"correct horse".into(), &salt, 1000), PASSLIB);
    }

    const PASSLIB: &str = "$pbkdf2-sha512$1000$8PHy8/T19vf4.fr7/P3./w$xqu1f3FSdHbs02z9AocIk0UpBf6S9uqlRTfcS56zkPqTxPMhm.kj4D.e8E9DRlH/uXf/Pe1g59vHIM0MwcvtiA";

    #[test]
    fn two_hashes_of_one_password_differ() {
        let password = SecretString::from("secret");
        let (one, other) = (password_hash(&password), password_hash(&password));
        assert_ne!(one, other);
        assert!(one.starts_with("$pbkdf2-sha512$600000$"), "{one}");
    }
}
