//! What a process needs before it can take roles: keys, the runtime, and the platform's PostgreSQL.

use std::sync::Arc;

use anyhow::Context as _;
use identity::TokenKey;
use platform::Credentials;
use runtime::{Limits, Observed, PostgresServer, Runtime, Workload, WorkloadName};
use runtime_local::LocalRuntime;
use secrecy::ExposeSecret;
use settings::Settings;
use sqlx::postgres::{PgConnectOptions, PgSslMode};
use vault::Vault;

use crate::composition::{Parts, options};
use crate::data_folder::DataFolder;

/// The private PostgreSQL, as a workload of the local runtime.
pub(crate) const PLATFORM_POSTGRES: &str = "platform-postgres";

/// The local runtime and what all roles share.
pub(crate) struct Machine {
    /// What all roles share.
    pub(crate) parts: Parts,
    runtime: Arc<LocalRuntime>,
}

impl Machine {
    /// Opens the runtime, finds or starts the platform's PostgreSQL, and reads the keys.
    pub(crate) async fn open(settings: Settings, data: &DataFolder) -> anyhow::Result<Self> {
        let runtime = Arc::new(LocalRuntime::open(options::runtime(&settings, data)?).await?);
        let credentials = Credentials::load_or_create(&settings.credentials_file()?)?;
        let server = match &settings.postgres.address {
            Some(_) => external(&settings)?,
            None => private(&settings, &*runtime, &credentials).await?,
        };
        let parts = Parts {
            key: TokenKey::load_or_create(&settings.token_key_file()?)?,
            vault: Vault::load_or_create(&settings.vault_key_file()?)?,
            runtime: Arc::clone(&runtime) as Arc<dyn Runtime>,
            settings,
            server,
            credentials,
        };
        Ok(Self { parts, runtime })
    }

    /// Brings the platform's databases, roles, grants and queues up to date.
    pub(crate) async fn prepare(&self) -> anyhow::Result<()> {
        platform::wait_until_ready(&self.parts.server).await?;
        platform::prepare(&self.parts.server, &self.parts.credentials).await?;
        self.parts.prepare_queues().await
    }

    /// Ends every Odoo, every server, and the platform's PostgreSQL at last.
    pub(crate) async fn shut_down(&self) -> anyhow::Result<()> {
        self.runtime.shut_down(&[WorkloadName::new(PLATFORM_POSTGRES)]).await
    }

    /// Leaves what runs to others.
    pub(crate) async fn leave(&self) {
        self.runtime.detach().await;
    }
}

fn external(settings: &Settings) -> anyhow::Result<PgConnectOptions> {
    let postgres = &settings.postgres;
    let address = postgres.address.as_ref().context("postgres.address is not set")?;
    let server = PgConnectOptions::new_without_pgpass()
        .host(&address.host)
        .port(address.port)
        .username(&postgres.superuser);
    Ok(match postgres.superuser_password()? {
        Some(password) => server.password(password.expose_secret()),
        None => server,
    })
}

/// Makes the private server run; what it already does is left as it is.
async fn private(
    settings: &Settings,
    runtime: &dyn Runtime,
    credentials: &Credentials,
) -> anyhow::Result<PgConnectOptions> {
    let name = WorkloadName::new(PLATFORM_POSTGRES);
    let postgres = &settings.postgres;
    let server = PostgresServer {
        superuser_password: credentials.superuser().clone(),
        max_connections: postgres.max_connections,
        limits: Limits { cpu: postgres.cpu, memory: postgres.memory },
    };
    runtime.apply(&name, &Workload::Postgres(server)).await?;
    let running = match runtime.observe(&name).await {
        Observed::Running(running) => running,
        other => anyhow::bail!("the platform's PostgreSQL does not run: {other:?}"),
    };
    Ok(PgConnectOptions::new_without_pgpass()
        .host(&running.address.host)
        .port(running.address.port)
        .username("postgres")
        .password(credentials.superuser().expose_secret())
        // Both ends are on this machine's loopback address.
        .ssl_mode(PgSslMode::Disable))
}
