//! What billing has stated, as it stands in `instances`.

use contract::instance::Statement;
use sqlx::PgConnection;
use vocabulary::{InstanceId, PlanName, Standing, StatusReason};

/// Statements of which the instances are not over, newest first, older than `after`.
pub async fn list(
    conn: &mut PgConnection,
    after: Option<InstanceId>,
    limit: i64,
) -> sqlx::Result<Vec<Statement>> {
    let rows = sqlx::query!(
        r#"select id as "id: InstanceId", entitlement_version, standing as "standing!: Standing",
                  standing_reason as "reason: StatusReason", plan_name as "plan: PlanName",
                  cpu_limit as "cpu!", memory_limit as "memory!", storage_limit as "storage!"
             from instances
            where entitlement_version > 0 and status <> 'terminated' and ($1::uuid is null or id < $1)
            order by id desc limit $2"#,
        after as Option<InstanceId>,
        limit
    )
    .fetch_all(conn)
    .await?;
    let decode = |error: vocabulary::InvalidSize| sqlx::Error::Decode(Box::new(error));
    rows.into_iter()
        .map(|row| {
            Ok(Statement {
                instance_id: row.id,
                version: row.entitlement_version,
                standing: row.standing,
                reason: row.reason,
                plan_name: row.plan,
                cpu_limit: row.cpu.try_into().map_err(decode)?,
                memory_limit: row.memory.parse().map_err(decode)?,
                storage_limit: row.storage.parse().map_err(decode)?,
                is_acknowledged: true,
            })
        })
        .collect()
}
