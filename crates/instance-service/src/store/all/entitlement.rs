//! What billing states, in the rows of `instances`.

use sqlx::PgConnection;
use vocabulary::{DatabaseType, InstanceId, Standing, StatusReason};

use crate::instance::{Entitled, Instance};

/// Writes down the statement about an instance that the caller has locked.
pub async fn set(
    conn: &mut PgConnection,
    instance: &Instance,
    entitled: &Entitled,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update instances
            set entitlement_version = $2, standing = $3, standing_reason = $4, plan_name = $5, db_type = $6,
                cpu_limit = $7, memory_limit = $8, storage_limit = $9, updated_at = now(), revision = revision + 1
          where id = $1",
        instance.id as InstanceId,
        instance.entitlement_version,
        entitled.standing as Standing,
        entitled.reason as Option<StatusReason>,
        instance.plan_name.as_str(),
        instance.db_type as DatabaseType,
        entitled.cpu_limit.cores(),
        entitled.memory_limit.to_string(),
        entitled.storage_limit.to_string()
    )
    .execute(conn)
    .await?;
    Ok(())
}
