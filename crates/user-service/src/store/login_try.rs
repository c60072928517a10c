use api::Origin;
use sqlx::PgConnection;
use vocabulary::EmailAddress;

/// Counts one try, and says the how manyth it is since the last that worked, in 15 minutes.
pub(crate) async fn count(
    conn: &mut PgConnection,
    email: &EmailAddress,
    from: Origin,
) -> sqlx::Result<i32> {
    sqlx::query!("delete from login_tries where since < now() - interval '15 minutes'")
        .execute(&mut *conn)
        .await?;
    sqlx::query_scalar!(
        "insert into login_tries (email, origin, tries, since) values ($1, $2, 1, now())
         on conflict (email, origin) do update set tries = login_tries.tries + 1
         returning tries",
        email.as_str(),
        super::text(from).unwrap_or_default(),
    )
    .fetch_one(conn)
    .await
}

pub(crate) async fn forget(
    conn: &mut PgConnection,
    email: &EmailAddress,
    from: Origin,
) -> sqlx::Result<()> {
    sqlx::query!(
        "delete from login_tries where email = $1 and origin = $2",
        email.as_str(),
        super::text(from).unwrap_or_default(),
    )
    .execute(conn)
    .await?;
    Ok(())
}
