//! `db_stock`: clones that wait for somebody to take them.

use sqlx::PgConnection;
use uuid::Uuid;
use vocabulary::ServerId;

use crate::state::CopyState;

/// One piece of stock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Piece {
    /// Its id.
    pub id: Uuid,
    /// On which server.
    pub server_id: ServerId,
    /// Of which template.
    pub template: String,
    /// Of which build of it.
    pub generation: i32,
    /// The database's name.
    pub db_name: String,
    /// The role that owns it.
    pub db_user: String,
    /// How far it is.
    pub state: CopyState,
}

/// The stock of a server.
pub(crate) async fn on_server(
    conn: &mut PgConnection,
    server: ServerId,
) -> sqlx::Result<Vec<Piece>> {
    sqlx::query_as!(
        Piece,
        r#"select id, server_id as "server_id: ServerId", template, generation, db_name, db_user,
                  state as "state: CopyState"
             from database.db_stock where server_id = $1 order by created_at, id"#,
        server as ServerId
    )
    .fetch_all(conn)
    .await
}

/// Writes down a piece that is to be made.
pub(crate) async fn insert(conn: &mut PgConnection, piece: &Piece) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into database.db_stock (id, server_id, template, generation, db_name, db_user)
         values ($1, $2, $3, $4, $5, $6) on conflict do nothing",
        piece.id,
        piece.server_id as ServerId,
        piece.template,
        piece.generation,
        piece.db_name,
        piece.db_user
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Takes the oldest ready piece of a template: from here on it belongs to whoever asked. Nobody else gets it.
pub(crate) async fn take(
    conn: &mut PgConnection,
    server: ServerId,
    template: &str,
) -> sqlx::Result<Option<(String, String)>> {
    let row = sqlx::query!(
        "delete from database.db_stock where id = (
             select s.id from database.db_stock s
               join database.db_templates t on t.name = s.template and t.generation = s.generation
              where s.server_id = $1 and s.template = $2 and s.state = 'ready'
              order by s.created_at limit 1 for update of s skip locked)
         returning db_name, db_user",
        server as ServerId,
        template
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| (row.db_name, row.db_user)))
}

/// Goes from one state to another; false if somebody else was first, or took it.
pub(crate) async fn advance(
    conn: &mut PgConnection,
    piece: &Piece,
    next: CopyState,
) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "update database.db_stock set state = $3, updated_at = now() where id = $1 and state = $2",
        piece.id,
        piece.state as CopyState,
        next as CopyState
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Forgets a piece that is gone.
pub(crate) async fn delete(conn: &mut PgConnection, id: Uuid) -> sqlx::Result<()> {
    sqlx::query!("delete from database.db_stock where id = $1 and state = 'dropping'", id)
        .execute(conn)
        .await?;
    Ok(())
}

/// Forgets the stock of a server that is gone.
pub(crate) async fn delete_all(conn: &mut PgConnection, server: ServerId) -> sqlx::Result<()> {
    sqlx::query!("delete from database.db_stock where server_id = $1", server as ServerId)
        .execute(conn)
        .await?;
    Ok(())
}
