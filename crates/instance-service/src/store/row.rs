//! An instance as its row has it.

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use vocabulary::{
    CustomerId, DatabaseType, DisplayName, EmailAddress, InstanceId, InstanceStatus, Language,
    OdooVersion, PlanName, ServerId, Standing, StatusReason, Subdomain, SubscriptionId, TimeZone,
};

use crate::instance::{DatabasePlace, DatabaseState, Entitled, Instance, Seen, State, Wish};

pub(super) struct Row {
    pub(super) id: InstanceId,
    pub(super) customer_id: CustomerId,
    pub(super) subscription_id: SubscriptionId,
    pub(super) name: DisplayName,
    pub(super) subdomain: Subdomain,
    pub(super) odoo_version: OdooVersion,
    pub(super) admin_email: EmailAddress,
    pub(super) language: Option<Language>,
    pub(super) timezone: Option<TimeZone>,
    pub(super) entitlement_version: i64,
    pub(super) standing: Option<Standing>,
    pub(super) standing_reason: Option<StatusReason>,
    pub(super) plan_name: PlanName,
    pub(super) db_type: DatabaseType,
    pub(super) cpu_limit: Option<Decimal>,
    pub(super) memory_limit: Option<String>,
    pub(super) storage_limit: Option<String>,
    pub(super) wish: Wish,
    pub(super) is_held: bool,
    pub(super) unwanted_at: Option<DateTime<Utc>>,
    pub(super) restart_generation: i64,
    pub(super) status: InstanceStatus,
    pub(super) status_reason: Option<StatusReason>,
    pub(super) status_since: DateTime<Utc>,
    pub(super) database_state: DatabaseState,
    pub(super) database_looks: i32,
    pub(super) database_looked_at: Option<DateTime<Utc>>,
    pub(super) db_server_id: Option<ServerId>,
    pub(super) db_host: Option<String>,
    pub(super) db_port: Option<i32>,
    pub(super) db_name: Option<String>,
    pub(super) applied: Option<String>,
    pub(super) http_address: Option<String>,
    pub(super) websocket_address: Option<String>,
    pub(super) seen_restarts: Option<i32>,
    pub(super) started_at: Option<DateTime<Utc>>,
    pub(super) created_at: DateTime<Utc>,
    pub(super) updated_at: DateTime<Utc>,
    pub(super) revision: i64,
}

/// Rows of instances; the argument is what follows `from instances`.
macro_rules! select_instance {
    ($rest:tt $(, $argument:expr)* $(,)?) => {
        sqlx::query_as!(
            $crate::store::row::Row,
            r#"select id as "id: _", customer_id as "customer_id: _", subscription_id as "subscription_id: _",
                      name as "name: _", subdomain as "subdomain: _", odoo_version as "odoo_version: _",
                      admin_email as "admin_email: _", language as "language: _", timezone as "timezone: _",
                      entitlement_version,
                      standing as "standing: _", standing_reason as "standing_reason: _",
                      plan_name as "plan_name: _", db_type as "db_type: _", cpu_limit, memory_limit, storage_limit,
                      wish as "wish: _", is_held, unwanted_at, restart_generation, status as "status: _",
                      status_reason as "status_reason: _", status_since, database_state as "database_state: _",
                      database_looks, database_looked_at, db_server_id as "db_server_id: _", db_host, db_port,
                      db_name, applied, http_address, websocket_address, seen_restarts, started_at,
                      created_at, updated_at, revision
                 from instances "# + $rest
            $(, $argument)*
        )
    };
}
pub(super) use select_instance;

impl TryFrom<Row> for Instance {
    type Error = sqlx::Error;

    fn try_from(row: Row) -> Result<Self, sqlx::Error> {
        Ok(Self {
            entitlement: entitled(&row)?,
            state: state(&row),
            id: row.id,
            customer_id: row.customer_id,
            subscription_id: row.subscription_id,
            name: row.name,
            subdomain: row.subdomain,
            odoo_version: row.odoo_version,
            admin_email: row.admin_email,
            language: row.language,
            timezone: row.timezone,
            plan_name: row.plan_name,
            db_type: row.db_type,
            entitlement_version: row.entitlement_version,
            wish: row.wish,
            is_held: row.is_held,
            unwanted_at: row.unwanted_at,
            restart_generation: row.restart_generation,
            created_at: row.created_at,
            updated_at: row.updated_at,
            revision: row.revision,
        })
    }
}

pub(super) fn instances(rows: Vec<Row>) -> sqlx::Result<Vec<Instance>> {
    rows.into_iter().map(TryInto::try_into).collect()
}

fn entitled(row: &Row) -> sqlx::Result<Option<Entitled>> {
    let (Some(standing), Some(cpu), Some(memory), Some(storage)) =
        (row.standing, row.cpu_limit, &row.memory_limit, &row.storage_limit)
    else {
        return Ok(None);
    };
    let decode = |error: vocabulary::InvalidSize| sqlx::Error::Decode(Box::new(error));
    Ok(Some(Entitled {
        standing,
        reason: row.standing_reason,
        cpu_limit: cpu.try_into().map_err(decode)?,
        memory_limit: memory.parse().map_err(decode)?,
        storage_limit: storage.parse().map_err(decode)?,
    }))
}

fn state(row: &Row) -> State {
    State {
        status: row.status,
        reason: row.status_reason,
        since: row.status_since,
        database: row.database_state,
        looks: row.database_looks,
        looked_at: row.database_looked_at,
        place: place(row),
        applied: row.applied.clone(),
        seen: row.http_address.clone().map(|http| Seen {
            http,
            websocket: row.websocket_address.clone(),
            restarts: row.seen_restarts.unwrap_or_default().unsigned_abs(),
        }),
        started_at: row.started_at,
    }
}

fn place(row: &Row) -> Option<DatabasePlace> {
    Some(DatabasePlace {
        server: row.db_server_id?,
        host: row.db_host.clone()?,
        port: u16::try_from(row.db_port?).ok()?,
        name: row.db_name.clone()?,
    })
}
