//! Dumps go out and come in by PostgreSQL's own programs. The password reaches them by a file that only we can read,
//! never by an argument. What is restored gets its name last: a database of the right name is a whole one.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::Context as _;
use secrecy::ExposeSecret;
use sqlx::{AssertSqlSafe, PgConnection};
use tempfile::NamedTempFile;
use tokio::process::Command;

use super::connection::Login;
use super::database::{create_empty, drop_database, seal_golden};
use super::identifier::identifier;
use super::wall::GOLDEN_OWNER;

/// Where `pg_dump` and `pg_restore` are.
#[derive(Debug, Clone)]
pub(crate) struct Programs(pub PathBuf);

const DEADLINE: Duration = Duration::from_mins(20);

/// Reads a database out of its server, in PostgreSQL's custom format.
///
/// # Errors
/// When `pg_dump` fails; the error has the end of its output.
pub(crate) async fn dump(
    login: &Login,
    database: &str,
    programs: &Programs,
) -> anyhow::Result<Vec<u8>> {
    let file = NamedTempFile::new().context("a file for the dump")?;
    let mut command = program(programs, "pg_dump", login)?;
    command
        .command
        .arg("--format=custom")
        .arg("--dbname")
        .arg(database)
        .arg("--file")
        .arg(file.path());
    command.run().await?;
    let bytes = tokio::fs::read(file.path()).await.context("reading the dump")?;
    anyhow::ensure!(!bytes.is_empty(), "pg_dump wrote nothing");
    Ok(bytes)
}

/// Restores a dump as a golden database of this name.
///
/// # Errors
/// When the server or `pg_restore` refuses.
pub(crate) async fn restore_golden(
    session: &mut PgConnection,
    login: &Login,
    name: &str,
    dump: &[u8],
    programs: &Programs,
) -> anyhow::Result<()> {
    if !exists(session, name).await? {
        restore(session, login, &Target { name, owner: GOLDEN_OWNER }, dump, programs).await?;
    }
    seal_golden(session, name).await.context("making a template of the database")
}

/// Restores a dump as the database of a tenant, which nobody can enter yet.
///
/// # Errors
/// When the server or `pg_restore` refuses.
pub(crate) async fn restore_tenant(
    session: &mut PgConnection,
    login: &Login,
    (name, owner): (&str, &str),
    dump: &[u8],
    programs: &Programs,
) -> anyhow::Result<()> {
    if exists(session, name).await? {
        return Ok(());
    }
    restore(session, login, &Target { name, owner }, dump, programs).await
}

struct Target<'a> {
    name: &'a str,
    owner: &'a str,
}

/// The database under its provisional name is only ever part of a restore, so it can be dropped at any time.
async fn restore(
    session: &mut PgConnection,
    login: &Login,
    target: &Target<'_>,
    dump: &[u8],
    programs: &Programs,
) -> anyhow::Result<()> {
    let part = format!("{}_part", target.name);
    drop_database(session, &part).await.context("removing what an earlier restore left")?;
    create_empty(session, &part, target.owner)
        .await
        .context("an empty database to restore into")?;

    let file = write(dump)?;
    let mut command = program(programs, "pg_restore", login)?;
    command
        .command
        .args(["--no-owner", "--no-privileges", "--exit-on-error", "--jobs=2"])
        .arg(format!("--role={}", target.owner))
        .arg(format!("--dbname={part}"))
        .arg(file.path());
    command.run().await?;

    let rename =
        format!("alter database {} rename to {}", identifier(&part), identifier(target.name));
    sqlx::raw_sql(AssertSqlSafe(rename))
        .execute(session)
        .await
        .context("naming what was restored")?;
    Ok(())
}

async fn exists(session: &mut PgConnection, name: &str) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"select exists (select from pg_database where datname = $1) as "exists!""#,
        name
    )
    .fetch_one(session)
    .await
}

fn write(bytes: &[u8]) -> anyhow::Result<NamedTempFile> {
    let mut file = NamedTempFile::new().context("a file for the dump")?;
    file.write_all(bytes).and_then(|()| file.flush()).context("writing the dump")?;
    Ok(file)
}

/// A program with its connection, and the file that has the password for as long as the program runs.
struct Program {
    command: Command,
    name: &'static str,
    _password: NamedTempFile,
}

fn program(programs: &Programs, name: &'static str, login: &Login) -> anyhow::Result<Program> {
    let password =
        write(format!("*:*:*:*:{}\n", escaped(login.password.expose_secret())).as_bytes())?;
    let mut command = Command::new(path(&programs.0, name));
    command
        .env_clear()
        .env("PGPASSFILE", password.path())
        .env("PGHOST", &login.address.host)
        .env("PGPORT", login.address.port.to_string())
        .env("PGUSER", "postgres")
        .env("PGCONNECT_TIMEOUT", "10")
        .arg("--no-password")
        .stdin(Stdio::null())
        .kill_on_drop(true);
    Ok(Program { command, name, _password: password })
}

/// A password file escapes colons and backslashes.
fn escaped(password: &str) -> String {
    password.replace('\\', "\\\\").replace(':', "\\:")
}

fn path(folder: &Path, name: &str) -> PathBuf {
    folder.join(name)
}

impl Program {
    async fn run(mut self) -> anyhow::Result<()> {
        let name = self.name;
        let output = tokio::time::timeout(DEADLINE, self.command.output())
            .await
            .with_context(|| {
                format!("{name} took longer than {} minutes", DEADLINE.as_secs() / 60)
            })?
            .with_context(|| format!("{name} could not be started"))?;
        if output.status.success() {
            return Ok(());
        }
        let text = String::from_utf8_lossy(&output.stderr);
        let end: Vec<&str> = text.lines().rev().take(5).collect();
        let end: Vec<&str> = end.into_iter().rev().collect();
        anyhow::bail!("{name} failed ({}): {}", output.status, end.join(" | "))
    }
}
