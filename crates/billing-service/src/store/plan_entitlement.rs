//! What a plan gives, and since when. A change is a new row.

use crate::plan::Plan;
use chrono::{DateTime, Utc};
use contract::instance::Resources;
use rust_decimal::Decimal;
use sqlx::PgConnection;
use vocabulary::{CpuLimit, DatabaseType, MemorySize, PlanName};

/// The newest row of the plan whose date has passed. None for a plan that nobody knows, or not yet.
pub(crate) async fn current(
    conn: &mut PgConnection,
    plan: &PlanName,
    now: DateTime<Utc>,
) -> anyhow::Result<Option<Resources>> {
    let row = sqlx::query!(
        r#"select cpu_limit, memory_limit, storage_limit, db_type as "db_type: DatabaseType"
           from plan_entitlements where plan_name = $1 and effective_date <= $2
           order by effective_date desc limit 1"#,
        plan.as_str(),
        now
    )
    .fetch_optional(conn)
    .await?;
    row.map(|row| resources(row.db_type, row.cpu_limit, row.memory_limit, row.storage_limit))
        .transpose()
}

/// Reads sizes back from the database.
pub(crate) fn resources(
    db_type: DatabaseType,
    cpu: Decimal,
    memory: String,
    storage: String,
) -> anyhow::Result<Resources> {
    Ok(Resources {
        db_type,
        cpu_limit: CpuLimit::try_from(cpu.normalize())?,
        memory_limit: MemorySize::try_from(memory)?,
        storage_limit: MemorySize::try_from(storage)?,
    })
}

/// Adds a row for each plan that differs from its newest.
pub(crate) async fn publish(
    conn: &mut PgConnection,
    plans: &[Plan],
    now: DateTime<Utc>,
) -> anyhow::Result<()> {
    // Several processes may start at once; the second one finds what the first has added.
    sqlx::query!("lock table plan_entitlements in share row exclusive mode")
        .execute(&mut *conn)
        .await?;
    for plan in plans {
        let given = Resources {
            db_type: plan.db_type,
            cpu_limit: CpuLimit::try_from(plan.cpu_limit.cores().normalize())?,
            memory_limit: plan.memory_limit,
            storage_limit: plan.storage_limit,
        };
        if current(conn, &plan.name, now).await?.as_ref() != Some(&given) {
            add(conn, plan, now).await?;
        }
    }
    Ok(())
}

async fn add(conn: &mut PgConnection, plan: &Plan, now: DateTime<Utc>) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into plan_entitlements
             (plan_name, effective_date, cpu_limit, memory_limit, storage_limit, description, created_by, db_type)
         values ($1, $2, $3, $4, $5, $6, 'plans.toml', $7)",
        plan.name.as_str(),
        now,
        plan.cpu_limit.cores(),
        plan.memory_limit.to_string(),
        plan.storage_limit.to_string(),
        plan.description,
        plan.db_type as DatabaseType
    )
    .execute(conn)
    .await?;
    Ok(())
}
