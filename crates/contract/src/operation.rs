//! What is under way, for people who watch.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use vocabulary::{CorrelationId, OperationId};

/// An operation, or the reconciling of one thing.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Operation {
    /// Its id; nil for the reconciling of a thing.
    pub id: OperationId,
    /// What kind: `provision_pool`, `reconcile_instance`, …
    pub kind: String,
    /// Which thing it works on.
    pub subject: String,
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
    /// When it was asked for.
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
