//! What a service finds wrong with what it keeps: `GET …/admin/violations` and `POST …/admin/sweep`, for
//! `saasodoo doctor`.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// An invariant of the specification that a service's own rows break.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Violation {
    /// The invariant's number in the specification, section 8.
    pub invariant: u8,
    /// Which thing: `instance <id>`, `server <name>`, …
    pub subject: String,
    /// What is wrong with it, as the rest of a sentence that begins with the subject.
    pub finding: String,
    /// What to do about it.
    pub advice: String,
    /// Whether a sweep makes it true; otherwise a person decides.
    pub is_swept: bool,
}

/// Everything that a service finds wrong with its rows.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
pub struct Violations {
    /// The violations, by invariant.
    pub violations: Vec<Violation>,
}

/// Everything is looked at again.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Swept {
    /// How many things were woken.
    pub woken: usize,
}

/// A rule, and what to do where it is broken.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    /// The invariant's number.
    pub invariant: u8,
    /// What to do.
    pub advice: &'static str,
    /// Whether a sweep makes it true.
    pub is_swept: bool,
}

impl Rule {
    /// A rule that a sweep makes true again.
    #[must_use]
    pub const fn swept(invariant: u8, advice: &'static str) -> Self {
        Self { invariant, advice, is_swept: true }
    }

    /// A rule about which a person decides.
    #[must_use]
    pub const fn personal(invariant: u8, advice: &'static str) -> Self {
        Self { invariant, advice, is_swept: false }
    }

    /// The rule, broken by these things: each a subject and what is wrong with it.
    pub fn broken(
        self,
        things: impl IntoIterator<Item = (String, String)>,
    ) -> impl Iterator<Item = Violation> {
        things.into_iter().map(move |(subject, finding)| Violation {
            invariant: self.invariant,
            subject,
            finding,
            advice: self.advice.to_owned(),
            is_swept: self.is_swept,
        })
    }
}
