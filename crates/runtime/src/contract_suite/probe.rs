//! Looking at workloads as their users do: over TCP, with SQL and HTTP.

use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, Row as _};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::{Address, Observed, Running, Runtime, WorkloadName};

const PATIENCE: Duration = Duration::from_secs(60);

/// Tries until there is a result.
///
/// # Panics
/// When there is none after a minute.
pub async fn eventually<T, F: Future<Output = Option<T>>>(
    what: &str,
    mut attempt: impl FnMut() -> F,
) -> T {
    let mut ticks = tokio::time::interval(Duration::from_millis(20));
    let trying = async {
        loop {
            ticks.tick().await;
            if let Some(result) = attempt().await {
                return result;
            }
        }
    };
    tokio::time::timeout(PATIENCE, trying).await.unwrap_or_else(|_| panic!("never came: {what}"))
}

/// Waits until a workload is seen to run what was applied.
pub(crate) async fn running(runtime: &Arc<dyn Runtime>, name: &WorkloadName) -> Running {
    eventually(&format!("{name} runs"), || async {
        match runtime.observe(name).await {
            Observed::Running(running) if running.is_current => Some(running),
            _ => None,
        }
    })
    .await
}

/// A superuser's way into a server of a test.
#[derive(Debug, Clone)]
pub struct Login {
    /// Where the server is.
    pub address: Address,
    options: PgConnectOptions,
}

impl Login {
    /// The login of [`super::small_server`] at an address.
    #[must_use]
    pub fn new(address: Address) -> Self {
        let options = PgConnectOptions::new_without_pgpass()
            .host(&address.host)
            .port(address.port)
            .username("postgres")
            .password("a secret")
            .database("postgres");
        Self { address, options }
    }

    /// The same login into another database of the server.
    #[must_use]
    pub fn to_database(&self, name: &str) -> Self {
        Self { address: self.address.clone(), options: self.options.clone().database(name) }
    }

    /// Waits until the server lets us in.
    pub async fn answers(&self) {
        eventually("a server lets us in", || async { self.connect().await.ok() }).await;
    }

    /// Whether another password is refused as such.
    pub async fn refuses_other_passwords(&self) -> bool {
        let wrong = self.options.clone().password("not the secret");
        match PgConnection::connect_with(&wrong).await {
            Err(sqlx::Error::Database(error)) => error.code().as_deref() == Some("28P01"),
            _ => false,
        }
    }

    /// Asks for one text, or `None` when the server does not answer.
    pub async fn ask(&self, question: &str) -> Option<String> {
        let mut connection = self.connect().await.ok()?;
        let question = AssertSqlSafe(question.to_owned());
        let row = sqlx::query(question).fetch_one(&mut connection).await.ok()?;
        row.try_get(0).ok()
    }

    /// Executes a statement.
    pub async fn execute(&self, statement: &str) {
        let mut connection = self.connect().await.unwrap();
        sqlx::raw_sql(AssertSqlSafe(statement.to_owned())).execute(&mut connection).await.unwrap();
    }

    /// When the server was started: another one after every restart.
    pub async fn started_at(&self) -> Option<String> {
        self.ask("select pg_postmaster_start_time()::text").await
    }

    async fn connect(&self) -> sqlx::Result<PgConnection> {
        PgConnection::connect_with(&self.options).await
    }
}

/// The status and the body of a page, or `None` when nobody answers.
pub async fn fetch(address: &Address, path: &str) -> Option<(u16, String)> {
    ask(address, format!("GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n")).await
}

/// The answer to a body of JSON.
pub(crate) async fn post(address: &Address, path: &str, body: &str) -> Option<(u16, String)> {
    let head = format!("POST {path} HTTP/1.0\r\nHost: localhost\r\nContent-Type: application/json");
    ask(address, format!("{head}\r\nContent-Length: {}\r\n\r\n{body}", body.len())).await
}

async fn ask(address: &Address, request: String) -> Option<(u16, String)> {
    let mut stream = TcpStream::connect((address.host.as_str(), address.port)).await.ok()?;
    stream.write_all(request.as_bytes()).await.ok()?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.ok()?;
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let status = answer.split(' ').nth(1)?.parse().ok()?;
    let body = answer.split_once("\r\n\r\n")?.1.to_owned();
    Some((status, body))
}
