//! The inventory: every server is compared with the rows, in both directions, and so is the runtime. What no row knows
//! is reported and never removed; what a row promises and is not there is reported too.

mod comparison;

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use async_trait::async_trait;
use futures::future::join_all;
use runtime::{Observed, Runtime};
use sqlx::{Connection, PgConnection};
use vocabulary::ServerId;
use work::{Attempt, Next, Reconcile};

use crate::state::{AllocationState, CopyState, FindingKind, ServerStatus, ServerType};
use crate::store::server::Server;
use crate::{Context, store, tenant};
use comparison::{Rows, compare};

/// How long looking at one server may take.
const LOOK: Duration = Duration::from_secs(15);

/// Where an inventory is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// Which servers there are.
    Runtime,
    /// What is on one server.
    Server(ServerId),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Runtime => f.write_str("runtime"),
            Self::Server(id) => id.fmt(f),
        }
    }
}

impl FromStr for Place {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, uuid::Error> {
        match text {
            "runtime" => Ok(Self::Runtime),
            id => id.parse().map(Self::Server),
        }
    }
}

/// Compares rows with what is there.
pub(crate) struct Inventory {
    context: Context,
    runtime: Arc<dyn Runtime>,
}

impl Inventory {
    /// Takes the inventory of this runtime.
    #[must_use]
    pub(crate) fn new(context: Context, runtime: Arc<dyn Runtime>) -> Self {
        Self { context, runtime }
    }

    /// The servers of this runtime, by the names that we give; its other workloads are others' to know.
    async fn of_runtime(&self) -> anyhow::Result<()> {
        let before = self.servers().await?;
        let inventory =
            self.runtime.inventory().await.context("asking the runtime for all it has")?;
        let after = self.servers().await?;
        let mut found = Vec::new();
        let mut seen = BTreeSet::new();
        for entry in inventory.iter().filter(|entry| entry.name.as_str().starts_with("postgres-")) {
            let name = entry.name.as_str().to_owned();
            let is_known = before.iter().chain(&after).any(|server| server.name == name);
            if !is_known && entry.observed != Observed::Absent {
                found.push((FindingKind::UnknownWorkload, name.clone()));
            }
            seen.insert(name);
        }
        let lost = after.iter().filter(|server| {
            server.prepared_at.is_some()
                && server.status != ServerStatus::Deprovisioning
                && server.server_type != ServerType::Platform
                && !seen.contains(&server.name)
        });
        found.extend(lost.map(|server| (FindingKind::MissingWorkload, server.name.clone())));
        report(&self.context, "runtime", &found).await
    }

    async fn servers(&self) -> anyhow::Result<Vec<Server>> {
        let mut conn = self.context.pool.acquire().await?;
        Ok(store::server::present(&mut conn).await?)
    }
}

/// Compares all servers at once with their rows, now; tells those that could not be looked at, and why.
pub(crate) async fn take(context: &Context) -> anyhow::Result<Vec<(String, String)>> {
    let mut conn = context.pool.acquire().await?;
    let servers = store::server::present(&mut conn).await?;
    drop(conn);
    let looks = servers.iter().filter(|server| is_up(server)).map(|server| async {
        let looked = tokio::time::timeout(LOOK, of_server(context, server)).await;
        let looked = looked.unwrap_or_else(|_| Err(anyhow::anyhow!("no answer within {LOOK:?}")));
        looked.err().map(|error| (server.name.clone(), format!("{error:#}")))
    });
    Ok(join_all(looks).await.into_iter().flatten().collect())
}

/// Whether there is something to compare.
fn is_up(server: &Server) -> bool {
    use ServerStatus::{Deprovisioning, Error, Gone};
    server.prepared_at.is_some() && !matches!(server.status, Gone | Deprovisioning | Error)
}

async fn of_server(context: &Context, server: &Server) -> anyhow::Result<()> {
    let login = context.login(server)?;
    let before = rows(context, server.id).await?;
    let mut session = login.enter("postgres").await.context("looking at what is on a server")?;
    let seen = tenant::names(&mut session).await?;
    session.close().await?;
    let after = rows(context, server.id).await?;
    report(context, &server.name, &compare(&before, &seen, &after)).await
}

async fn report(
    context: &Context,
    place: &str,
    found: &[(FindingKind, String)],
) -> anyhow::Result<()> {
    for (kind, name) in found {
        tracing::warn!(place, "inventory: {kind} {name} on {place}");
    }
    let mut tx = context.pool.begin().await?;
    store::finding::replace(&mut tx, place, found).await?;
    tx.commit().await?;
    Ok(())
}

async fn rows(context: &Context, server: ServerId) -> anyhow::Result<Rows> {
    let mut conn = context.pool.acquire().await?;
    Ok(rows_of(&mut conn, server).await?)
}

async fn rows_of(conn: &mut PgConnection, server: ServerId) -> sqlx::Result<Rows> {
    let mut rows = Rows::default();
    for allocation in store::allocation::on_server(conn, server).await? {
        let Some(place) = &allocation.place else { continue };
        match allocation.state {
            AllocationState::Ready => rows.promise(&place.db_name, Some(&place.db_user)),
            _ => rows.know(&place.db_name, Some(&place.db_user)),
        }
    }
    for piece in store::stock::on_server(conn, server).await? {
        match piece.state {
            CopyState::Ready => rows.promise(&piece.db_name, Some(&piece.db_user)),
            _ => rows.know(&piece.db_name, Some(&piece.db_user)),
        }
    }
    for golden in store::golden::on_server(conn, server).await? {
        match golden.state {
            CopyState::Ready => rows.promise(&golden.db_name, None),
            _ => rows.know(&golden.db_name, None),
        }
    }
    for build in store::template::builds_on(conn, server).await? {
        rows.know(&build, Some(&build));
    }
    Ok(rows)
}

#[async_trait]
impl Reconcile for Inventory {
    const NAME: &'static str = "take_inventory";
    type Key = Place;
    const SWEEP: Duration = Duration::from_mins(5);

    async fn keys(&self) -> anyhow::Result<Vec<Place>> {
        let servers = self.servers().await?.into_iter().map(|server| Place::Server(server.id));
        Ok(std::iter::once(Place::Runtime).chain(servers).collect())
    }

    async fn reconcile(&self, key: &Place, _: &Attempt) -> anyhow::Result<Next> {
        match key {
            Place::Runtime => self.of_runtime().await?,
            Place::Server(id) => {
                let mut conn = self.context.pool.acquire().await?;
                let server = store::server::find(&mut conn, *id).await?;
                drop(conn);
                if let Some(server) = server.filter(is_up) {
                    of_server(&self.context, &server).await?;
                }
            }
        }
        Ok(Next::Settled)
    }
}
