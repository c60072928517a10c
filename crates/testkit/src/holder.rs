//! Tokens of everybody, from a signing key that only the test knows.

use std::time::Duration;

use ::identity::{Subject, TokenKey, Verifier};
use secrecy::ExposeSecret;
use vocabulary::{CustomerId, MemberId, StaffId};

/// A fresh signing key, and tokens by it.
#[derive(Clone)]
pub struct Identity {
    /// The key that signs.
    pub key: TokenKey,
}

/// Somebody, and a token that proves it for an hour.
#[derive(Debug, Clone)]
pub struct Holder<I> {
    /// Who it is.
    pub id: I,
    /// The bearer token.
    pub token: String,
}

/// A fresh signing key.
#[must_use]
pub fn identity() -> Identity {
    Identity { key: TokenKey::generate() }
}

impl Identity {
    /// What verifies the tokens.
    #[must_use]
    pub fn verifier(&self) -> Verifier {
        self.key.verifier()
    }

    /// Somebody of a fresh customer.
    #[must_use]
    pub fn customer(&self) -> Holder<CustomerId> {
        self.member_of(CustomerId::new())
    }

    /// Somebody of this customer.
    ///
    /// # Panics
    /// Never: the address is good.
    #[must_use]
    pub fn member_of(&self, customer: CustomerId) -> Holder<CustomerId> {
        let email = "ann@example.com".parse().expect("a good address");
        let subject = Subject::Customer { customer, member: MemberId::new(), email };
        Holder { id: customer, token: self.token(&subject) }
    }

    /// Somebody of the operator.
    ///
    /// # Panics
    /// Never: the address is good.
    #[must_use]
    pub fn staff(&self) -> Holder<StaffId> {
        let staff = StaffId::new();
        let email = "staff@example.com".parse().expect("a good address");
        Holder { id: staff, token: self.token(&Subject::Staff { staff, email }) }
    }

    /// A service of this name.
    #[must_use]
    pub fn service(&self, name: &str) -> Holder<String> {
        let token = self.token(&Subject::Service { name: name.to_owned() });
        Holder { id: name.to_owned(), token }
    }

    fn token(&self, subject: &Subject) -> String {
        self.key.issue(subject, Duration::from_hours(1)).expose_secret().to_owned()
    }
}
