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
use runtime::{Observed, Runtime};
use sqlx::{Connection, PgConnection};
use vocabulary::ServerId;
use work::{Attempt, Next, Reconcile};

use crate::state::{AllocationState, CopyState, FindingKind, ServerStatus, ServerType};
use crate::store::server::Server;
use crate::{Context, number, store, tenant};
use comparison::{Rows, compare};

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

    async fn rows(&self, server: ServerId) -> anyhow::Result<Rows> {
        let mut conn = self.context.pool.acquire().await?;
        Ok(rows_of(&mut conn, server).await?)
    }

    async fn of_server(&self, server: &Server) -> anyhow::Result<()> {
        let login = self.context.login(server)?;
        let before = self.rows(server.id).await?;
        let mut session =
            login.enter("postgres").await.context("looking at what is on a server")?;
        let seen = tenant::names(&mut session).await?;
        session.close().await?;
        let after = self.rows(server.id).await?;
        self.report(&server.name, &compare(&before, &seen, &after)).await
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
        self.report("runtime", &found).await
    }

    async fn servers(&self) -> anyhow::Result<Vec<Server>> {
        let mut conn = self.context.pool.acquire().await?;
        Ok(store::server::present(&mut conn).await?)
    }

    async fn report(&self, place: &str, found: &[(FindingKind, String)]) -> anyhow::Result<()> {
        for (kind, name) in found {
            tracing::warn!(place, "inventory: {kind} {name} on {place}");
        }
        let mut tx = self.context.pool.begin().await?;
        store::finding::replace(&mut tx, place, found).await?;
        number::findings(store::finding::all(&mut tx).await?.len());
        tx.commit().await?;
        Ok(())
    }
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
                let is_up = |server: &Server| {
                    server.prepared_at.is_some()
                        && !matches!(
                            server.status,
                            ServerStatus::Gone | ServerStatus::Deprovisioning | ServerStatus::Error
                        )
                };
                if let Some(server) = server.filter(is_up) {
                    self.of_server(&server).await?;
                }
            }
        }
        Ok(Next::Settled)
    }
}
