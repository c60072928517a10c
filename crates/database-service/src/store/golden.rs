//! `db_goldens`: the golden copy of a template on a server.

use sqlx::PgConnection;
use vocabulary::ServerId;

use crate::state::CopyState;

/// One golden copy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Golden {
    /// On which server.
    pub server_id: ServerId,
    /// Of which template.
    pub template: String,
    /// Of which build of it.
    pub generation: i32,
    /// Its name there.
    pub db_name: String,
    /// How far it is.
    pub state: CopyState,
}

/// The golden copies on a server.
pub(crate) async fn on_server(
    conn: &mut PgConnection,
    server: ServerId,
) -> sqlx::Result<Vec<Golden>> {
    sqlx::query_as!(
        Golden,
        r#"select server_id as "server_id: ServerId", template, generation, db_name, state as "state: CopyState"
             from database.db_goldens where server_id = $1 order by template, generation"#,
        server as ServerId
    )
    .fetch_all(conn)
    .await
}

/// Writes down a copy that is to be made.
pub(crate) async fn insert(conn: &mut PgConnection, golden: &Golden) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into database.db_goldens (server_id, template, generation, db_name)
         values ($1, $2, $3, $4) on conflict do nothing",
        golden.server_id as ServerId,
        golden.template,
        golden.generation,
        golden.db_name
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Goes from one state to another; false if somebody else was first.
pub(crate) async fn advance(
    conn: &mut PgConnection,
    golden: &Golden,
    next: CopyState,
) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "update database.db_goldens set state = $5, updated_at = now()
          where server_id = $1 and template = $2 and generation = $3 and state = $4",
        golden.server_id as ServerId,
        golden.template,
        golden.generation,
        golden.state as CopyState,
        next as CopyState
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Forgets a copy that is gone.
pub(crate) async fn delete(conn: &mut PgConnection, golden: &Golden) -> sqlx::Result<()> {
    sqlx::query!(
        "delete from database.db_goldens where server_id = $1 and template = $2 and generation = $3",
        golden.server_id as ServerId,
        golden.template,
        golden.generation
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Forgets the copies on a server that is gone.
pub(crate) async fn delete_all(conn: &mut PgConnection, server: ServerId) -> sqlx::Result<()> {
    sqlx::query!("delete from database.db_goldens where server_id = $1", server as ServerId)
        .execute(conn)
        .await?;
    Ok(())
}
