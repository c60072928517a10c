//! user-service: `/auth/…` and `/users/…`.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use vocabulary::{CustomerId, DisplayName, EmailAddress, MemberId, StaffId};

/// Registers a customer with its first member.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Register {
    /// The member's address and login.
    pub email: EmailAddress,
    /// 10 to 128 characters.
    #[schema(format = Password)]
    pub password: String,
    /// First name.
    pub first_name: DisplayName,
    /// Last name.
    pub last_name: DisplayName,
    /// The organization's name; the person's when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company: Option<DisplayName>,
    /// Must be true.
    pub accept_terms: bool,
}

/// Registered; the same answer is given for an address that is known already.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Registered {
    /// A sentence for people.
    pub message: String,
}

/// Proves an address.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct VerifyEmail {
    /// From the link.
    pub token: String,
}

/// Logs in.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Login {
    /// The login.
    pub email: EmailAddress,
    /// The password.
    #[schema(format = Password)]
    pub password: String,
}

/// Logged in.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct LoggedIn {
    /// Send it as `Authorization: Bearer …`.
    pub access_token: String,
    /// `bearer`.
    pub token_type: String,
    /// When it ends.
    pub expires_at: DateTime<Utc>,
    /// `customer` or `staff`.
    pub kind: String,
    /// Whose member, for customers.
    pub customer_id: Option<CustomerId>,
}

/// Asks for a new link or a new password; the same answer for every address.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ForAddress {
    /// Which address.
    pub email: EmailAddress,
}

/// Sets a new password.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasswordReset {
    /// From the link.
    pub token: String,
    /// 10 to 128 characters.
    #[schema(format = Password)]
    pub new_password: String,
}

/// A sentence for people.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Message {
    /// The sentence.
    pub message: String,
}

/// A member of a customer.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Profile {
    /// Its id.
    pub id: MemberId,
    /// Whose member.
    pub customer_id: CustomerId,
    /// The organization's name.
    pub company: String,
    /// The login.
    pub email: String,
    /// First name.
    pub first_name: String,
    /// Last name.
    pub last_name: String,
    /// Whether the address is proven.
    pub is_verified: bool,
    /// Since when.
    pub created_at: DateTime<Utc>,
}

/// Who asks: `GET /auth/me`.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Me {
    /// A member of a customer.
    Customer(Profile),
    /// A person of the operator.
    Staff {
        /// Its id.
        id: StaffId,
        /// The login.
        email: String,
    },
}

/// Changes one's profile.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeProfile {
    /// First name.
    pub first_name: DisplayName,
    /// Last name.
    pub last_name: DisplayName,
}

/// Makes sure that a customer exists: `PUT /admin/customers` (staff). Idempotent by address.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EnsureCustomer {
    /// The first member's address and login.
    pub email: EmailAddress,
    /// What the organization is called; the address when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company: Option<DisplayName>,
}

/// One customer.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Customer {
    /// Its id.
    pub id: CustomerId,
    /// What the organization is called.
    pub name: String,
    /// Its first member.
    pub member_id: MemberId,
    /// The first member's address.
    pub email: String,
    /// Since when.
    pub created_at: DateTime<Utc>,
}

/// Customers, newest first.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Customers {
    /// The customers of this page.
    pub customers: Vec<Customer>,
    /// Ask again with `after` set to this for the next page; absent on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<CustomerId>,
}

/// Which customers to list.
#[derive(Debug, Clone, Default, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CustomersQuery {
    /// Only the one with this address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<EmailAddress>,
    /// Only those older than this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<CustomerId>,
}
