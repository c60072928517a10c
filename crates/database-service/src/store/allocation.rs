//! `db_allocations`.

mod change;

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use sqlx::PgConnection;
use vocabulary::{AllocationId, CustomerId, DatabaseType, InstanceId, ServerId};

use crate::state::AllocationState;
pub(crate) use change::{
    NewAllocation, advance, announce, confirm, expire, insert, set_made_from, set_password,
    settle_on,
};

/// An allocation as its row has it.
#[derive(Debug, Clone)]
pub(crate) struct Allocation {
    /// Its id.
    pub id: AllocationId,
    /// Whose database.
    pub instance_id: InstanceId,
    /// Whose instance.
    pub customer_id: CustomerId,
    /// Where the database is to lie.
    pub db_type: DatabaseType,
    /// How far it is.
    pub state: AllocationState,
    /// Where it lies, what it is called and how its owner gets in, once it has a slot.
    pub place: Option<Place>,
    /// The template that was asked for.
    pub template: Option<String>,
    /// The template that it was made from.
    pub made_from: Option<String>,
    /// Cores of a dedicated server.
    pub cpu_limit: Option<Decimal>,
    /// Memory of a dedicated server.
    pub memory_limit: Option<String>,
    /// Until when it is only reserved.
    pub reserved_until: Option<DateTime<Utc>>,
    /// Whether that is over, by the clock of the database.
    pub has_expired: bool,
    /// Since when a tenant's data may be in it.
    pub first_ready_at: Option<DateTime<Utc>>,
    /// When it changed last.
    pub updated_at: DateTime<Utc>,
}

/// Where the database of an allocation lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    /// On which server.
    pub server: ServerId,
    /// The database's name.
    pub db_name: String,
    /// The role that owns it.
    pub db_user: String,
    /// The role's sealed password.
    pub db_password: Vec<u8>,
    /// What the server keeps of the password.
    pub db_verifier: String,
}

struct Row {
    id: AllocationId,
    instance_id: InstanceId,
    customer_id: CustomerId,
    db_type: DatabaseType,
    state: AllocationState,
    server_id: Option<ServerId>,
    db_name: Option<String>,
    db_user: Option<String>,
    db_password: Option<Vec<u8>>,
    db_verifier: Option<String>,
    template: Option<String>,
    made_from: Option<String>,
    cpu_limit: Option<Decimal>,
    memory_limit: Option<String>,
    reserved_until: Option<DateTime<Utc>>,
    has_expired: bool,
    first_ready_at: Option<DateTime<Utc>>,
    updated_at: DateTime<Utc>,
}

impl From<Row> for Allocation {
    fn from(row: Row) -> Self {
        let place =
            match (row.server_id, row.db_name, row.db_user, row.db_password, row.db_verifier) {
                (
                    Some(server),
                    Some(db_name),
                    Some(db_user),
                    Some(db_password),
                    Some(db_verifier),
                ) => Some(Place { server, db_name, db_user, db_password, db_verifier }),
                _ => None,
            };
        Self {
            id: row.id,
            instance_id: row.instance_id,
            customer_id: row.customer_id,
            db_type: row.db_type,
            state: row.state,
            place,
            template: row.template,
            made_from: row.made_from,
            cpu_limit: row.cpu_limit,
            memory_limit: row.memory_limit,
            reserved_until: row.reserved_until,
            has_expired: row.has_expired,
            first_ready_at: row.first_ready_at,
            updated_at: row.updated_at,
        }
    }
}

macro_rules! select_allocation {
    ($rest:tt $(, $argument:expr)*) => {
        sqlx::query_as!(
            Row,
            r#"select id as "id: AllocationId", instance_id as "instance_id: InstanceId",
                      customer_id as "customer_id: CustomerId", db_type as "db_type: DatabaseType",
                      state as "state: AllocationState", server_id as "server_id: ServerId", db_name, db_user,
                      db_password, db_verifier, template, made_from, cpu_limit, memory_limit, reserved_until,
                      coalesce(reserved_until < now(), false) as "has_expired!",
                      first_ready_at, updated_at
                 from database.db_allocations "# + $rest
            $(, $argument)*
        )
    };
}

/// The allocation of this id.
pub(crate) async fn find(
    conn: &mut PgConnection,
    id: AllocationId,
) -> sqlx::Result<Option<Allocation>> {
    let row = select_allocation!("where id = $1", id as AllocationId).fetch_optional(conn).await?;
    Ok(row.map(Allocation::from))
}

/// The allocation that the instance has, if it has one.
pub(crate) async fn live(
    conn: &mut PgConnection,
    instance: InstanceId,
) -> sqlx::Result<Option<Allocation>> {
    let row = select_allocation!(
        "where instance_id = $1 and state <> 'released'",
        instance as InstanceId
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(Allocation::from))
}

/// Everything that has something on this server, or is about to.
pub(crate) async fn on_server(
    conn: &mut PgConnection,
    server: ServerId,
) -> sqlx::Result<Vec<Allocation>> {
    let rows = select_allocation!(
        "where server_id = $1 and state <> 'released' order by created_at",
        server as ServerId
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(Allocation::from).collect())
}

/// Everything that is not over.
pub(crate) async fn alive(conn: &mut PgConnection) -> sqlx::Result<Vec<AllocationId>> {
    sqlx::query_scalar!(
        r#"select id as "id: AllocationId" from database.db_allocations where state <> 'released' order by created_at"#
    )
    .fetch_all(conn)
    .await
}

/// What is not settled: everything between the first wish and the end, and reservations that have run out.
pub(crate) async fn unsettled(conn: &mut PgConnection) -> sqlx::Result<Vec<AllocationId>> {
    sqlx::query_scalar!(
        r#"select id as "id: AllocationId" from database.db_allocations
            where state in ('waiting', 'making', 'releasing')
               or (state = 'ready' and reserved_until < now())
            order by created_at"#
    )
    .fetch_all(conn)
    .await
}

/// The oldest that wait for a shared server.
pub(crate) async fn oldest_waiting(
    conn: &mut PgConnection,
    most: i64,
) -> sqlx::Result<Vec<AllocationId>> {
    sqlx::query_scalar!(
        r#"select id as "id: AllocationId" from database.db_allocations
            where state = 'waiting' and db_type = 'shared' order by created_at limit $1"#,
        most
    )
    .fetch_all(conn)
    .await
}

/// Those that are being made on this server.
pub(crate) async fn making_on(
    conn: &mut PgConnection,
    server: ServerId,
) -> sqlx::Result<Vec<AllocationId>> {
    sqlx::query_scalar!(
        r#"select id as "id: AllocationId" from database.db_allocations
            where state = 'making' and server_id = $1 order by created_at"#,
        server as ServerId
    )
    .fetch_all(conn)
    .await
}

/// The allocation for which this server was made.
pub(crate) async fn for_dedicated(
    conn: &mut PgConnection,
    server: ServerId,
) -> sqlx::Result<Option<AllocationId>> {
    sqlx::query_scalar!(
        r#"select a.id as "id: AllocationId" from database.db_allocations a
             join database.db_servers v on v.dedicated_to_instance_id = a.instance_id
            where v.id = $1 and a.state <> 'released'"#,
        server as ServerId
    )
    .fetch_optional(conn)
    .await
}

/// One line for staff: who is on a server, and why there.
#[derive(Debug)]
pub(crate) struct Tenant {
    /// Whose database.
    pub instance_id: InstanceId,
    /// Whose instance.
    pub customer_id: CustomerId,
    /// How far it is.
    pub state: AllocationState,
    /// The database's name.
    pub db_name: Option<String>,
    /// The template that it was made from.
    pub made_from: Option<String>,
    /// Why it is on this server.
    pub choice: Option<String>,
    /// When it was asked for.
    pub created_at: DateTime<Utc>,
}

/// Who is on a server, oldest first.
pub(crate) async fn tenants(
    conn: &mut PgConnection,
    server: ServerId,
) -> sqlx::Result<Vec<Tenant>> {
    sqlx::query_as!(
        Tenant,
        r#"select instance_id as "instance_id: InstanceId", customer_id as "customer_id: CustomerId",
                  state as "state: AllocationState", db_name, made_from, choice, created_at
             from database.db_allocations
            where server_id = $1 and state <> 'released' order by created_at"#,
        server as ServerId
    )
    .fetch_all(conn)
    .await
}
