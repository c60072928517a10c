use sqlx::PgConnection;
use vocabulary::CustomerId;

pub(crate) async fn insert(
    conn: &mut PgConnection,
    id: CustomerId,
    name: &str,
) -> sqlx::Result<()> {
    sqlx::query!("insert into customers (id, name) values ($1, $2)", id.0, name)
        .execute(conn)
        .await?;
    Ok(())
}
