use sqlx::PgConnection;
use vocabulary::{EmailAddress, StaffId};

pub(crate) async fn exists(conn: &mut PgConnection) -> sqlx::Result<bool> {
    sqlx::query_scalar!(r#"select exists (select from staff) as "exists!""#).fetch_one(conn).await
}

/// Whether this made the first one.
pub(crate) async fn insert_first(
    conn: &mut PgConnection,
    id: StaffId,
    email: &EmailAddress,
    hash: &str,
) -> sqlx::Result<bool> {
    // Two that start at once would both see an empty table.
    sqlx::query!("lock table staff in share row exclusive mode").execute(&mut *conn).await?;
    let done = sqlx::query!(
        "insert into staff (id, email, password_hash) select $1, $2, $3 where not exists (select from staff)",
        id.0,
        email.as_str(),
        hash,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}
