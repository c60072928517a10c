//! `db_slots`: capacity as a constraint.

use sqlx::PgConnection;
use vocabulary::{AllocationId, ServerId};

/// Locks a free slot of the server for this transaction. Others skip it, so nobody waits and nobody gets the same.
pub(crate) async fn lock_free(
    conn: &mut PgConnection,
    server: ServerId,
) -> sqlx::Result<Option<i32>> {
    sqlx::query_scalar!(
        "select number from database.db_slots
          where server_id = $1 and allocation_id is null
          order by number limit 1 for update skip locked",
        server as ServerId
    )
    .fetch_optional(conn)
    .await
}

/// Puts an allocation into a slot that this transaction has locked.
pub(crate) async fn take(
    conn: &mut PgConnection,
    (server, number): (ServerId, i32),
    allocation: AllocationId,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update database.db_slots set allocation_id = $3 where server_id = $1 and number = $2",
        server as ServerId,
        number,
        allocation as AllocationId
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Frees the slot of an allocation.
pub(crate) async fn free(conn: &mut PgConnection, allocation: AllocationId) -> sqlx::Result<()> {
    sqlx::query!(
        "update database.db_slots set allocation_id = null where allocation_id = $1",
        allocation as AllocationId
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Adds slots until the server has so many; numbers are never given twice at a time.
pub(crate) async fn grow(conn: &mut PgConnection, server: ServerId, size: i32) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into database.db_slots (server_id, number)
         select $1, top.number + step
           from (select coalesce(max(number), 0) as number, count(*)::integer as present
                   from database.db_slots where server_id = $1) as top,
                generate_series(1, $2 - top.present) as step",
        server as ServerId,
        size
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Takes free slots away until so many are left; those in use stay, so more may be left. Tells how many are.
pub(crate) async fn shrink(
    conn: &mut PgConnection,
    server: ServerId,
    size: i32,
) -> sqlx::Result<i64> {
    // Whoever is about to take one of them has it locked, and we wait for what becomes of it.
    sqlx::query!(
        "select number from database.db_slots where server_id = $1 order by number for update",
        server as ServerId
    )
    .fetch_all(&mut *conn)
    .await?;
    sqlx::query!(
        "delete from database.db_slots
          where server_id = $1 and number in (
              select number from database.db_slots where server_id = $1 and allocation_id is null
               order by number desc
               limit greatest(0, (select count(*) from database.db_slots where server_id = $1) - $2))",
        server as ServerId,
        i64::from(size)
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query_scalar!(
        r#"select count(*) as "left!" from database.db_slots where server_id = $1"#,
        server as ServerId
    )
    .fetch_one(conn)
    .await
}

/// How many slots of the server are free.
pub(crate) async fn count_free(conn: &mut PgConnection, server: ServerId) -> sqlx::Result<i64> {
    sqlx::query_scalar!(
        r#"select count(*) as "free!" from database.db_slots where server_id = $1 and allocation_id is null"#,
        server as ServerId
    )
    .fetch_one(conn)
    .await
}
