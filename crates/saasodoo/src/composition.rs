//! How roles are made of their parts: which database, which clients, which options.

pub(crate) mod options;

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Context as _;
use contract::client::{Bearer, Client, DatabaseClient, InstanceClient, NotificationClient};
use identity::TokenKey;
use platform::{Credentials, Databases, Role as LoginRole};
use runtime::Runtime;
use settings::Settings;
use sqlx::PgPool;
use sqlx::postgres::PgConnectOptions;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use vault::Vault;

use crate::role::Role;

/// What all roles of one process share.
pub(crate) struct Parts {
    /// The whole configuration.
    pub(crate) settings: Settings,
    /// Signs and verifies tokens.
    pub(crate) key: TokenKey,
    /// Seals secrets.
    pub(crate) vault: Vault,
    /// The platform's PostgreSQL; user and password are of no account.
    pub(crate) server: PgConnectOptions,
    /// The passwords of the services' roles.
    pub(crate) credentials: Credentials,
    /// Where servers and Odoos run.
    pub(crate) runtime: Arc<dyn Runtime>,
}

/// Roles that run in this process. The first that ends by itself ends all of them.
pub(crate) struct Roles {
    tasks: JoinSet<anyhow::Result<()>>,
    stop: CancellationToken,
}

impl Roles {
    /// No roles yet; they end when `stop` says so.
    pub(crate) fn new(stop: CancellationToken) -> Self {
        Self { tasks: JoinSet::new(), stop }
    }

    /// Starts a role.
    pub(crate) async fn start(
        &mut self,
        role: Role,
        parts: &Parts,
        listener: Option<TcpListener>,
    ) -> anyhow::Result<()> {
        self.start_parts(role, parts, listener)
            .await
            .with_context(|| format!("{role} cannot start"))
    }

    async fn start_parts(
        &mut self,
        role: Role,
        parts: &Parts,
        listener: Option<TcpListener>,
    ) -> anyhow::Result<()> {
        let listener = || listener.context("this role needs a listener");
        match role {
            Role::UserService => self.users(parts, listener()?),
            Role::NotificationService => self.serve(listener()?, parts.notification_service()),
            Role::DatabaseService => {
                self.serve(listener()?, database_service::service(parts.database()))
            }
            Role::InstanceService => {
                self.serve(listener()?, instance_service::service(parts.instance()))
            }
            // The edge serves nothing of its own: what it counts is shown by its neighbour.
            Role::Console => self.serve(listener()?, parts.console().shows("edge")),
            Role::BillingService => self.billing(parts, listener()?).await?,
            Role::DatabaseWorker => self.database_worker(parts),
            Role::InstanceWorker => self.instance_worker(parts),
            Role::Edge => self.edge(parts)?,
        }
        Ok(())
    }

    /// Waits until one role ends: in order after `stop`, or by itself with the error that it died of.
    pub(crate) async fn ended(&mut self) -> anyhow::Result<()> {
        while let Some(ended) = self.tasks.join_next().await {
            ended.context("a role panicked")??;
            if !self.stop.is_cancelled() {
                anyhow::bail!("a role ended by itself");
            }
        }
        Ok(())
    }

    fn serve(&mut self, listener: TcpListener, server: api::ServiceServer) {
        self.tasks.spawn(api::serve(listener, server, self.stop.clone()));
    }

    fn work(&mut self, worker: work::Worker) {
        let stop = self.stop.clone();
        self.tasks.spawn(async move { worker.run(stop).await });
    }

    async fn billing(&mut self, parts: &Parts, listener: TcpListener) -> anyhow::Result<()> {
        let context = parts.billing()?;
        context.prepare().await?;
        self.serve(listener, billing_service::service(context.clone()));
        self.work(billing_service::worker(context));
        Ok(())
    }

    fn database_worker(&mut self, parts: &Parts) {
        let runtime = Arc::clone(&parts.runtime);
        self.work(database_service::worker(&parts.database(), runtime, DATABASE_CONCURRENCY));
    }

    fn instance_worker(&mut self, parts: &Parts) {
        let context = parts.instance();
        self.work(instance_service::worker(context.clone()));
        self.tasks.spawn(instance_service::watch(context, self.stop.clone()));
    }

    fn users(&mut self, parts: &Parts, listener: TcpListener) {
        let context = parts.user();
        self.serve(listener, user_service::service(context.clone()));
        let stop = self.stop.clone();
        self.tasks.spawn(async move {
            user_service::deliver(context, stop).await;
            Ok(())
        });
    }

    fn edge(&mut self, parts: &Parts) -> anyhow::Result<()> {
        let edge = edge::Edge::new(options::edge(&parts.settings, parts.client("edge")))?;
        api::metrics::register("edge", |registry| edge.register(registry));
        self.tasks.spawn(edge.run(self.stop.clone()));
        Ok(())
    }
}

/// How many things the database-worker works on at a time.
const DATABASE_CONCURRENCY: usize = 16;

impl Parts {
    /// A pool that connects as a service's role.
    pub(crate) fn pool(&self, role: LoginRole) -> PgPool {
        let databases = Databases::default();
        let options = platform::connect_options(&self.server, &self.credentials, &databases, role);
        platform::pool(options, self.settings.postgres.connections)
    }

    /// A client that speaks for a service; the url is given to it by its kind.
    fn client(&self, name: &'static str) -> impl Fn(&str) -> Client {
        let bearer = Bearer::Service { key: self.key.clone(), name };
        move |url| Client::new(url, bearer.clone())
    }

    /// Makes the tables of the queues, as the roles that own them.
    pub(crate) async fn prepare_queues(&self) -> anyhow::Result<()> {
        let queues = [
            (LoginRole::BillingService, billing_service::QUEUE),
            (LoginRole::InstanceService, instance_service::QUEUE),
            (LoginRole::DatabaseService, database_service::QUEUE),
        ];
        for (role, queue) in queues {
            let pool = self.pool(role);
            queue.prepare(&pool).await?;
            pool.close().await;
        }
        Ok(())
    }

    /// What user-service is made of.
    pub(crate) fn user(&self) -> user_service::Context {
        let url = &self.settings.services.notification.url;
        user_service::Context::new(
            self.pool(LoginRole::AuthService),
            self.key.clone(),
            NotificationClient(self.client("user-service")(url)),
            options::user(&self.settings),
        )
    }

    fn notification_service(&self) -> api::ServiceServer {
        let pool = self.pool(LoginRole::NotificationService);
        notification_service::service(notification_service::Context {
            pool,
            verifier: self.key.verifier(),
        })
    }

    fn billing(&self) -> anyhow::Result<billing_service::Context> {
        let url = &self.settings.services.instance.url;
        billing_service::Context::new(
            self.pool(LoginRole::BillingService),
            InstanceClient(self.client("billing-service")(url)),
            self.key.verifier(),
            &options::billing(&self.settings),
        )
    }

    fn console(&self) -> api::ServiceServer {
        let services = &self.settings.services;
        let services = console::Services {
            user: services.user.url.clone(),
            instance: services.instance.url.clone(),
            billing: services.billing.url.clone(),
            database: services.database.url.clone(),
        };
        console::service(console::Context::new(services, self.key.verifier()))
    }

    fn database(&self) -> database_service::Context {
        database_service::Context::new(
            self.pool(LoginRole::DatabaseService),
            self.vault.clone(),
            options::database(&self.settings),
            self.key.verifier(),
        )
    }

    fn instance(&self) -> instance_service::Context {
        let url = &self.settings.services.database.url;
        instance_service::Context::new(
            self.pool(LoginRole::InstanceService),
            self.key.verifier(),
            self.vault.clone(),
            Arc::clone(&self.runtime),
            DatabaseClient(self.client("instance-service")(url)),
            options::instance(&self.settings),
        )
    }
}

/// Takes the address where a role listens.
pub(crate) async fn listen(role: Role, address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| format!("{role} cannot listen on {address}"))
}
