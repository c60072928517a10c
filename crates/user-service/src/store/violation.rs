//! What the rows of this service may not say. Each query answers what breaks one rule: a subject, and what is wrong with it.

use sqlx::PgConnection;

/// A thing, and what is wrong with it.
pub(crate) type Broken = (String, String);

/// Customers, staff and log-ins that no entry of the audit tells of.
pub(crate) async fn unaudited(conn: &mut PgConnection) -> sqlx::Result<Vec<Broken>> {
    let rows = sqlx::query_scalar!(
        r#"select thing.subject as "subject!" from (
               select 'customer ' || c.id as subject, array['customer ' || c.id, 'address ' || m.email] as told_as,
                      array['make_customer', 'register'] as acts
                 from customers c join members m on m.customer_id = c.id
                union all
               select 'staff ' || email, array['staff ' || email], array['make_staff'] from staff
                union all
               select 'log-in ' || token_id, array['token ' || token_id], array['log_in'] from sessions
             ) as thing
            where not exists (select from user_audit a
                               where a.subject = any (thing.told_as) and a.action = any (thing.acts))"#
    )
    .fetch_all(conn)
    .await?;
    let wrong = || "is there, and no entry tells who made it".to_owned();
    Ok(rows.into_iter().map(|subject| (subject, wrong())).collect())
}
