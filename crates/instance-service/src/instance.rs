//! One instance as this service knows it: what its customer ordered, what billing states, what people wish, and what
//! the reconciler found out.

use chrono::{DateTime, Utc};
use vocabulary::{
    CpuLimit, CustomerId, DatabaseType, DisplayName, EmailAddress, InstanceId, InstanceStatus,
    Language, MemorySize, OdooVersion, PlanName, ServerId, Standing, StatusReason, Subdomain,
    SubscriptionId, TimeZone,
};

/// One instance.
#[derive(Debug, Clone)]
pub struct Instance {
    /// Its id.
    pub id: InstanceId,
    /// Whose it is.
    pub customer_id: CustomerId,
    /// Which subscription pays for it.
    pub subscription_id: SubscriptionId,
    /// What people call it.
    pub name: DisplayName,
    /// Under which name it is reached.
    pub subdomain: Subdomain,
    /// Which Odoo.
    pub odoo_version: OdooVersion,
    /// The administrator's login.
    pub admin_email: EmailAddress,
    /// The administrator's language.
    pub language: Option<Language>,
    /// The administrator's time zone.
    pub timezone: Option<TimeZone>,
    /// Which plan.
    pub plan_name: PlanName,
    /// Where its database lies.
    pub db_type: DatabaseType,
    /// The highest version that billing stated; 0 before the first.
    pub entitlement_version: i64,
    /// What billing stated.
    pub entitlement: Option<Entitled>,
    /// What its owner wishes.
    pub wish: Wish,
    /// Whether staff holds it.
    pub is_held: bool,
    /// Since when its owner wants it gone.
    pub unwanted_at: Option<DateTime<Utc>>,
    /// Grows with every demand of a restart.
    pub restart_generation: i64,
    /// What the reconciler found out.
    pub state: State,
    /// When it was ordered.
    pub created_at: DateTime<Utc>,
    /// When it changed last.
    pub updated_at: DateTime<Utc>,
    /// Grows with every change.
    pub revision: i64,
}

/// What billing states of an instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entitled {
    /// How it stands.
    pub standing: Standing,
    /// Why it is suspended.
    pub reason: Option<StatusReason>,
    /// CPU cores.
    pub cpu_limit: CpuLimit,
    /// Memory.
    pub memory_limit: MemorySize,
    /// Storage.
    pub storage_limit: MemorySize,
}

/// What only the reconciler writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    /// What the instance is doing.
    pub status: InstanceStatus,
    /// Why, where the status does not say.
    pub reason: Option<StatusReason>,
    /// Since when.
    pub since: DateTime<Utc>,
    /// How far its database is.
    pub database: DatabaseState,
    /// How often the reconciler looked for a database in vain.
    pub looks: i32,
    /// When it last did.
    pub looked_at: Option<DateTime<Utc>>,
    /// Where its database lies.
    pub place: Option<DatabasePlace>,
    /// What the runtime has taken last.
    pub applied: Option<String>,
    /// Where its Odoo answered last.
    pub seen: Option<Seen>,
    /// When its Odoo last began to answer.
    pub started_at: Option<DateTime<Utc>>,
}

/// Where a database lies. How its owner gets in is asked of database-service each time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatabasePlace {
    /// On which server.
    pub server: ServerId,
    /// The server's host.
    pub host: String,
    /// The server's port.
    pub port: u16,
    /// The database's name.
    pub name: String,
}

/// An Odoo that was seen to answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// `host:port` of its pages.
    pub http: String,
    /// `host:port` of its websockets, when it has workers.
    pub websocket: Option<String>,
    /// How often it had been restarted by then.
    pub restarts: u32,
}

/// What an owner wishes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Wish {
    /// It shall run.
    Run,
    /// It shall not.
    Stop,
}

/// How far an instance's database is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum DatabaseState {
    /// Nobody has asked for one.
    Unasked,
    /// It was asked for.
    Waiting,
    /// It is there, or was when it was last asked for.
    Ready,
    /// It is gone for ever.
    Released,
}
