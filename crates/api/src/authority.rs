//! Authority as a type: a handler that takes a `Staff` runs for staff only, and there is no other way in.
//! Put the authority before all other arguments, so that nobody learns a rule without it.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use identity::{Claims, InvalidToken, Subject, Verifier};
use uuid::Uuid;
use vocabulary::{CustomerId, EmailAddress, MemberId, StaffId};

use crate::ApiError;

/// A member of a customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Customer {
    /// The organization: whose things these are.
    pub customer: CustomerId,
    /// The person.
    pub member: MemberId,
    /// The person's address.
    pub email: EmailAddress,
}

/// A person of the operator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Staff {
    /// The person.
    pub staff: StaffId,
    /// The person's address.
    pub email: EmailAddress,
}

/// One of the platform's own services.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    /// Its role, such as `billing-service`.
    pub name: String,
}

/// Anybody with a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Caller {
    /// A member of a customer.
    Customer(Customer),
    /// A person of the operator.
    Staff(Staff),
    /// One of the services.
    Service(Service),
}

/// Who owns things, and who sees all things.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CustomerOrStaff {
    /// A member of a customer.
    Customer(Customer),
    /// A person of the operator.
    Staff(Staff),
}

/// The operator's people and programs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StaffOrService {
    /// A person of the operator.
    Staff(Staff),
    /// One of the services.
    Service(Service),
}

/// The token itself, for whoever ends it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token {
    /// Its name in logs and audit entries; not the secret.
    pub id: Uuid,
}

/// What the server found out about a request's token, before any handler.
#[derive(Debug, Clone)]
pub(crate) enum Authentication {
    Nobody,
    Refused(InvalidToken),
    Somebody(Claims),
}

impl Authentication {
    pub(crate) fn of(headers: &HeaderMap, verifier: &Verifier) -> Self {
        let Some(value) = headers.get(header::AUTHORIZATION) else {
            return Self::Nobody;
        };
        let token = value.to_str().ok().and_then(|text| text.split_once(' '));
        match token {
            Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => {
                match verifier.verify(token.trim()) {
                    Ok(claims) => Self::Somebody(claims),
                    Err(error) => Self::Refused(error),
                }
            }
            _ => Self::Refused(InvalidToken::Unknown),
        }
    }
}

impl Caller {
    fn of(claims: &Claims) -> Self {
        match claims.subject.clone() {
            Subject::Customer { customer, member, email } => {
                Self::Customer(Customer { customer, member, email })
            }
            Subject::Staff { staff, email } => Self::Staff(Staff { staff, email }),
            Subject::Service { name } => Self::Service(Service { name }),
        }
    }

    fn from_parts(parts: &Parts) -> Result<Self, ApiError> {
        match parts.extensions.get::<Authentication>() {
            Some(Authentication::Somebody(claims)) => Ok(Self::of(claims)),
            Some(Authentication::Refused(InvalidToken::Expired)) => {
                Err(ApiError::Unauthorized("the token has expired: log in again"))
            }
            Some(Authentication::Refused(InvalidToken::Unknown)) => {
                Err(ApiError::Unauthorized("the token is not one of this platform"))
            }
            Some(Authentication::Nobody) | None => {
                Err(ApiError::Unauthorized("send a token as `Authorization: Bearer …`"))
            }
        }
    }
}

/// An extractor that takes some kinds of callers and refuses the others with 403.
macro_rules! extractor {
    ($name:ident, $($pattern:pat => $value:expr),+) => {
        impl<S: Send + Sync> FromRequestParts<S> for $name {
            type Rejection = ApiError;

            async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
                match Caller::from_parts(parts)? {
                    $($pattern => Ok($value),)+
                    #[allow(unreachable_patterns, reason = "one extractor takes every kind")]
                    _ => Err(ApiError::Forbidden),
                }
            }
        }
    };
}

extractor!(Caller, caller => caller);
extractor!(Customer, Caller::Customer(customer) => customer);
extractor!(Staff, Caller::Staff(staff) => staff);
extractor!(Service, Caller::Service(service) => service);
extractor!(
    CustomerOrStaff,
    Caller::Customer(customer) => Self::Customer(customer),
    Caller::Staff(staff) => Self::Staff(staff)
);
extractor!(
    StaffOrService,
    Caller::Staff(staff) => Self::Staff(staff),
    Caller::Service(service) => Self::Service(service)
);

impl<S: Send + Sync> FromRequestParts<S> for Token {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        Caller::from_parts(parts)?;
        match parts.extensions.get::<Authentication>() {
            Some(Authentication::Somebody(claims)) => Ok(Self { id: claims.token_id }),
            _ => Err(ApiError::Forbidden),
        }
    }
}

impl From<CustomerOrStaff> for Caller {
    fn from(caller: CustomerOrStaff) -> Self {
        match caller {
            CustomerOrStaff::Customer(customer) => Self::Customer(customer),
            CustomerOrStaff::Staff(staff) => Self::Staff(staff),
        }
    }
}

impl From<StaffOrService> for Caller {
    fn from(caller: StaffOrService) -> Self {
        match caller {
            StaffOrService::Staff(staff) => Self::Staff(staff),
            StaffOrService::Service(service) => Self::Service(service),
        }
    }
}

/// How audit entries name somebody: `staff ann@example.com`.
macro_rules! display {
    ($($name:ident, $kind:literal, $field:ident;)+) => {$(
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, concat!($kind, " {}"), self.$field)
            }
        }
    )+};
}

display! {
    Customer, "customer", email;
    Staff, "staff", email;
    Service, "service", name;
}

impl std::fmt::Display for Caller {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Customer(customer) => customer.fmt(f),
            Self::Staff(staff) => staff.fmt(f),
            Self::Service(service) => service.fmt(f),
        }
    }
}

impl std::fmt::Display for CustomerOrStaff {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        Caller::from(self.clone()).fmt(f)
    }
}

impl std::fmt::Display for StaffOrService {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        Caller::from(self.clone()).fmt(f)
    }
}
