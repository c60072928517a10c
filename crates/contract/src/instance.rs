//! instance-service, prefix `/api/v1/instances`.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use vocabulary::{
    CorrelationId, CpuLimit, CustomerId, DatabaseType, DisplayName, EmailAddress, InstanceId,
    InstanceStatus, Language, MemorySize, OdooVersion, PlanName, ServerId, Standing, StatusReason,
    Subdomain, SubscriptionId, TimeZone,
};

/// What an instance is to be, as its customer ordered it.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Order {
    /// What people call it.
    pub name: DisplayName,
    /// Under which name it is reached.
    pub subdomain: Subdomain,
    /// Which Odoo.
    pub odoo_version: OdooVersion,
    /// The administrator's address and login.
    pub admin_email: EmailAddress,
    /// The language of the administrator and of the company, such as `en_US`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<Language>,
    /// The time zone of the administrator, such as `Europe/Berlin`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timezone: Option<TimeZone>,
}

/// What a plan gives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Resources {
    /// Where its database lies.
    pub db_type: DatabaseType,
    /// CPU cores.
    pub cpu_limit: CpuLimit,
    /// Memory.
    pub memory_limit: MemorySize,
    /// Storage.
    pub storage_limit: MemorySize,
}

/// What billing states of an instance: `PUT /{id}/entitlement`. Makes the instance when it is new.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Entitlement {
    /// Grows with every change; lower ones are ignored.
    pub version: i64,
    /// Whose instance.
    pub customer_id: CustomerId,
    /// Which subscription.
    pub subscription_id: SubscriptionId,
    /// Which plan.
    pub plan_name: PlanName,
    /// How it stands with billing.
    pub standing: Standing,
    /// Why it is suspended: `unpaid` or `paused`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<StatusReason>,
    /// Since when it stands so: when it was ordered, or paid. Only told to monitors.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<DateTime<Utc>>,
    /// What the plan gives.
    pub resources: Resources,
    /// What was ordered.
    pub order: Order,
}

/// The answer to a statement.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct EntitlementStored {
    /// The version that now holds; higher than the stated one when that came too late.
    pub version: i64,
    /// Whether the statement changed anything: what a sweep counts as drift.
    pub changed: bool,
    /// What the instance is doing.
    pub status: InstanceStatus,
    /// Whether its owner has demanded its end, so that billing must end too.
    pub is_unwanted: bool,
}

/// Makes an instance without an entitlement: a database is reserved, and no Odoo runs.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Create {
    /// Its id, when the caller has made it already.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<InstanceId>,
    /// Whose instance.
    pub customer_id: CustomerId,
    /// Which subscription.
    pub subscription_id: SubscriptionId,
    /// Which plan.
    pub plan_name: PlanName,
    /// Where its database lies.
    #[serde(default = "shared")]
    pub db_type: DatabaseType,
    /// What people call it.
    pub name: DisplayName,
    /// Under which name it is reached.
    pub subdomain: Subdomain,
    /// Which Odoo.
    pub odoo_version: OdooVersion,
    /// The administrator's address and login.
    pub admin_email: EmailAddress,
    /// The language of the administrator and of the company, such as `en_US`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<Language>,
    /// The time zone of the administrator, such as `Europe/Berlin`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timezone: Option<TimeZone>,
}

impl Create {
    /// What was ordered. Its fields stand among the others: an object within would lose the names of fields that
    /// break a rule.
    #[must_use]
    pub fn order(&self) -> Order {
        Order {
            name: self.name.clone(),
            subdomain: self.subdomain.clone(),
            odoo_version: self.odoo_version.clone(),
            admin_email: self.admin_email.clone(),
            language: self.language.clone(),
            timezone: self.timezone.clone(),
        }
    }
}

fn shared() -> DatabaseType {
    DatabaseType::Shared
}

/// One instance.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Instance {
    /// Its id.
    pub id: InstanceId,
    /// Whose it is.
    pub customer_id: CustomerId,
    /// Which subscription pays for it.
    pub subscription_id: SubscriptionId,
    /// What people call it.
    pub name: String,
    /// Under which name it is reached.
    pub subdomain: String,
    /// Where it is reached.
    pub url: String,
    /// Which Odoo.
    pub odoo_version: String,
    /// What it is doing.
    pub status: InstanceStatus,
    /// Why, where the status does not say.
    pub status_reason: Option<StatusReason>,
    /// The status and its reason as a sentence for its owner.
    pub status_text: String,
    /// How it stands with billing; none before the first entitlement.
    pub standing: Option<Standing>,
    /// Which plan.
    pub plan_name: String,
    /// Where its database lies.
    pub db_type: DatabaseType,
    /// The server of its database.
    pub db_server_id: Option<ServerId>,
    /// CPU cores.
    pub cpu_limit: Option<CpuLimit>,
    /// Memory.
    pub memory_limit: Option<String>,
    /// Storage.
    pub storage_limit: Option<String>,
    /// The administrator's login.
    pub admin_email: String,
    /// When it was ordered.
    pub created_at: DateTime<Utc>,
    /// When it changed last.
    pub updated_at: DateTime<Utc>,
    /// When its Odoo last began to answer.
    pub started_at: Option<DateTime<Utc>>,
}

/// What an instance is doing: `GET /{id}/status`.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Status {
    /// Which instance.
    pub id: InstanceId,
    /// What it is doing.
    pub status: InstanceStatus,
    /// Why, where the status does not say.
    pub status_reason: Option<StatusReason>,
    /// Both as a sentence for its owner.
    pub status_text: String,
    /// Since when.
    pub since: DateTime<Utc>,
    /// Where it is reached.
    pub url: String,
    /// When its Odoo last began to answer.
    pub started_at: Option<DateTime<Utc>>,
}

/// Instances, newest first.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Instances {
    /// The instances of this page.
    pub instances: Vec<Instance>,
    /// Ask again with `after` set to this for the next page; absent on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<InstanceId>,
}

/// Which instances to list.
#[derive(Debug, Clone, Default, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct InstancesQuery {
    /// Of which customer; staff only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer_id: Option<CustomerId>,
    /// Only those in this status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<InstanceStatus>,
    /// Only those older than this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<InstanceId>,
    /// How many, 1 to 100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// The administrator's first login: asked for by its owner, in person.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct AdminLogin {
    /// Where.
    pub url: String,
    /// The login.
    pub login: String,
    /// The first password; the administrator may have changed it since.
    pub password: String,
}

/// Asks an instance to do something.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Act {
    /// What: `start`, `stop` or `restart`; for staff also `hold` and `unhold`.
    pub action: String,
}

/// Deletes an instance with its data.
#[derive(Debug, Clone, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DeleteQuery {
    /// The instance's subdomain, typed again.
    pub confirm: String,
}

/// Whether a subdomain can be had.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct SubdomainCheck {
    /// The subdomain in its one form.
    pub subdomain: String,
    /// Whether it can be had.
    pub available: bool,
    /// A sentence for people.
    pub message: String,
}

/// Changes what people call an instance.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Rename {
    /// What people call it.
    pub name: DisplayName,
}

/// Something that happened to an instance: the data of one server-sent event.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Event {
    /// Grows by time; send it as `Last-Event-ID` to go on after it.
    pub id: i64,
    /// Which instance.
    pub instance_id: InstanceId,
    /// When.
    pub at: DateTime<Utc>,
    /// What the instance was doing then.
    pub status: InstanceStatus,
    /// A sentence for people.
    pub message: String,
    /// Who or what caused it.
    pub actor: String,
    /// Follows one cause through all its effects.
    pub correlation_id: Option<CorrelationId>,
}

/// The newest lines of an instance's log.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Logs {
    /// Oldest first.
    pub lines: Vec<String>,
}

/// How many lines of a log.
#[derive(Debug, Clone, Default, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct LogsQuery {
    /// 1 to 1000; 100 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lines: Option<u32>,
}

/// Where the edge sends the requests for one subdomain: one line of `GET /admin/routes`, and the data of one
/// server-sent event of `GET /admin/routes/events`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Route {
    /// Which instance.
    pub instance_id: InstanceId,
    /// For which subdomain.
    pub subdomain: String,
    /// What its visitors get.
    pub target: RouteTarget,
}

/// What the visitors of a subdomain get.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum RouteTarget {
    /// Its Odoo.
    Odoo {
        /// `host:port` of 8069.
        http: String,
        /// `host:port` of 8072, when it has workers.
        websocket: Option<String>,
    },
    /// A page that says that it is starting, and becomes the Odoo by itself (503).
    Starting,
    /// A page that says that it is stopped (503).
    Stopped,
    /// A page that says that it is suspended, and why (402 when unpaid, else 503).
    Suspended {
        /// Why.
        reason: Option<StatusReason>,
    },
    /// A page that says that something failed and is being worked on (503).
    Failing,
    /// No longer a route (404).
    Gone,
}

/// The whole routing table.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Routes {
    /// Every subdomain that is not terminated.
    pub routes: Vec<Route>,
}

/// What billing states of an instance, as one of the two services keeps it: they differ where the chain of truth is
/// broken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Statement {
    /// Which instance.
    pub instance_id: InstanceId,
    /// The version.
    pub version: i64,
    /// How it stands with billing.
    pub standing: Standing,
    /// Why it is suspended.
    pub reason: Option<StatusReason>,
    /// Which plan.
    pub plan_name: PlanName,
    /// CPU cores.
    pub cpu_limit: CpuLimit,
    /// Memory.
    pub memory_limit: MemorySize,
    /// Storage.
    pub storage_limit: MemorySize,
    /// Whether the other side has acknowledged it; always so where it was stated to.
    pub is_acknowledged: bool,
}

/// Statements, the newest instances first: `GET /admin/statements` of both services.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Statements {
    /// The statements of this page.
    pub statements: Vec<Statement>,
    /// Ask again with `after` set to this for the next page; absent on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<InstanceId>,
}

/// Which statements to list.
#[derive(Debug, Clone, Default, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct StatementsQuery {
    /// Only those of instances older than this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<InstanceId>,
}
