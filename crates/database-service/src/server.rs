//! A tenants' server: from a row to a PostgreSQL that takes databases, and back to nothing.

mod decision;
mod order;

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use async_trait::async_trait;
use chrono::Utc;
use runtime::{Limits, Observed, PostgresServer, Runtime, Workload, WorkloadName};
use sqlx::{Connection, PgConnection};
use vocabulary::ServerId;
use work::{Attempt, Next, Reconcile};

use crate::allocation::Allocations;
use crate::capacity::{Capacity, Everything};
use crate::inventory::{Inventory, Place};
use crate::state::{ServerStatus, ServerType};
use crate::stock::Stocks;
use crate::store::server::Server;
use crate::template::Templates;
use crate::{Context, QUEUE, credential, store, tenant};
use decision::{Action, Runs, World, decide};
pub(crate) use order::{Order, write_down};

/// How soon a server that is coming up is looked at again.
const SOON: Duration = Duration::from_millis(200);

/// Keeps every server as it should be.
pub(crate) struct Servers {
    context: Context,
    runtime: Arc<dyn Runtime>,
}

/// A server as it was seen.
struct Look {
    server: Server,
    observed: Observed,
    world: World,
}

impl Servers {
    /// Keeps the servers of this runtime.
    #[must_use]
    pub(crate) fn new(context: Context, runtime: Arc<dyn Runtime>) -> Self {
        Self { context, runtime }
    }

    async fn look(&self, id: ServerId) -> anyhow::Result<Option<Look>> {
        let mut conn = self.context.pool.acquire().await?;
        let Some(server) = store::server::find(&mut conn, id).await? else { return Ok(None) };
        let (taken, live) = store::server::claims(&mut conn, id).await?;
        let free = store::slot::count_free(&mut conn, id).await?;
        drop(conn);
        let observed = self.runtime.observe(&WorkloadName::new(&server.name)).await;
        let runs = runs(&observed);
        let has_address = address_of(&observed).is_none_or(|address| {
            server.host.as_ref() == Some(&address.host)
                && server.port == Some(i32::from(address.port))
        });
        let answers = runs == Runs::Running && has_address && self.answers(&server).await;
        let age = (Utc::now() - server.created_at).to_std().unwrap_or_default();
        let world = World {
            wish: server.wish,
            status: server.status,
            server_type: server.server_type,
            runs,
            is_applied: server.applied.as_ref() == Some(&description(&server)),
            has_address,
            answers,
            is_prepared: server.prepared_at.is_some(),
            is_full: free == 0,
            taken,
            live,
            is_late: age > self.context.options.server_patience,
        };
        Ok(Some(Look { server, observed, world }))
    }

    async fn answers(&self, server: &Server) -> bool {
        let ask = async {
            let mut session = self.context.login(server)?.enter("postgres").await?;
            sqlx::query("select 1").execute(&mut session).await?;
            anyhow::Ok(session.close().await?)
        };
        matches!(tokio::time::timeout(Duration::from_secs(3), ask).await, Ok(Ok(())))
    }

    async fn act(&self, look: &Look, action: Action, attempt: &Attempt) -> anyhow::Result<()> {
        match action {
            Action::Apply => self.apply(&look.server, attempt).await,
            Action::RecordAddress => self.record_address(look, attempt).await,
            Action::Prepare => self.prepare(&look.server, attempt).await,
            Action::Become(status, reason) => {
                self.change(&look.server, (status, reason), attempt).await
            }
            Action::RemoveWorkload => {
                let name = WorkloadName::new(&look.server.name);
                self.runtime.remove(&name).await.context("erasing the server")
            }
            Action::Bury => self.bury(&look.server, attempt).await,
        }
    }

    async fn apply(&self, server: &Server, attempt: &Attempt) -> anyhow::Result<()> {
        let password = credential::open_superuser(&self.context.vault, server)?;
        let workload = Workload::Postgres(PostgresServer {
            superuser_password: password,
            max_connections: u32::try_from(server.max_connections)?,
            limits: limits(server)?,
        });
        let name = WorkloadName::new(&server.name);
        self.runtime.apply(&name, &workload).await.context("telling the runtime of the server")?;
        let mut tx = self.context.pool.begin().await?;
        attempt.hold(&mut tx).await?;
        store::server::set_applied(&mut tx, server.id, &description(server)).await?;
        Ok(tx.commit().await?)
    }

    /// Whoever has a database there has to learn where it is now.
    async fn record_address(&self, look: &Look, attempt: &Attempt) -> anyhow::Result<()> {
        let Some(address) = address_of(&look.observed) else { return Ok(()) };
        let mut tx = self.context.pool.begin().await?;
        attempt.hold(&mut tx).await?;
        store::server::set_address(&mut tx, look.server.id, address).await?;
        for allocation in store::allocation::on_server(&mut tx, look.server.id).await? {
            store::allocation::announce(&mut tx, allocation.instance_id).await?;
        }
        tx.commit().await?;
        Ok(())
    }

    async fn prepare(&self, server: &Server, attempt: &Attempt) -> anyhow::Result<()> {
        let mut session = self.context.login(server)?.enter("postgres").await?;
        let version = tenant::prepare(&mut session).await.context("putting the walls up")?;
        session.close().await?;
        let mut tx = self.context.pool.begin().await?;
        attempt.hold(&mut tx).await?;
        store::server::set_prepared(&mut tx, server.id, &version).await?;
        Ok(tx.commit().await?)
    }

    async fn change(
        &self,
        server: &Server,
        (status, reason): (ServerStatus, Option<&str>),
        attempt: &Attempt,
    ) -> anyhow::Result<()> {
        let mut tx = self.context.pool.begin().await?;
        attempt.hold(&mut tx).await?;
        if store::server::become_status(&mut tx, server, status, reason).await? {
            tracing::info!(server = %server.id, "{} is {status} now", server.name);
            wake_dependants(&mut tx, server).await?;
        }
        tx.commit().await?;
        if status == ServerStatus::Error {
            tracing::error!(server = %server.id, "{} {}", server.name, reason.unwrap_or("fails"));
        }
        Ok(())
    }

    async fn bury(&self, server: &Server, attempt: &Attempt) -> anyhow::Result<()> {
        let mut tx = self.context.pool.begin().await?;
        attempt.hold(&mut tx).await?;
        store::stock::delete_all(&mut tx, server.id).await?;
        store::golden::delete_all(&mut tx, server.id).await?;
        store::slot::shrink(&mut tx, server.id, 0).await?;
        // Asked for before the row says that it is gone, because it is found by what is not.
        let allocation = store::allocation::for_dedicated(&mut tx, server.id).await?;
        if !store::server::become_status(&mut tx, server, ServerStatus::Gone, None).await? {
            return Ok(());
        }
        if let Some(allocation) = allocation {
            QUEUE.wake::<Allocations>(&mut tx, &allocation).await?;
        }
        store::finding::replace(&mut tx, &server.name, &[]).await?;
        wake_dependants(&mut tx, server).await?;
        tx.commit().await?;
        self.context.connections.forget(server.id);
        Ok(())
    }
}

/// Everybody whose next step may depend on what the server does. Wake-ups are always in this order, so that no two
/// transactions wait for each other: allocations, servers, stock, templates, inventory, capacity.
async fn wake_dependants(conn: &mut PgConnection, server: &Server) -> sqlx::Result<()> {
    if server.server_type == ServerType::Dedicated
        && let Some(allocation) = store::allocation::for_dedicated(conn, server.id).await?
    {
        QUEUE.wake::<Allocations>(conn, &allocation).await?;
    }
    QUEUE.wake::<Stocks>(conn, &server.id).await?;
    for template in store::template::all(conn).await? {
        if template.state != crate::state::TemplateState::Ready {
            QUEUE.wake::<Templates>(conn, &template.name).await?;
        }
    }
    QUEUE.wake::<Inventory>(conn, &Place::Server(server.id)).await?;
    QUEUE.wake::<Capacity>(conn, &Everything).await
}

fn runs(observed: &Observed) -> Runs {
    match observed {
        Observed::Unknown(_) => Runs::Unknown,
        Observed::Absent => Runs::Absent,
        Observed::Stopped => Runs::Stopped,
        Observed::Failing(_) => Runs::Failing,
        Observed::Running(running) if running.is_current => Runs::Running,
        Observed::Running(_) => Runs::Changing,
    }
}

fn address_of(observed: &Observed) -> Option<&runtime::Address> {
    match observed {
        Observed::Running(running) => Some(&running.address),
        _ => None,
    }
}

/// What the runtime is told, in words that can be compared.
fn description(server: &Server) -> String {
    format!(
        "max_connections={} cpu={} memory={}",
        server.max_connections,
        server.cpu_limit.normalize(),
        server.memory_limit
    )
}

fn limits(server: &Server) -> anyhow::Result<Limits> {
    Ok(Limits { cpu: server.cpu_limit.try_into()?, memory: server.memory_limit.parse()? })
}

/// When to look again at a server for which nothing can be done now.
fn next(look: &Look) -> Next {
    let world = &look.world;
    let rests = matches!(
        world.status,
        ServerStatus::Active | ServerStatus::Full | ServerStatus::Draining | ServerStatus::Gone
    );
    match world.runs {
        Runs::Unknown | Runs::Failing => Next::After(Duration::from_secs(5)),
        _ if rests && (world.answers || world.status == ServerStatus::Gone) => Next::Settled,
        _ if world.is_late || world.is_prepared => Next::After(Duration::from_secs(5)),
        _ => Next::After(SOON),
    }
}

#[async_trait]
impl Reconcile for Servers {
    const NAME: &'static str = "reconcile_server";
    type Key = ServerId;
    const SWEEP: Duration = Duration::from_secs(30);

    async fn keys(&self) -> anyhow::Result<Vec<ServerId>> {
        let mut conn = self.context.pool.acquire().await?;
        let present = store::server::present(&mut conn).await?;
        Ok(present.into_iter().map(|server| server.id).collect())
    }

    async fn reconcile(&self, key: &ServerId, attempt: &Attempt) -> anyhow::Result<Next> {
        loop {
            let Some(look) = self.look(*key).await? else { return Ok(Next::Settled) };
            let Some(action) = decide(&look.world) else { return Ok(next(&look)) };
            self.act(&look, action, attempt).await?;
            attempt.did(action.name()).await?;
        }
    }
}
