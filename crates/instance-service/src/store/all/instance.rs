//! `instances` of any customer.

use std::collections::HashMap;

use sqlx::PgConnection;
use uuid::Uuid;
use vocabulary::{
    CustomerId, DatabaseType, InstanceId, InstanceStatus, Language, ServerId, StatusReason,
    Subdomain, SubscriptionId, TimeZone,
};

use crate::instance::{DatabaseState, Instance, State, Wish};
use crate::store::row::{instances, select_instance};

/// This instance.
pub async fn find(conn: &mut PgConnection, id: InstanceId) -> sqlx::Result<Option<Instance>> {
    select_instance!("where id = $1", id as InstanceId)
        .fetch_optional(conn)
        .await?
        .map(TryInto::try_into)
        .transpose()
}

/// Its latest revision.
pub async fn revision(conn: &mut PgConnection, id: InstanceId) -> sqlx::Result<Option<i64>> {
    sqlx::query_scalar!("select revision from instances where id = $1", id as InstanceId)
        .fetch_optional(conn)
        .await
}

/// This instance, and nobody changes it before this transaction ends.
pub async fn lock(conn: &mut PgConnection, id: InstanceId) -> sqlx::Result<Option<Instance>> {
    select_instance!("where id = $1 for update", id as InstanceId)
        .fetch_optional(conn)
        .await?
        .map(TryInto::try_into)
        .transpose()
}

/// The instance that this subscription pays for.
pub async fn find_by_subscription(
    conn: &mut PgConnection,
    subscription: SubscriptionId,
) -> sqlx::Result<Option<Instance>> {
    select_instance!("where subscription_id = $1", subscription as SubscriptionId)
        .fetch_optional(conn)
        .await?
        .map(TryInto::try_into)
        .transpose()
}

/// Everybody's instances, newest first, older than `after`.
pub async fn list(
    conn: &mut PgConnection,
    customer: Option<CustomerId>,
    status: Option<InstanceStatus>,
    after: Option<InstanceId>,
    limit: i64,
) -> sqlx::Result<Vec<Instance>> {
    let rows = select_instance!(
        "where ($1::uuid is null or customer_id = $1) and ($2::text is null or status = $2)
           and ($3::uuid is null or id < $3) order by id desc limit $4",
        customer as Option<CustomerId>,
        status as Option<InstanceStatus>,
        after as Option<InstanceId>,
        limit
    )
    .fetch_all(conn)
    .await?;
    instances(rows)
}

/// What people call these instances.
pub async fn subdomains(
    conn: &mut PgConnection,
    ids: &[Uuid],
) -> sqlx::Result<HashMap<Uuid, String>> {
    let rows = sqlx::query!("select id, subdomain from instances where id = any($1)", ids)
        .fetch_all(conn)
        .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.subdomain)).collect())
}

/// Everything that is not gone: what has a route, and what a sweep looks at.
pub async fn alive(conn: &mut PgConnection) -> sqlx::Result<Vec<Instance>> {
    let rows = select_instance!("where status <> 'terminated' order by id").fetch_all(conn).await?;
    instances(rows)
}

/// Every instance that ever was.
pub async fn ids(conn: &mut PgConnection) -> sqlx::Result<Vec<InstanceId>> {
    sqlx::query_scalar!(r#"select id as "id: InstanceId" from instances order by id"#)
        .fetch_all(conn)
        .await
}

/// Whether a word of database-service about this instance's database is news to the reconciler.
pub async fn waits_for_database(conn: &mut PgConnection, id: InstanceId) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"select exists (select from instances
                           where id = $1 and (database_state = 'waiting' or status = 'terminating')) as "waits!""#,
        id as InstanceId
    )
    .fetch_one(conn)
    .await
}

/// Whether somebody has this subdomain.
pub async fn has_subdomain(conn: &mut PgConnection, subdomain: &Subdomain) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"select exists (select from instances where subdomain = $1 and status <> 'terminated') as "is_taken!""#,
        subdomain.as_str()
    )
    .fetch_one(conn)
    .await
}

/// Writes down a new instance; false if there is one with this id.
pub async fn insert(conn: &mut PgConnection, new: &Instance) -> sqlx::Result<bool> {
    let entitled = new.entitlement.as_ref();
    let done = sqlx::query!(
        "insert into instances
             (id, customer_id, subscription_id, name, subdomain, odoo_version, admin_email, language, timezone,
              plan_name, db_type, entitlement_version, standing, standing_reason, cpu_limit, memory_limit,
              storage_limit, status)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)
         on conflict (id) do nothing",
        new.id as InstanceId,
        new.customer_id as CustomerId,
        new.subscription_id as SubscriptionId,
        new.name.as_str(),
        new.subdomain.as_str(),
        new.odoo_version.as_str(),
        new.admin_email.as_str(),
        new.language.as_ref().map(Language::as_str),
        new.timezone.as_ref().map(TimeZone::as_str),
        new.plan_name.as_str(),
        new.db_type as DatabaseType,
        new.entitlement_version,
        entitled.map(|e| e.standing.as_str()),
        entitled.and_then(|e| e.reason).map(StatusReason::as_str),
        entitled.map(|e| e.cpu_limit.cores()),
        entitled.map(|e| e.memory_limit.to_string()),
        entitled.map(|e| e.storage_limit.to_string()),
        new.state.status as InstanceStatus
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Saves what the reconciler found out, unless somebody has changed the instance since `revision`.
pub async fn save(
    conn: &mut PgConnection,
    id: InstanceId,
    revision: i64,
    state: &State,
) -> sqlx::Result<bool> {
    let (place, seen) = (state.place.as_ref(), state.seen.as_ref());
    let done = sqlx::query!(
        "update instances
            set status = $3, status_reason = $4, status_since = $5, database_state = $6, database_looks = $7,
                database_looked_at = $8, db_server_id = $9, db_host = $10, db_port = $11, db_name = $12,
                applied = $13, http_address = $14, websocket_address = $15, seen_restarts = $16, started_at = $17,
                updated_at = now(), revision = revision + 1
          where id = $1 and revision = $2",
        id as InstanceId,
        revision,
        state.status as InstanceStatus,
        state.reason as Option<StatusReason>,
        state.since,
        state.database as DatabaseState,
        state.looks,
        state.looked_at,
        place.map(|place| place.server) as Option<ServerId>,
        place.map(|place| place.host.as_str()),
        place.map(|place| i32::from(place.port)),
        place.map(|place| place.name.as_str()),
        state.applied,
        seen.map(|seen| seen.http.as_str()),
        seen.and_then(|seen| seen.websocket.as_deref()),
        seen.map(|seen| i32::try_from(seen.restarts).unwrap_or(i32::MAX)),
        state.started_at
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Writes down what people wish of an instance that the caller has locked.
pub async fn set_wish(conn: &mut PgConnection, wished: &Instance) -> sqlx::Result<()> {
    sqlx::query!(
        "update instances
            set name = $2, wish = $3, is_held = $4, unwanted_at = $5, restart_generation = $6, updated_at = now(),
                revision = revision + 1
          where id = $1",
        wished.id as InstanceId,
        wished.name.as_str(),
        wished.wish as Wish,
        wished.is_held,
        wished.unwanted_at,
        wished.restart_generation
    )
    .execute(conn)
    .await?;
    Ok(())
}
