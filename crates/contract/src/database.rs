//! database-service, prefix `/api/database`.

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::{IntoParams, ToSchema};
use vocabulary::{CustomerId, DatabaseType, InstanceId, OperationId, ServerId};

/// Asks for the database of an instance. The same question always gets the same answer.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Allocate {
    /// Whose database.
    pub instance_id: InstanceId,
    /// Whose instance.
    pub customer_id: CustomerId,
    /// Where the database is to lie. Without it `require_dedicated` and `plan_tier` are asked, then `shared`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub db_type: Option<DatabaseType>,
    /// The older way to say `dedicated`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub require_dedicated: Option<bool>,
    /// The older way still: `premium` and `enterprise` mean dedicated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan_tier: Option<String>,
    /// The template to clone, such as `odoo-19.0`; without it the database is empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<String>,
    /// Reserves for this many seconds (1 to 86400); without a later `allocate` the slot is free again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reserve_for: Option<u32>,
    /// Size of the server, for `dedicated`: CPU cores.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu_limit: Option<vocabulary::CpuLimit>,
    /// Size of the server, for `dedicated`: memory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_limit: Option<vocabulary::MemorySize>,
}

/// The state of an allocation.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum Allocation {
    /// The database is there and its password works (200).
    Allocated(Allocated),
    /// A server or the database is being made (202).
    Provisioning {
        /// A sentence for people.
        message: String,
        /// Seconds after which asking again makes sense.
        retry_after: u32,
    },
    /// The database is being removed (202).
    Releasing,
}

/// A database that is there.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Allocated {
    /// The server it lies on.
    pub db_server_id: ServerId,
    /// The server's host.
    pub db_host: String,
    /// The server's port.
    pub db_port: u16,
    /// The database's name.
    pub db_name: String,
    /// The role that owns it.
    pub db_user: String,
    /// The role's password.
    pub db_password: String,
    /// The template that it was cloned from; an empty database has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<String>,
}

/// Waits for an allocation to change.
#[derive(Debug, Clone, Default, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct WaitQuery {
    /// How long to wait for a change, such as `30s` (at most 60 s).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wait: Option<String>,
}

/// Asks for a server that only one instance will use.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProvisionDedicated {
    /// For whose database.
    pub instance_id: InstanceId,
    /// Whose instance.
    pub customer_id: CustomerId,
    /// `premium` or `enterprise`.
    pub plan_tier: String,
}

/// Asks for one more pool.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProvisionPool {
    /// How many databases it may hold: 1 to 1000.
    #[serde(default = "fifty")]
    pub max_instances: u32,
    /// Only `shared`.
    #[serde(default = "shared")]
    pub server_type: String,
}

fn fifty() -> u32 {
    50
}

fn shared() -> String {
    "shared".to_owned()
}

/// The pool is on its way.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct PoolIsComing {
    /// The operation that makes it.
    pub task_id: OperationId,
    /// A sentence for people.
    pub message: String,
    /// How many databases it will hold.
    pub max_instances: u32,
}

/// Which pools to list.
#[derive(Debug, Clone, Default, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PoolsQuery {
    /// Only those in this status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// Only `shared`, `dedicated` or `platform`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server_type: Option<String>,
}

/// The database servers.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Pools {
    /// The servers, by name.
    pub pools: Vec<Pool>,
    /// How many there are.
    pub total_count: usize,
}

/// One database server.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Pool {
    /// Its id.
    pub id: ServerId,
    /// Its name: `postgres-pool-1`, `postgres-dedicated-<id>`.
    pub name: String,
    /// `shared`, `dedicated` or `platform`.
    pub server_type: String,
    /// `provisioning`, `initializing`, `active`, `full`, `draining`, `maintenance`, `error`, `deprovisioning` or `gone`.
    pub status: String,
    /// Why it is in that status, where the status does not say.
    pub status_reason: Option<String>,
    /// `healthy`, `degraded`, `unhealthy` or `unknown`.
    pub health_status: String,
    /// Databases in use, counted.
    pub current_instances: i64,
    /// Databases it may hold.
    pub max_instances: i32,
    /// The first as a percentage of the second.
    #[schema(value_type = String)]
    pub capacity_percentage: Decimal,
    /// Databases cloned in advance.
    pub stock: i64,
    /// Its host.
    pub host: Option<String>,
    /// Its port.
    pub port: Option<i32>,
    /// Its PostgreSQL.
    pub postgres_version: Option<String>,
    /// CPU cores.
    #[schema(value_type = String)]
    pub cpu_limit: Decimal,
    /// Memory.
    pub memory_limit: String,
    /// The customer that it is for, if it is dedicated.
    pub dedicated_to_customer_id: Option<CustomerId>,
    /// The instance that it is for, if it is dedicated.
    pub dedicated_to_instance_id: Option<InstanceId>,
    /// When it was asked for.
    pub created_at: DateTime<Utc>,
    /// When it was last looked at.
    pub last_health_check: Option<DateTime<Utc>>,
}

/// The whole of the database servers in numbers.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
pub struct Stats {
    /// Servers that are not gone.
    pub total_pools: i64,
    /// Servers that take databases.
    pub active_pools: i64,
    /// Databases that they may hold.
    pub total_capacity: i64,
    /// Databases in use.
    pub total_used: i64,
    /// The last as a percentage of the one before; 0 when there is nothing.
    #[schema(value_type = String)]
    pub overall_utilization: Decimal,
    /// Servers by status.
    pub by_status: BTreeMap<String, i64>,
    /// Servers by type.
    pub by_type: BTreeMap<String, i64>,
}

/// What a look at one server found.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Health {
    /// Which server.
    pub pool_id: ServerId,
    /// Its status.
    pub status: String,
    /// `healthy`, `degraded`, `unhealthy` or `unknown`.
    pub health_status: String,
    /// What was found, in a sentence.
    pub message: String,
    /// How long the query took, in milliseconds.
    pub latency_ms: Option<i64>,
    /// Connections in use.
    pub connections: Option<i64>,
    /// Free disk under its data, in MiB, where it can tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub free_disk_mb: Option<i64>,
    /// When it was looked at.
    pub checked_at: DateTime<Utc>,
}

/// Changes how many databases a server may hold.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Resize {
    /// 1 to 1000, and not below what is in use.
    pub max_instances: u32,
}

/// One database server, and who is on it.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct PoolDetail {
    /// The server.
    #[serde(flatten)]
    pub pool: Pool,
    /// What the last look at its health found, in a sentence.
    pub health_message: Option<String>,
    /// The databases on it, oldest first.
    pub tenants: Vec<PoolTenant>,
}

/// One database on a server.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct PoolTenant {
    /// Whose database.
    pub instance_id: InstanceId,
    /// Whose instance.
    pub customer_id: CustomerId,
    /// `making`, `ready` or `releasing`.
    pub state: String,
    /// The database's name.
    pub db_name: Option<String>,
    /// The template that it was made from.
    pub template: Option<String>,
    /// Why it is on this server, in a sentence.
    pub choice: Option<String>,
    /// When it was asked for.
    pub created_at: DateTime<Utc>,
}

/// An inventory that was taken just now: `POST /admin/inventory`.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Inventory {
    /// What the servers and the rows disagree about; of the runtime, what was found when it was last looked at.
    pub findings: Vec<Finding>,
    /// Servers that could not be looked at.
    pub unseen: Vec<Unseen>,
}

/// A server that could not be looked at.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Unseen {
    /// The server's name.
    pub place: String,
    /// Why.
    pub error: String,
}

/// What the inventory found and no row explains, or the reverse. Nothing of it is removed without staff.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Findings {
    /// The findings, by place.
    pub findings: Vec<Finding>,
}

/// One thing that the rows and the world disagree about.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Finding {
    /// The server's name, or `runtime`.
    pub place: String,
    /// `unknown_database`, `missing_database`, `unknown_role`, `missing_role`, `unknown_workload` or `missing_workload`.
    pub kind: String,
    /// The name of the database, role or workload.
    pub name: String,
    /// Since when.
    pub first_seen_at: DateTime<Utc>,
    /// When it was last seen.
    pub last_seen_at: DateTime<Utc>,
}
