//! The edge: the one listener that the world speaks to. It sends `api.<base>` to the services, `app.<base>` to
//! the console and `<subdomain>.<base>` to a tenant's Odoo, by a table that follows the instance-service live.
//!
//! It promises that what a client says about where it comes from is replaced by what is so, that bodies are
//! streamed and never held, that nobody takes more than a share of it, and that a change of the table touches no request that is under way. It decides
//! nothing about instances and checks no tokens: the services do.

mod answer;
mod closed;
mod connection;
mod failure;
mod feed;
mod forwarded;
mod gateway;
mod host;
mod listener;
mod number;
mod page;
mod proxy;
mod request;
mod routing;
mod status;
mod table;

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

use anyhow::Context;
use contract::client::InstanceClient;
use prometheus_client::registry::Registry;
use tokio_util::sync::CancellationToken;

pub use crate::connection::Limits;
use crate::feed::Feed;
use crate::proxy::Proxy;
use crate::routing::Routing;
use crate::status::Counters;
pub use crate::status::{Kind, Requests, Status};
use crate::table::Table;

/// What the edge needs to know.
pub struct Options {
    /// Where it listens, such as `0.0.0.0:80`; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The name under which everything is reached, such as `localhost` or `203.0.113.10.nip.io`.
    pub base: String,
    /// How people reach it, where something stands before it: `http` or `https`.
    pub scheme: &'static str,
    /// What stands behind it.
    pub upstreams: Upstreams,
    /// Speaks with the instance-service, as a service, for the routing table.
    pub routes: InstanceClient,
    /// How many threads move the bytes.
    pub threads: usize,
    /// What one visitor may take.
    pub limits: Limits,
}

/// The addresses behind the edge, each `host:port`; a leading `http://` is tolerated.
#[derive(Debug, Clone)]
pub struct Upstreams {
    /// user-service.
    pub user: String,
    /// instance-service.
    pub instance: String,
    /// billing-service.
    pub billing: String,
    /// database-service.
    pub database: String,
    /// notification-service.
    pub notification: String,
    /// The console.
    pub console: String,
}

/// An edge that has its port, and serves once it is run.
pub struct Edge {
    listener: TcpListener,
    address: SocketAddr,
    options: Options,
    table: Arc<Table>,
    counters: Arc<Counters>,
}

impl Edge {
    /// Takes the port.
    ///
    /// # Errors
    /// Says which address could not be had, and why.
    pub fn new(options: Options) -> anyhow::Result<Self> {
        let listener = TcpListener::bind(options.listen)
            .with_context(|| format!("the edge cannot listen on {}", options.listen))?;
        let address = listener.local_addr().context("the edge's listener has no address")?;
        Ok(Self { listener, address, options, table: Arc::default(), counters: Arc::default() })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// A handle that reads what the edge has done so far, also while it runs.
    pub fn status(&self) -> impl Fn() -> Status + Send + Sync + Clone + 'static {
        let (table, counters) = (self.table.clone(), self.counters.clone());
        move || counters.read(&table)
    }

    /// Adds the edge's numbers to a registry; they are read whenever it is.
    pub fn register(&self, registry: &mut Registry) {
        registry.register_collector(Box::new(number::Numbers(self.status())));
    }

    /// Serves until told to stop; then every connection is closed.
    ///
    /// # Errors
    /// Where the threads cannot be had, or the proxy itself dies.
    pub async fn run(self, stop: CancellationToken) -> anyhow::Result<()> {
        let feed = Feed { routes: self.options.routes, table: self.table.clone() };
        let proxy = Proxy {
            routing: Routing::new(&self.options.base, &self.options.upstreams, self.table),
            counters: self.counters,
            scheme: self.options.scheme,
            limits: self.options.limits.possible(),
        };
        let serving = listener::serve(self.listener, proxy, self.options.threads, stop);
        tokio::select! {
            served = serving => served,
            never = feed.follow() => match never {},
        }
    }
}
