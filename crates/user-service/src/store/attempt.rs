use sqlx::PgConnection;

/// How often something was tried, and when that is forgotten.
pub(crate) struct Counted {
    pub(crate) tries: i32,
    pub(crate) seconds_left: i32,
}

/// Counts one try in the 15 minutes that began with the first.
pub(crate) async fn count(
    conn: &mut PgConnection,
    act: &str,
    subject: &str,
) -> sqlx::Result<Counted> {
    sqlx::query_as!(
        Counted,
        r#"insert into tries as t (act, subject, tries, since) values ($1, $2, 1, now())
           on conflict (act, subject) do update set
               tries = case when t.since < now() - interval '15 minutes' then 1 else t.tries + 1 end,
               since = case when t.since < now() - interval '15 minutes' then now() else t.since end
           returning tries,
               ceil(extract(epoch from since + interval '15 minutes' - now()))::int as "seconds_left!""#,
        act,
        subject,
    )
    .fetch_one(conn)
    .await
}

pub(crate) async fn forget(conn: &mut PgConnection, act: &str, subject: &str) -> sqlx::Result<()> {
    sqlx::query!("delete from tries where act = $1 and subject = $2", act, subject)
        .execute(conn)
        .await?;
    Ok(())
}

/// Takes back one try.
pub(crate) async fn pardon(conn: &mut PgConnection, act: &str, subject: &str) -> sqlx::Result<()> {
    sqlx::query!(
        "update tries set tries = tries - 1 where act = $1 and subject = $2 and tries > 0",
        act,
        subject,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Removes some of what no longer counts. Whoever else does the same is left to it.
pub(crate) async fn delete_old(conn: &mut PgConnection) -> sqlx::Result<()> {
    sqlx::query!(
        "delete from tries where (act, subject) in (
             select act, subject from tries where since < now() - interval '15 minutes'
             limit 100 for update skip locked)"
    )
    .execute(conn)
    .await?;
    Ok(())
}
