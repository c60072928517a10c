//! The one shape of an error: `{"error":{"code","message","details"?}}`.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The body of every answer that is not a success.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ErrorBody {
    /// What went wrong.
    pub error: ErrorDetail,
}

/// What went wrong, for programs and for people.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ErrorDetail {
    /// Stable, in snake case: `unauthorized`, `not_found`, `invalid`, `subdomain_is_taken`, …
    pub code: String,
    /// A sentence for people.
    pub message: String,
    /// Which field broke which rule, where a field did.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub details: Vec<FieldError>,
}

/// One field that breaks a rule.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct FieldError {
    /// The field's path in the body or query, such as `subdomain`.
    pub field: String,
    /// The rule.
    pub rule: String,
}
