//! Calls about what is under way, the same at every service that works in the background.

use vocabulary::OperationId;

use super::{BillingClient, CallError, Client, DatabaseClient, InstanceClient};
use crate::operation::{Operation, OperationAct, OperationDetail, Operations};

/// Speaks about what is under way at one service.
#[derive(Debug, Clone)]
pub struct OperationClient {
    client: Client,
    prefix: &'static str,
}

#[expect(clippy::missing_errors_doc, reason = "every call fails in the ways of CallError")]
impl OperationClient {
    /// What is under way.
    pub async fn list(&self) -> Result<Operations, CallError> {
        self.client.get(self.prefix).await
    }

    /// One operation, with its latest errors.
    pub async fn find(&self, id: OperationId) -> Result<OperationDetail, CallError> {
        self.client.get(&format!("{}/{id}", self.prefix)).await
    }

    /// Retries, cancels or undoes one by hand.
    pub async fn act(&self, id: OperationId, act: OperationAct) -> Result<Operation, CallError> {
        self.client.act(&format!("{}/{id}/{}", self.prefix, act.as_str())).await
    }
}

impl DatabaseClient {
    /// About what is under way there.
    #[must_use]
    pub fn work(&self) -> OperationClient {
        OperationClient { client: self.0.clone(), prefix: "/api/database/admin/operations" }
    }
}

impl InstanceClient {
    /// About what is under way there.
    #[must_use]
    pub fn work(&self) -> OperationClient {
        OperationClient { client: self.0.clone(), prefix: "/api/v1/instances/admin/operations" }
    }
}

impl BillingClient {
    /// About what is under way there.
    #[must_use]
    pub fn work(&self) -> OperationClient {
        OperationClient { client: self.0.clone(), prefix: "/api/billing/admin/operations" }
    }
}
