//! A tenant's database, entered with the tenant's own credentials: is it initialised, and whose is it. Its queries are
//! not checked at compile time, because these tables are Odoo's and not ours.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use runtime::DatabaseAddress;
use secrecy::ExposeSecret;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions, Connection};
use tokio::time::timeout;
use uuid::Uuid;
use vocabulary::InstanceId;

const CONNECT_WITHIN: Duration = Duration::from_secs(5);

/// Odoo's administrator has this id in every database.
const ADMINISTRATOR: i32 = 2;

/// What makes a database this instance's own.
#[derive(Debug)]
pub(crate) struct Identity {
    /// Whose. It becomes Odoo's `database.uuid`, by which an identity that was written is known again.
    pub(crate) instance: InstanceId,
    /// Where it is reached.
    pub(crate) url: String,
    /// The administrator's login and address.
    pub(crate) login: String,
    /// What Odoo stores of the administrator's password.
    pub(crate) password_hash: String,
    /// What the company is called.
    pub(crate) company: String,
    /// The administrator's language, taken over only if it is installed.
    pub(crate) language: Option<String>,
    /// The administrator's time zone, taken over only if it is known.
    pub(crate) timezone: Option<String>,
}

pub(crate) async fn connect(database: &DatabaseAddress) -> anyhow::Result<PgConnection> {
    let options = PgConnectOptions::new_without_pgpass()
        .host(&database.host)
        .port(database.port)
        .database(&database.name)
        .username(&database.user)
        .password(database.password.expose_secret())
        .application_name("saasodoo")
        .disable_statement_logging();
    timeout(CONNECT_WITHIN, PgConnection::connect_with(&options))
        .await
        .context("the tenant's database does not answer")?
        .context("can't enter the tenant's database")
}

/// Whether Odoo has installed all of these modules.
pub(crate) async fn has_modules(conn: &mut PgConnection, modules: &[String]) -> sqlx::Result<bool> {
    let has_table: bool =
        sqlx::query_scalar("select to_regclass('public.ir_module_module') is not null")
            .fetch_one(&mut *conn)
            .await?;
    if !has_table {
        return Ok(false);
    }
    let installed: i64 = sqlx::query_scalar(
        "select count(*) from ir_module_module where name = any($1) and state = 'installed'",
    )
    .bind(modules)
    .fetch_one(conn)
    .await?;
    Ok(installed == i64::try_from(modules.len()).unwrap_or(i64::MAX))
}

/// Whether the database has this instance's identity already. Then it is never written again: its administrator may
/// have changed everything since.
pub(crate) async fn is_identified(
    conn: &mut PgConnection,
    instance: InstanceId,
) -> sqlx::Result<bool> {
    let uuid: Option<String> =
        sqlx::query_scalar("select value from ir_config_parameter where key = 'database.uuid'")
            .fetch_optional(conn)
            .await?;
    Ok(uuid.is_some_and(|uuid| uuid == instance.to_string()))
}

/// Writes the whole identity, or nothing of it.
pub(crate) async fn identify(conn: &mut PgConnection, identity: &Identity) -> anyhow::Result<()> {
    let mut tx = conn.begin().await?;
    set_parameters(&mut tx, identity).await?;
    set_administrator(&mut tx, identity).await?;
    set_company(&mut tx, identity).await?;
    set_place(&mut tx, identity).await?;
    Ok(tx.commit().await?)
}

async fn set_parameters(conn: &mut PgConnection, identity: &Identity) -> sqlx::Result<()> {
    let now = chrono::Utc::now().format("%Y-%m-%d %H:%M:%S").to_string();
    let parameters = [
        ("database.uuid", identity.instance.to_string()),
        ("database.secret", Uuid::new_v4().to_string()),
        ("database.create_date", now),
        ("web.base.url", identity.url.clone()),
        ("web.base.url.freeze", "True".to_owned()),
    ];
    for (key, value) in parameters {
        sqlx::query(
            "insert into ir_config_parameter (key, value, create_uid, create_date, write_uid, write_date)
             values ($1, $2, 1, now() at time zone 'utc', 1, now() at time zone 'utc')
             on conflict (key) do update set value = excluded.value, write_date = excluded.write_date",
        )
        .bind(key)
        .bind(value)
        .execute(&mut *conn)
        .await?;
    }
    Ok(())
}

async fn set_administrator(conn: &mut PgConnection, identity: &Identity) -> anyhow::Result<()> {
    let done = sqlx::query("update res_users set login = $2, password = $3 where id = $1")
        .bind(ADMINISTRATOR)
        .bind(&identity.login)
        .bind(&identity.password_hash)
        .execute(&mut *conn)
        .await?;
    ensure!(done.rows_affected() == 1, "the tenant's database has no administrator");
    sqlx::query(
        "update res_partner set email = $2 where id = (select partner_id from res_users where id = $1)",
    )
    .bind(ADMINISTRATOR)
    .bind(&identity.login)
    .execute(conn)
    .await?;
    Ok(())
}

/// A company's name stands in three places, one of which is called differently in older versions.
async fn set_company(conn: &mut PgConnection, identity: &Identity) -> sqlx::Result<()> {
    let has_complete_name = sqlx::query_scalar(
        "select exists (select from information_schema.columns
                         where table_name = 'res_partner' and column_name = 'complete_name')",
    )
    .fetch_one(&mut *conn)
    .await?;
    let partner = if has_complete_name {
        "update res_partner set name = $2, complete_name = $2
          where id = (select partner_id from res_company
                       where id = (select company_id from res_users where id = $1))"
    } else {
        "update res_partner set name = $2, display_name = $2
          where id = (select partner_id from res_company
                       where id = (select company_id from res_users where id = $1))"
    };
    let company = "update res_company set name = $2 where id = (select company_id from res_users where id = $1)";
    for statement in [partner, company] {
        sqlx::query(statement)
            .bind(ADMINISTRATOR)
            .bind(&identity.company)
            .execute(&mut *conn)
            .await?;
    }
    Ok(())
}

async fn set_place(conn: &mut PgConnection, identity: &Identity) -> sqlx::Result<()> {
    if let Some(language) = &identity.language {
        sqlx::query(
            "update res_partner set lang = $2
              where id = (select partner_id from res_users where id = $1)
                and exists (select from res_lang where code = $2 and active)",
        )
        .bind(ADMINISTRATOR)
        .bind(language)
        .execute(&mut *conn)
        .await?;
    }
    if let Some(timezone) = &identity.timezone {
        sqlx::query(
            "update res_partner set tz = $2
              where id = (select partner_id from res_users where id = $1)
                and exists (select from pg_timezone_names where name = $2)",
        )
        .bind(ADMINISTRATOR)
        .bind(timezone)
        .execute(conn)
        .await?;
    }
    Ok(())
}
