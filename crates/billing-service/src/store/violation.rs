//! What the rows of this service may not say. Each query answers what breaks one rule: a subject, and what is wrong
//! with it.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

/// A thing, and what is wrong with it.
pub(crate) type Broken = (String, String);

/// Orders that were placed before `since`, and of which nothing is stated yet, or something else than what holds.
pub(crate) async fn unstated(
    conn: &mut PgConnection,
    since: DateTime<Utc>,
) -> sqlx::Result<Vec<Broken>> {
    let rows = sqlx::query!(
        "select instance_id, version, acknowledged_version
           from orders o join entitlements e using (instance_id)
          where o.refused is null and e.alarm is null
            and case when e.version = 0 then o.created_at < $1
                     else e.acknowledged_version < e.version and e.changed_at < $1 end",
        since
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let wrong = format!(
                "has version {} of its entitlement, and instance-service knows {}",
                row.version, row.acknowledged_version
            );
            (format!("instance {}", row.instance_id), wrong)
        })
        .collect())
}

/// Entitlements that need a person.
pub(crate) async fn alarmed(conn: &mut PgConnection) -> sqlx::Result<Vec<Broken>> {
    let rows = sqlx::query!(
        r#"select instance_id, alarm as "alarm!" from entitlements where alarm is not null"#
    )
    .fetch_all(conn)
    .await?;
    let wrong = |alarm| format!("has no entitlement that could be stated: {alarm}");
    Ok(rows
        .into_iter()
        .map(|row| (format!("instance {}", row.instance_id), wrong(row.alarm)))
        .collect())
}

/// Orders that no entry of the audit tells of.
pub(crate) async fn orders_unaudited(conn: &mut PgConnection) -> sqlx::Result<Vec<Broken>> {
    let rows = sqlx::query_scalar!(
        "select instance_id from orders o
          where not exists (select from billing_audit a
                             where a.subject = o.instance_id::text and a.act = 'order')"
    )
    .fetch_all(conn)
    .await?;
    let wrong = || "was ordered, and no entry tells who did it".to_owned();
    Ok(rows.into_iter().map(|id| (format!("instance {id}"), wrong())).collect())
}

/// Entitlements whose standing is another than the audit's last word on it.
pub(crate) async fn entitlements_unaudited(conn: &mut PgConnection) -> sqlx::Result<Vec<Broken>> {
    let rows = sqlx::query!(
        r#"select instance_id, standing as "standing!" from entitlements e
          where version > 0
            and standing is distinct from (
                select split_part(a.outcome, ': ', 2) from billing_audit a
                 where a.subject = e.instance_id::text and a.act = 'entitle'
                 order by a.id desc limit 1)"#
    )
    .fetch_all(conn)
    .await?;
    let wrong = |standing| format!("stands as {standing}, and no entry tells since when");
    Ok(rows
        .into_iter()
        .map(|row| (format!("instance {}", row.instance_id), wrong(row.standing)))
        .collect())
}

/// Payments that the embedded engine has, and no entry of the audit tells of.
pub(crate) async fn payments_unaudited(conn: &mut PgConnection) -> sqlx::Result<Vec<Broken>> {
    let rows = sqlx::query_scalar!(
        "select distinct p.invoice_id from engine_payments p
          where not exists (select from billing_audit a
                             where a.subject = p.invoice_id::text and a.act = 'record payment'
                               and a.outcome in ('asked', 'done'))"
    )
    .fetch_all(conn)
    .await?;
    let wrong = || "was paid, and no entry tells who recorded it".to_owned();
    Ok(rows.into_iter().map(|id| (format!("invoice {id}"), wrong())).collect())
}
