//! Calls of database-service.

use std::time::Duration;

use vocabulary::{InstanceId, ServerId};

use super::{CallError, Client};
use crate::database::{
    Allocate, Allocation, Findings, Health, Inventory, Pool, PoolIsComing, Pools, PoolsQuery,
    ProvisionDedicated, ProvisionPool, Resize, Stats, WaitQuery,
};
use crate::examination::{Swept, Violations};

const ADMIN: &str = "/api/database/admin";

/// Speaks with database-service.
#[derive(Debug, Clone)]
pub struct DatabaseClient(pub Client);

#[expect(clippy::missing_errors_doc, reason = "every call fails in the ways of CallError")]
impl DatabaseClient {
    /// Asks for the database of an instance; the same question has the same answer.
    pub async fn allocate(&self, request: &Allocate) -> Result<Allocation, CallError> {
        self.0.post("/api/database/allocate", request).await
    }

    /// The allocation as it stands.
    pub async fn allocation(&self, instance: InstanceId) -> Result<Allocation, CallError> {
        self.0.get(&allocation(instance)).await
    }

    /// The allocation as soon as it changes, or as it stands after `wait`.
    pub async fn changed_allocation(
        &self,
        instance: InstanceId,
        wait: Duration,
    ) -> Result<Allocation, CallError> {
        let query = WaitQuery { wait: Some(format!("{}s", wait.as_secs())) };
        let client = self.0.with_timeout(wait + super::TIMEOUT);
        client.find(&allocation(instance), &query).await
    }

    /// Gives the database back; it is gone when the answer is 404.
    pub async fn release(&self, instance: InstanceId) -> Result<Allocation, CallError> {
        self.0.delete(&allocation(instance)).await
    }

    /// Gives the role another password.
    pub async fn rotate(&self, instance: InstanceId) -> Result<Allocation, CallError> {
        self.0.act(&format!("{}/rotate", allocation(instance))).await
    }

    /// Asks for a server that only one instance will use.
    pub async fn provision_dedicated(
        &self,
        request: &ProvisionDedicated,
    ) -> Result<Allocation, CallError> {
        self.0.post("/api/database/provision-dedicated", request).await
    }

    /// The servers.
    pub async fn pools(&self, query: &PoolsQuery) -> Result<Pools, CallError> {
        self.0.find(&format!("{ADMIN}/pools"), query).await
    }

    /// One server.
    pub async fn pool(&self, server: ServerId) -> Result<Pool, CallError> {
        self.0.get(&format!("{ADMIN}/pools/{server}")).await
    }

    /// The whole in numbers.
    pub async fn stats(&self) -> Result<Stats, CallError> {
        self.0.get(&format!("{ADMIN}/stats")).await
    }

    /// Asks for one more pool.
    pub async fn provision_pool(&self, request: &ProvisionPool) -> Result<PoolIsComing, CallError> {
        self.0.post(&format!("{ADMIN}/provision-pool"), request).await
    }

    /// Looks at one server now.
    pub async fn health_check(&self, server: ServerId) -> Result<Health, CallError> {
        self.0.act(&format!("{ADMIN}/pools/{server}/health-check")).await
    }

    /// Takes a server out of choice.
    pub async fn drain(&self, server: ServerId) -> Result<Pool, CallError> {
        self.0.act(&format!("{ADMIN}/pools/{server}/drain")).await
    }

    /// Puts a server back into choice.
    pub async fn resume(&self, server: ServerId) -> Result<Pool, CallError> {
        self.0.act(&format!("{ADMIN}/pools/{server}/resume")).await
    }

    /// Changes how many databases a server may hold.
    pub async fn resize(&self, server: ServerId, size: &Resize) -> Result<Pool, CallError> {
        self.0.post(&format!("{ADMIN}/pools/{server}/resize"), size).await
    }

    /// What rows and servers disagree about.
    pub async fn inventory(&self) -> Result<Findings, CallError> {
        self.0.get(&format!("{ADMIN}/inventory")).await
    }

    /// Compares every server with the rows now, and tells what they disagree about.
    pub async fn take_inventory(&self) -> Result<Inventory, CallError> {
        let client = self.0.with_timeout(super::LOOKING);
        client.act(&format!("{ADMIN}/inventory")).await
    }

    /// Which invariants the rows break.
    pub async fn violations(&self) -> Result<Violations, CallError> {
        self.0.get(&format!("{ADMIN}/violations")).await
    }

    /// Has everything looked at again.
    pub async fn sweep(&self) -> Result<Swept, CallError> {
        self.0.act(&format!("{ADMIN}/sweep")).await
    }
}

fn allocation(instance: InstanceId) -> String {
    format!("/api/database/allocations/{instance}")
}
