//! Connections to the tenants' servers: a small pool for each server, kept as long as its address stays the same.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use runtime::Address;
use secrecy::{ExposeSecret, SecretString};
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPool, PgPoolOptions};
use sqlx::{ConnectOptions, Connection, Row};
use vocabulary::ServerId;

/// How to get into one server as its superuser.
#[derive(Debug, Clone)]
pub(crate) struct Login {
    /// Which server.
    pub server: ServerId,
    /// Where it listens.
    pub address: Address,
    /// Its superuser's password.
    pub password: SecretString,
}

impl Login {
    /// The options of a connection to one database of the server.
    pub(super) fn to(&self, database: &str) -> PgConnectOptions {
        PgConnectOptions::new_without_pgpass()
            .host(&self.address.host)
            .port(self.address.port)
            .username("postgres")
            .password(self.password.expose_secret())
            .database(database)
            .application_name("saasodoo")
            .options([("statement_timeout", "120s"), ("lock_timeout", "20s")])
            .log_slow_statements(tracing::log::LevelFilter::Debug, Duration::from_secs(5))
    }

    /// A connection of its own into one database; the caller closes it.
    ///
    /// # Errors
    /// When the server does not let us in within ten seconds.
    pub(crate) async fn enter(&self, database: &str) -> sqlx::Result<PgConnection> {
        let options = self.to(database);
        let connecting = PgConnection::connect_with(&options);
        tokio::time::timeout(Duration::from_secs(10), Box::pin(connecting))
            .await
            .map_err(|_| sqlx::Error::PoolTimedOut)?
    }
}

/// The open pools, by server.
#[derive(Debug, Clone, Default)]
pub(crate) struct Connections {
    open: Pools,
    watching: Pools,
}

type Pools = Arc<Mutex<HashMap<ServerId, (Address, PgPool)>>>;

impl Connections {
    /// The pool into the server's database `postgres`; nothing is connected before it is used.
    #[must_use]
    pub(crate) fn pool(&self, login: &Login) -> PgPool {
        known(&self.open, login, || fresh(login))
    }

    /// A pool of one session, which stays open: when a tenant has taken what every new session needs, this one has it.
    #[must_use]
    pub(crate) fn watch(&self, login: &Login) -> PgPool {
        known(&self.watching, login, || {
            let one = PgPoolOptions::new().max_connections(1).idle_timeout(None).max_lifetime(None);
            one.acquire_timeout(Duration::from_secs(8)).connect_lazy_with(login.to("postgres"))
        })
    }

    /// Forgets the pool of a server that is gone.
    pub(crate) fn forget(&self, server: ServerId) {
        for pools in [&self.open, &self.watching] {
            pools.lock().unwrap_or_else(PoisonError::into_inner).remove(&server);
        }
    }
}

/// The pool into a server at this address, made if there is none.
fn known(pools: &Pools, login: &Login, fresh: impl FnOnce() -> PgPool) -> PgPool {
    let mut pools = pools.lock().unwrap_or_else(PoisonError::into_inner);
    match pools.get(&login.server) {
        Some((address, pool)) if *address == login.address => pool.clone(),
        _ => {
            let pool = fresh();
            pools.insert(login.server, (login.address.clone(), pool.clone()));
            pool
        }
    }
}

fn fresh(login: &Login) -> PgPool {
    PgPoolOptions::new()
        .max_connections(6)
        .acquire_timeout(Duration::from_secs(8))
        .idle_timeout(Duration::from_mins(1))
        .test_before_acquire(true)
        .after_release(|connection, _| Box::pin(is_between_transactions(connection)))
        .connect_lazy_with(login.to("postgres"))
}

/// Whether no transaction is open: one that a dropped attempt has left open (sqlx 0.9.0, issue 4393) would swallow
/// what comes next. Only the simple protocol begins a transaction and its statement with one message.
async fn is_between_transactions(connection: &mut PgConnection) -> sqlx::Result<bool> {
    sqlx::raw_sql("select transaction_timestamp() = statement_timestamp()")
        .fetch_one(connection)
        .await?
        .try_get(0)
}
