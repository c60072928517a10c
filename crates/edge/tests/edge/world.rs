//! An edge with everything that stands behind it.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use contract::client::{Bearer, Client, InstanceClient};
use contract::instance::{Route, RouteTarget, Routes};
use edge::{Edge, Limits, Options, Status, Upstreams};
use futures::stream::{self, StreamExt};
use identity::TokenKey;
use prometheus_client::registry::Registry;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::broadcast;
use tokio_util::sync::{CancellationToken, DropGuard};
use vocabulary::InstanceId;

/// An edge that runs until this is dropped.
pub(crate) struct World {
    pub(crate) address: SocketAddr,
    pub(crate) teller: Teller,
    pub(crate) status: Box<dyn Fn() -> Status + Send + Sync>,
    registry: Registry,
    _stop: DropGuard,
}

impl World {
    /// An edge on base `localhost` whose services are echoes with their names.
    pub(crate) async fn new() -> Self {
        let teller = Teller::default();
        let address = teller.serve().await;
        let world = Self::following(teller, address).await;
        world.until(|status| status.is_table_followed).await;
        world
    }

    /// An edge that follows the routes at `instance`, whether or not there is somebody.
    pub(crate) async fn following(teller: Teller, instance: SocketAddr) -> Self {
        Self::limited(teller, instance, Limits::default()).await
    }

    /// An edge that gives its visitors no more than this.
    pub(crate) async fn with(limits: Limits) -> Self {
        let teller = Teller::default();
        let address = teller.serve().await;
        let world = Self::limited(teller, address, limits).await;
        world.until(|status| status.is_table_followed).await;
        world
    }

    async fn limited(teller: Teller, instance: SocketAddr, limits: Limits) -> Self {
        let key = TokenKey::generate();
        let upstreams = Upstreams {
            user: format!("http://{}/", echo("user").await),
            instance: echo("instance").await.to_string(),
            billing: echo("billing").await.to_string(),
            database: echo("database").await.to_string(),
            notification: unused().await.to_string(),
            console: echo("console").await.to_string(),
        };
        let routes =
            Client::new(format!("http://{instance}"), Bearer::Service { key, name: "edge" });
        let edge = Edge::new(Options {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            base: "localhost".to_owned(),
            scheme: "http",
            upstreams,
            routes: InstanceClient(routes),
            threads: 2,
            limits,
        })
        .unwrap();
        let (address, status) = (edge.address(), Box::new(edge.status()));
        let mut registry = Registry::default();
        edge.register(&mut registry);
        let stop = CancellationToken::new();
        tokio::spawn(edge.run(stop.clone()));
        Self { address, teller, status, registry, _stop: stop.drop_guard() }
    }

    /// The edge's numbers as `/metrics` shows them.
    pub(crate) fn numbers(&self) -> String {
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &self.registry).unwrap();
        text
    }

    /// Tries to have an edge at an address.
    pub(crate) fn another_on(&self, listen: SocketAddr) -> anyhow::Result<Edge> {
        let nobody = self.address.to_string();
        let upstreams = Upstreams {
            user: nobody.clone(),
            instance: nobody.clone(),
            billing: nobody.clone(),
            database: nobody.clone(),
            notification: nobody.clone(),
            console: nobody.clone(),
        };
        let routes = InstanceClient(Client::new(format!("http://{nobody}"), Bearer::Nobody));
        let limits = Limits::default();
        let base = "localhost".to_owned();
        Edge::new(Options { listen, base, scheme: "http", upstreams, routes, threads: 1, limits })
    }

    /// Tells a route, and waits until it holds.
    pub(crate) async fn route(&self, subdomain: &str, target: RouteTarget) {
        let before = (self.status)().table_changes;
        self.teller.tell(subdomain, target);
        self.until(|status| before < status.table_changes).await;
    }

    /// Waits until the edge's status is as wanted.
    pub(crate) async fn until(&self, is_so: impl Fn(&Status) -> bool) {
        eventually(|| async { is_so(&(self.status)()) }).await;
    }
}

/// Looks again and again; fails after ten seconds.
pub(crate) async fn eventually<F: Future<Output = bool>>(mut is_so: impl FnMut() -> F) {
    let patience = tokio::time::Instant::now() + std::time::Duration::from_secs(10);
    while !is_so().await {
        assert!(tokio::time::Instant::now() < patience, "it does not become so");
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
}

/// An Odoo without workers at this address.
pub(crate) fn odoo(address: SocketAddr) -> RouteTarget {
    RouteTarget::Odoo { http: address.to_string(), websocket: None }
}

/// The instance-service as far as the edge knows it.
#[derive(Clone)]
pub(crate) struct Teller {
    routes: Arc<Mutex<Vec<Route>>>,
    changes: broadcast::Sender<Option<Route>>,
}

impl Default for Teller {
    fn default() -> Self {
        Self { routes: Arc::default(), changes: broadcast::channel(100).0 }
    }
}

impl Teller {
    /// States a route to whoever follows now or later.
    pub(crate) fn tell(&self, subdomain: &str, target: RouteTarget) {
        let route =
            Route { instance_id: InstanceId::new(), subdomain: subdomain.to_owned(), target };
        let mut routes = self.routes.lock().unwrap();
        routes.retain(|old| old.subdomain != subdomain);
        routes.push(route.clone());
        let _ = self.changes.send(Some(route));
    }

    /// Ends every stream.
    pub(crate) fn hang_up(&self) {
        let _ = self.changes.send(None);
    }

    /// Serves on a free port.
    pub(crate) async fn serve(&self) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        self.serve_on(listener)
    }

    pub(crate) fn serve_on(&self, listener: TcpListener) -> SocketAddr {
        let address = listener.local_addr().unwrap();
        let path = "/api/v1/instances/admin/routes/events";
        let router = Router::new().route(path, get(follow)).with_state(self.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        address
    }
}

async fn follow(State(teller): State<Teller>) -> Response {
    let (first, changes) = {
        let routes = teller.routes.lock().unwrap();
        (Routes { routes: routes.clone() }, teller.changes.subscribe())
    };
    let table = Event::default().event("table").json_data(first).unwrap();
    let rest = stream::unfold(changes, |mut changes| async move {
        let route = changes.recv().await.ok().flatten()?;
        Some((Event::default().event("route").json_data(route).unwrap(), changes))
    });
    let events =
        stream::once(async move { table }).chain(rest).map(Ok::<_, std::convert::Infallible>);
    Sse::new(events).into_response()
}

/// A service that answers with what it was asked.
pub(crate) async fn echo(name: &'static str) -> SocketAddr {
    serve(Router::new().fallback(move |request: Request| describe(name, request))).await
}

async fn describe(name: &str, request: Request) -> Json<Value> {
    let (parts, body) = request.into_parts();
    let body: Bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    let headers: Vec<[&str; 2]> = parts
        .headers
        .iter()
        .map(|(name, value)| [name.as_str(), value.to_str().unwrap_or("?")])
        .collect();
    Json(json!({
        "service": name, "method": parts.method.as_str(), "target": parts.uri.to_string(), "headers": headers,
        "length": body.len(),
    }))
}

/// Serves a router on a free port.
pub(crate) async fn serve(router: Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

/// An address where nobody listens.
pub(crate) async fn unused() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap()
}
