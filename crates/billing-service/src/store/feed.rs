//! How far the engine's changes have been read.

use billing_engine::Cursor;
use sqlx::PgConnection;

pub(crate) async fn read(conn: &mut PgConnection) -> sqlx::Result<Cursor> {
    sqlx::query_scalar!("select sequence from engine_feed").fetch_one(conn).await.map(Cursor)
}

pub(crate) async fn advance(conn: &mut PgConnection, to: Cursor) -> sqlx::Result<()> {
    sqlx::query!("update engine_feed set sequence = $1", to.0).execute(conn).await?;
    Ok(())
}
