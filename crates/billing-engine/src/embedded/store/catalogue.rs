//! What was sold since when. Rows are only added.

use crate::catalogue::{Catalogue, CataloguePlan};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use vocabulary::PlanName;

pub(crate) async fn all(conn: &mut PgConnection) -> sqlx::Result<Catalogue> {
    let rows = sqlx::query!(
        r#"select plan_name as "plan_name: PlanName", effective_at, currency, trial_days, price
           from engine_catalogue"#
    )
    .fetch_all(conn)
    .await?;
    let mut catalogue = Catalogue::default();
    for row in rows {
        let trial_days = u32::try_from(row.trial_days).unwrap_or(0);
        let (name, currency, price) = (row.plan_name, row.currency, row.price);
        catalogue.add(row.effective_at, CataloguePlan { name, currency, trial_days, price });
    }
    Ok(catalogue)
}

/// Adds a version of each plan that differs from its newest.
pub(crate) async fn publish(
    conn: &mut PgConnection,
    plans: &[CataloguePlan],
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    // Several processes may start at once; the second one finds what the first has added.
    sqlx::query!("lock table engine_catalogue in share row exclusive mode")
        .execute(&mut *conn)
        .await?;
    let known = all(conn).await?;
    for plan in plans {
        if known.at(&plan.name, now) != Some(plan) {
            add(conn, plan, now).await?;
        }
    }
    Ok(())
}

async fn add(
    conn: &mut PgConnection,
    plan: &CataloguePlan,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into engine_catalogue (plan_name, effective_at, currency, trial_days, price)
         values ($1, $2, $3, $4, $5)",
        plan.name.as_str(),
        now,
        plan.currency,
        i32::try_from(plan.trial_days).unwrap_or(i32::MAX),
        plan.price
    )
    .execute(conn)
    .await?;
    Ok(())
}
