//! The three kinds of somebody.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use vocabulary::{CustomerId, EmailAddress, MemberId, StaffId};

/// On whose behalf a request is made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Subject {
    /// A member of a customer.
    Customer {
        /// The organization.
        customer: CustomerId,
        /// The person.
        member: MemberId,
        /// The person's address.
        email: EmailAddress,
    },
    /// A person of the operator.
    Staff {
        /// The person.
        staff: StaffId,
        /// The person's address.
        email: EmailAddress,
    },
    /// One of the platform's own services.
    Service {
        /// Its role, such as `billing-service`.
        name: String,
    },
}

/// What a valid token says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// On whose behalf.
    #[serde(rename = "sub")]
    pub subject: Subject,
    /// Until when.
    #[serde(rename = "exp")]
    pub expires_at: DateTime<Utc>,
    /// Names this token in logs and audit entries.
    #[serde(rename = "jti")]
    pub token_id: Uuid,
}

/// How audit entries name somebody.
impl std::fmt::Display for Subject {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Customer { email, .. } => write!(f, "customer {email}"),
            Self::Staff { email, .. } => write!(f, "staff {email}"),
            Self::Service { name } => write!(f, "service {name}"),
        }
    }
}
