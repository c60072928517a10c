//! One look at the health of a server: it lets us in, reads, writes, and tells how full it is.

use std::time::{Duration, Instant};

use sqlx::{Connection, PgConnection};

use super::connection::Login;

/// What a look found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Findings {
    /// How long the queries took, without connecting.
    pub latency: Duration,
    /// Connections in use.
    pub connections: i64,
    /// Connections that it can have.
    pub max_connections: i64,
    /// Free disk under its data, in MiB, where it can tell.
    pub free_disk: Option<i64>,
    /// Whether shipping its log to an archive fails.
    pub archiving_fails: bool,
}

/// Looks at one server, within the deadline.
///
/// # Errors
/// When it does not let us in, does not answer in time, or cannot write.
pub(crate) async fn probe(login: &Login, deadline: Duration) -> anyhow::Result<Findings> {
    match tokio::time::timeout(deadline, Box::pin(look(login))).await {
        Ok(found) => Ok(found?),
        Err(_) => anyhow::bail!("no answer within {} ms", deadline.as_millis()),
    }
}

async fn look(login: &Login) -> sqlx::Result<Findings> {
    let mut session = login.enter("postgres").await?;
    let begin = Instant::now();
    // A server whose disk is full still reads; only a write shows it.
    sqlx::raw_sql("create temporary table probe (line text); insert into probe values ('written')")
        .execute(&mut session)
        .await?;
    let row = sqlx::query!(
        r#"select (select count(*) from pg_stat_activity where backend_type = 'client backend') as "connections!",
                  current_setting('max_connections')::bigint as "max_connections!",
                  (select coalesce(last_failed_time > coalesce(last_archived_time, '-infinity'), false)
                     from pg_stat_archiver) as "archiving_fails!""#
    )
    .fetch_one(&mut session)
    .await?;
    let latency = begin.elapsed();
    let free_disk = free_disk(&mut session).await;
    session.close().await?;
    Ok(Findings {
        latency,
        connections: row.connections,
        max_connections: row.max_connections,
        free_disk,
        archiving_fails: row.archiving_fails,
    })
}

/// A server works in its data folder, so it can be asked for the disk under it, wherever it runs. One that may not
/// start programs does not tell, and that is no failure.
async fn free_disk(session: &mut PgConnection) -> Option<i64> {
    sqlx::raw_sql("truncate probe; copy probe from program 'df -Pm . 2>/dev/null'")
        .execute(&mut *session)
        .await
        .ok()?;
    sqlx::query_scalar::<_, i64>(
        "select (regexp_split_to_array(line, '\\s+'))[4]::bigint from probe where line not like 'Filesystem%' limit 1",
    )
    .fetch_optional(session)
    .await
    .ok()
    .flatten()
}
