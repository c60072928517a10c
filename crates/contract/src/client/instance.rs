//! Calls of instance-service.

use vocabulary::{InstanceId, Subdomain, SubscriptionId};

use super::{CallError, Client, Events};
use crate::examination::{Swept, Violations};
use crate::instance::{
    Act, AdminLogin, Create, DeleteQuery, Entitlement, EntitlementStored, Instance, Instances,
    InstancesQuery, Logs, LogsQuery, Rename, Routes, Statements, StatementsQuery, SubdomainCheck,
};

const PREFIX: &str = "/api/v1/instances";

/// Speaks with instance-service.
#[derive(Debug, Clone)]
pub struct InstanceClient(pub Client);

#[expect(clippy::missing_errors_doc, reason = "every call fails in the ways of CallError")]
impl InstanceClient {
    /// States what billing grants.
    pub async fn put_entitlement(
        &self,
        instance: InstanceId,
        entitlement: &Entitlement,
    ) -> Result<EntitlementStored, CallError> {
        self.0.put(&format!("{PREFIX}/{instance}/entitlement"), entitlement).await
    }

    /// Makes an instance without an entitlement.
    pub async fn create(&self, request: &Create) -> Result<Instance, CallError> {
        self.0.post(&format!("{PREFIX}/"), request).await
    }

    /// Instances, newest first.
    pub async fn list(&self, query: &InstancesQuery) -> Result<Instances, CallError> {
        self.0.find(&format!("{PREFIX}/"), query).await
    }

    /// One instance.
    pub async fn get(&self, instance: InstanceId) -> Result<Instance, CallError> {
        self.0.get(&format!("{PREFIX}/{instance}")).await
    }

    /// The instance that a subscription pays for.
    pub async fn by_subscription(&self, id: SubscriptionId) -> Result<Instance, CallError> {
        self.0.get(&format!("{PREFIX}/by-subscription/{id}")).await
    }

    /// Changes what people call it.
    pub async fn rename(&self, id: InstanceId, name: &Rename) -> Result<Instance, CallError> {
        self.0.put(&format!("{PREFIX}/{id}"), name).await
    }

    /// Deletes it with its data.
    pub async fn delete(&self, id: InstanceId, query: &DeleteQuery) -> Result<Instance, CallError> {
        self.0.delete(&format!("{PREFIX}/{id}?confirm={}", query.confirm)).await
    }

    /// Asks it to do something.
    pub async fn act(&self, id: InstanceId, act: &Act) -> Result<Instance, CallError> {
        self.0.post(&format!("{PREFIX}/{id}/actions"), act).await
    }

    /// The newest lines of its log.
    pub async fn logs(&self, id: InstanceId, query: &LogsQuery) -> Result<Logs, CallError> {
        self.0.find(&format!("{PREFIX}/{id}/logs"), query).await
    }

    /// Its administrator's first login.
    pub async fn admin_login(&self, id: InstanceId) -> Result<AdminLogin, CallError> {
        self.0.get(&format!("{PREFIX}/{id}/admin-login")).await
    }

    /// What happens to it, live; after the event `after` when one is given.
    pub async fn events(&self, id: InstanceId, after: Option<&str>) -> Result<Events, CallError> {
        self.0.events(&format!("{PREFIX}/{id}/events"), after).await
    }

    /// Whether a subdomain can be had.
    pub async fn check_subdomain(&self, name: &Subdomain) -> Result<SubdomainCheck, CallError> {
        self.0.get(&format!("{PREFIX}/check-subdomain/{name}")).await
    }

    /// The routing table.
    pub async fn routes(&self) -> Result<Routes, CallError> {
        self.0.get(&format!("{PREFIX}/admin/routes")).await
    }

    /// The routing table (event `table`), then each change of it (event `route`).
    pub async fn route_events(&self) -> Result<Events, CallError> {
        self.0.events(&format!("{PREFIX}/admin/routes/events"), None).await
    }

    /// Which invariants the rows break.
    pub async fn violations(&self) -> Result<Violations, CallError> {
        self.0.get(&format!("{PREFIX}/admin/violations")).await
    }

    /// Has everything looked at again.
    pub async fn sweep(&self) -> Result<Swept, CallError> {
        self.0.act(&format!("{PREFIX}/admin/sweep")).await
    }

    /// What billing has stated.
    pub async fn statements(&self, query: &StatementsQuery) -> Result<Statements, CallError> {
        self.0.find(&format!("{PREFIX}/admin/statements"), query).await
    }
}
