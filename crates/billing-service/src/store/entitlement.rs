//! What we hold true of each instance. A look is fenced: what was derived from an older look is refused.

use super::plan_entitlement::resources;
use crate::entitlement::{Grant, Held};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use vocabulary::{DatabaseType, InstanceId, PlanName, Standing, StatusReason};

pub(crate) async fn add(conn: &mut PgConnection, instance: InstanceId) -> sqlx::Result<()> {
    sqlx::query!("insert into entitlements (instance_id) values ($1)", instance.0)
        .execute(conn)
        .await?;
    Ok(())
}

pub(crate) async fn find(
    conn: &mut PgConnection,
    instance: InstanceId,
) -> anyhow::Result<Option<Held>> {
    let row = sqlx::query!(
        r#"select version, looks, acknowledged_version, standing as "standing: Standing",
                  reason as "reason: StatusReason", plan_name as "plan: PlanName",
                  db_type as "db_type: DatabaseType", cpu_limit, memory_limit, storage_limit, since, changed_at
           from entitlements where instance_id = $1"#,
        instance.0
    )
    .fetch_optional(conn)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let sizes = (row.db_type, row.cpu_limit, row.memory_limit, row.storage_limit);
    let grant = match (row.standing, row.plan, sizes) {
        (Some(standing), Some(plan), (Some(db_type), Some(cpu), Some(memory), Some(storage))) => {
            let resources = resources(db_type, cpu, memory, storage)?;
            Some(Grant { standing, reason: row.reason, plan, resources })
        }
        _ => None,
    };
    let (version, looks, acknowledged) = (row.version, row.looks, row.acknowledged_version);
    let (since, changed_at) = (row.since, row.changed_at);
    Ok(Some(Held { version, looks, acknowledged, grant, since, changed_at }))
}

/// Takes a look's result over, unless somebody looked in between. Returns whether it did.
pub(crate) async fn hold(
    conn: &mut PgConnection,
    instance: InstanceId,
    looks: i64,
    (version, grant, since): (i64, &Grant, DateTime<Utc>),
    now: DateTime<Utc>,
) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "update entitlements set
             changed_at = case when version = $3 then changed_at else $11 end,
             looks = looks + 1, version = $3, standing = $4, reason = $5, plan_name = $6, db_type = $7,
             cpu_limit = $8, memory_limit = $9, storage_limit = $10, since = $12, alarm = null, alarmed_at = null
         where instance_id = $1 and looks = $2",
        instance.0,
        looks,
        version,
        grant.standing as Standing,
        grant.reason as Option<StatusReason>,
        grant.plan.as_str(),
        grant.resources.db_type as DatabaseType,
        grant.resources.cpu_limit.cores(),
        grant.resources.memory_limit.to_string(),
        grant.resources.storage_limit.to_string(),
        now,
        since
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Notes that instance-service has this version.
pub(crate) async fn acknowledge(
    conn: &mut PgConnection,
    instance: InstanceId,
    version: i64,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update entitlements set acknowledged_version = $2, acknowledged_at = $3
         where instance_id = $1 and acknowledged_version <= $2",
        instance.0,
        version,
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Steps over a version that instance-service has and we have not, so that what we say counts again.
pub(crate) async fn overtake(
    conn: &mut PgConnection,
    instance: InstanceId,
    version: i64,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update entitlements set version = $2 + 1, looks = looks + 1 where instance_id = $1 and version < $2",
        instance.0,
        version
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Notes why a person must act. What was stated before stays as it is.
pub(crate) async fn alarm(
    conn: &mut PgConnection,
    instance: InstanceId,
    why: &str,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update entitlements set alarm = $2,
             alarmed_at = case when alarm is null then $3 else alarmed_at end
         where instance_id = $1",
        instance.0,
        why,
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}
