//! What is under way, for people who watch.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use vocabulary::{CorrelationId, OperationId};

/// An operation, or the reconciling of one thing.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Operation {
    /// Its id. That of a reconcile is made of what it looks at, so it is always the same.
    pub id: OperationId,
    /// Which service does it.
    pub service: String,
    /// What kind: `provision_pool`, `reconcile_instance`, …
    pub kind: String,
    /// Whether it keeps something true, and so can be retried, but neither cancelled nor undone.
    pub is_reconcile: bool,
    /// Which thing it works on.
    pub subject: String,
    /// What people call that thing, where that is known: an instance's subdomain, a server's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// `queued`, `running`, `done`, `undone`, `cancelled` or `stuck`.
    pub state: String,
    /// The step that is next, or was last.
    pub step: String,
    /// How often the current step was tried.
    pub tries: i32,
    /// The last error with its causes, outermost first.
    pub error: Option<String>,
    /// When the next try is due.
    pub next_try: Option<DateTime<Utc>>,
    /// What caused it.
    pub correlation_id: Option<CorrelationId>,
    /// When it was asked for; of a reconcile: since when the thing is not settled.
    pub created_at: DateTime<Utc>,
    /// When it changed last.
    pub updated_at: DateTime<Utc>,
}

/// Operations, newest first.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Operations {
    /// The operations.
    pub operations: Vec<Operation>,
}

/// An operation with its history.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct OperationDetail {
    /// The operation.
    #[serde(flatten)]
    pub operation: Operation,
    /// Its latest errors, newest first, twenty at most.
    pub failures: Vec<Failure>,
}

/// An error that an attempt ended with.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Failure {
    /// The step that it had reached.
    pub step: String,
    /// The error with its causes, outermost first.
    pub error: String,
    /// When.
    pub at: DateTime<Utc>,
}

/// What staff may do by hand about what is under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OperationAct {
    /// Try again now.
    Retry,
    /// Stop where it is.
    Cancel,
    /// Remove what was done so far.
    Undo,
}

impl OperationAct {
    /// The word in the path.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Retry => "retry",
            Self::Cancel => "cancel",
            Self::Undo => "undo",
        }
    }
}
