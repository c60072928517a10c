//! Sessions of tenants that take for themselves what is there for all. A tenant may switch off the timeouts of its own
//! sessions, so they are asked to behave by settings, and made to by this look. The superuser's sessions are ours.

use std::time::Duration;

use sqlx::PgConnection;

use crate::options::TenantLimits;

/// A session that was ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ended {
    /// Whose it was, where that can be told.
    pub role: String,
    /// Why, for people.
    pub reason: String,
}

/// Ends every tenant's session that has a statement without end, does nothing in its transaction, keeps what is deleted
/// from being cleared away by a transaction without end, or has taken most of the locks that all share.
///
/// While somebody has taken all locks, a session can read no catalog that is shared by all databases. So this asks
/// functions only, and afterwards remembers who is a superuser, for the next time: ending a session asks for that.
///
/// # Errors
/// When the server does not answer.
pub(crate) async fn end_overstaying(
    session: &mut PgConnection,
    limits: &TenantLimits,
) -> sqlx::Result<Vec<Ended>> {
    let ended = sqlx::query!(
        r#"with locks as (
             select l.pid, count(*) as held from pg_lock_status() l where not l.fastpath group by l.pid
           ), judged as materialized (
             select a.pid, a.usesysid,
                    case when a.state like 'idle in transaction%'
                               and a.state_change < clock_timestamp() - make_interval(secs => $2)
                           then 'it did nothing in its transaction for too long'
                         when a.state not like 'idle%' and a.query_start < clock_timestamp() - make_interval(secs => $1)
                           then 'its statement took too long'
                         when a.xact_start < clock_timestamp() - make_interval(secs => $3)
                           then 'its transaction took too long'
                         when sum(coalesce(l.held, 0)) over (partition by a.usesysid)
                              > 0.75 * current_setting('max_locks_per_transaction')::bigint
                                     * current_setting('max_connections')::bigint
                           then 'its role had taken most of the locks of the server'
                    end as reason
               from pg_stat_get_activity(null) a left join locks l using (pid)
              where a.backend_type = 'client backend' and a.usesysid <> 10
           )
           select usesysid as "role!", reason as "reason!" from judged
            where reason is not null and pg_terminate_backend(pid)"#,
        seconds(limits.statement_timeout),
        seconds(limits.idle_in_transaction_timeout),
        seconds(limits.transaction_timeout)
    )
    .fetch_all(&mut *session)
    .await?;
    let names = sqlx::query!(
        r#"select oid as "id!", rolname::text as "name!", pg_has_role(oid, 10, 'usage') as is_superuser from pg_roles"#
    )
    .fetch_all(session)
    .await;
    let names = names.unwrap_or_default();
    let name = |id| names.iter().find(|role| role.id == id).map(|role| role.name.clone());
    let ended = ended.into_iter();
    Ok(ended
        .map(|row| Ended { role: name(row.role).unwrap_or_default(), reason: row.reason })
        .collect())
}

fn seconds(duration: Duration) -> f64 {
    duration.as_secs_f64()
}
