//! What people call servers and allocations.

use std::collections::HashMap;

use sqlx::PgConnection;
use uuid::Uuid;

/// A server is called by its name, an allocation by the subdomain of its instance.
pub(crate) async fn find(
    conn: &mut PgConnection,
    things: &[Uuid],
) -> sqlx::Result<HashMap<Uuid, String>> {
    let rows = sqlx::query!(
        r#"select id as "id!", name as "name!" from database.db_servers where id = any($1)
           union all
           select a.id, i.subdomain
             from database.db_allocations a join public.instances i on i.id = a.instance_id
            where a.id = any($1)"#,
        things
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.name)).collect())
}
