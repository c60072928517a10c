//! What is stated to instance-service, as it stands in `entitlements`.

use super::plan_entitlement::resources;
use contract::instance::Statement;
use sqlx::PgConnection;
use vocabulary::{DatabaseType, InstanceId, PlanName, Standing, StatusReason};

/// What holds of the orders that were not refused, newest instance first, older than `after`.
pub(crate) async fn list(
    conn: &mut PgConnection,
    after: Option<InstanceId>,
    limit: i64,
) -> anyhow::Result<Vec<Statement>> {
    let rows = sqlx::query!(
        r#"select instance_id as "instance: InstanceId", e.version, e.acknowledged_version,
                  e.standing as "standing!: Standing", e.reason as "reason: StatusReason",
                  e.plan_name as "plan!: PlanName", e.db_type as "db_type!: DatabaseType",
                  e.cpu_limit as "cpu!", e.memory_limit as "memory!", e.storage_limit as "storage!"
           from orders o join entitlements e using (instance_id)
           where o.refused is null and e.version > 0 and ($1::uuid is null or instance_id < $1)
           order by instance_id desc limit $2"#,
        after as Option<InstanceId>,
        limit
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            let given = resources(row.db_type, row.cpu, row.memory, row.storage)?;
            Ok(Statement {
                instance_id: row.instance,
                version: row.version,
                standing: row.standing,
                reason: row.reason,
                plan_name: row.plan,
                cpu_limit: given.cpu_limit,
                memory_limit: given.memory_limit,
                storage_limit: given.storage_limit,
                is_acknowledged: row.acknowledged_version == row.version,
            })
        })
        .collect()
}
