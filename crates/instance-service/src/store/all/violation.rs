//! What the rows of this service may not say. Each query answers what breaks one rule: an instance, and what is wrong
//! with it.

use sqlx::PgConnection;

/// A thing, and what is wrong with it.
pub type Broken = (String, String);

/// Instances that end or have ended, and nobody has demanded it.
pub async fn ended_undemanded(conn: &mut PgConnection) -> sqlx::Result<Vec<Broken>> {
    let rows = sqlx::query!(
        "select id, status from instances where status in ('terminating', 'terminated') and unwanted_at is null"
    )
    .fetch_all(conn)
    .await?;
    let wrong = |status| format!("is {status}, and its owner has not demanded that");
    Ok(rows.into_iter().map(|row| (format!("instance {}", row.id), wrong(row.status))).collect())
}

/// Instances whose making or ending no entry of the audit tells; or a wish that holds.
pub async fn wishes_unaudited(conn: &mut PgConnection) -> sqlx::Result<Vec<Broken>> {
    let rows = sqlx::query!(
        r#"select i.id as "id!", act.name as "act!"
             from instances i
            cross join lateral (values
                ('entitle', i.entitlement_version > 0), ('delete', i.unwanted_at is not null),
                ('hold', i.is_held), ('stop', i.wish = 'stop'), ('restart', i.restart_generation > 0)
                ) as act (name, was_done)
            where act.was_done
              and not exists (select from instance_audit e
                               where e.instance_id = i.id and e.act = act.name
                                 and (e.act = 'entitle' or e.outcome = 'done'))
            union all
           select i.id, 'create' from instances i
            where not exists (select from instance_audit e
                               where e.instance_id = i.id and e.act in ('create', 'entitle'))"#
    )
    .fetch_all(conn)
    .await?;
    let wrong = |act| format!("is as it is, and no entry tells who did `{act}`");
    Ok(rows.into_iter().map(|row| (format!("instance {}", row.id), wrong(row.act))).collect())
}

/// Instances whose status is another than the last that the reconciler put into the audit.
pub async fn statuses_unaudited(conn: &mut PgConnection) -> sqlx::Result<Vec<Broken>> {
    let rows = sqlx::query!(
        "select i.id, i.status from instances i
          where i.status in ('running', 'stopped', 'suspended', 'terminated')
            and i.status is distinct from (
                select e.act from instance_audit e
                 where e.instance_id = i.id and e.actor = 'instance-worker'
                   and e.act in ('running', 'stopped', 'suspended', 'terminated')
                 order by e.id desc limit 1)"
    )
    .fetch_all(conn)
    .await?;
    let wrong = |status| format!("is {status}, and no entry tells since when");
    Ok(rows.into_iter().map(|row| (format!("instance {}", row.id), wrong(row.status))).collect())
}
