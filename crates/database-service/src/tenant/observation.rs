//! What is really there: read from the server's shared catalogs, without entering any tenant's database.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::PgConnection;

use crate::options::TenantLimits;

/// What was seen of one role and one database.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Seen {
    /// The role, if it exists.
    pub role: Option<SeenRole>,
    /// The database, if it exists.
    pub database: Option<SeenDatabase>,
}

/// What was seen of a role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SeenRole {
    /// Whether it may log in.
    pub can_login: bool,
    /// What the server keeps of its password.
    pub verifier: Option<String>,
    /// Whether it has the bounds that it should have.
    pub is_limited: bool,
}

/// What was seen of a database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SeenDatabase {
    /// Whether it is finished: its owner may enter.
    pub is_open: bool,
}

/// Looks at a role and a database by name.
///
/// # Errors
/// When the server does not answer.
pub(crate) async fn observe(
    session: &mut PgConnection,
    role: &str,
    database: &str,
    limits: &TenantLimits,
) -> sqlx::Result<Seen> {
    let row = sqlx::query!(
        r#"select r.rolcanlogin as "can_login?", r.rolpassword as "verifier?", r.rolconnlimit as "connections?",
                  (select array_agg(setting order by s.setdatabase, setting)
                     from pg_db_role_setting s, unnest(s.setconfig) as setting
                    where s.setrole = r.oid) as "settings?",
                  d.datconnlimit as "limit?"
             from (select 1) as one
             left join pg_authid r on r.rolname = $1
             left join pg_database d on d.datname = $2"#,
        role,
        database
    )
    .fetch_one(session)
    .await?;
    let is_limited = has_bounds(row.connections, row.settings, limits);
    let role =
        row.can_login.map(|can_login| SeenRole { can_login, verifier: row.verifier, is_limited });
    Ok(Seen { role, database: row.limit.map(|limit| SeenDatabase { is_open: limit == -1 }) })
}

/// Looks at roles by their names; who is not there is not in the answer.
///
/// # Errors
/// When the server does not answer.
pub(crate) async fn roles(
    session: &mut PgConnection,
    names: &[String],
    limits: &TenantLimits,
) -> sqlx::Result<BTreeMap<String, SeenRole>> {
    let rows = sqlx::query!(
        r#"select r.rolname::text as "name!", r.rolcanlogin as can_login, r.rolpassword as verifier,
                  r.rolconnlimit as connections,
                  (select array_agg(setting order by s.setdatabase, setting)
                     from pg_db_role_setting s, unnest(s.setconfig) as setting
                    where s.setrole = r.oid) as settings
             from pg_authid r where r.rolname = any($1)"#,
        names
    )
    .fetch_all(session)
    .await?;
    let seen = rows.into_iter().map(|row| {
        let is_limited = has_bounds(Some(row.connections), row.settings, limits);
        (row.name, SeenRole { can_login: row.can_login, verifier: row.verifier, is_limited })
    });
    Ok(seen.collect())
}

/// Whether these are a role's bounds, and it has set nothing else for itself, in any database.
fn has_bounds(
    connections: Option<i32>,
    settings: Option<Vec<String>>,
    limits: &TenantLimits,
) -> bool {
    connections == i32::try_from(limits.connections).ok()
        && settings.unwrap_or_default() == expected(limits)
}

fn expected(limits: &TenantLimits) -> Vec<String> {
    limits.settings().into_iter().map(|(name, value)| format!("{name}={value}")).collect()
}

/// Every database and role of a server that is not the server's own.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Names {
    /// Databases.
    pub databases: BTreeSet<String>,
    /// Roles.
    pub roles: BTreeSet<String>,
}

/// Lists what is on the server.
///
/// # Errors
/// When the server does not answer.
pub(crate) async fn names(session: &mut PgConnection) -> sqlx::Result<Names> {
    let databases = sqlx::query_scalar!(
        r#"select datname::text as "name!" from pg_database
            where datname not in ('postgres', 'template0', 'template1')"#
    )
    .fetch_all(&mut *session)
    .await?;
    let roles = sqlx::query_scalar!(
        r#"select rolname::text as "name!" from pg_roles
            where rolname not in ('postgres', 'golden_owner') and rolname not like 'pg\_%'"#
    )
    .fetch_all(session)
    .await?;
    Ok(Names { databases: databases.into_iter().collect(), roles: roles.into_iter().collect() })
}
