//! The server around a service's routes.

use std::any::Any;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use axum::extract::DefaultBodyLimit;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Router, middleware};
use identity::Verifier;
use sqlx::PgPool;
use tokio::net::TcpListener;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tower_http::catch_panic::CatchPanicLayer;
use tracing::{info, warn};
use utoipa::openapi::OpenApi;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa_axum::router::OpenApiRouter;

use crate::metrics::{self, Readings};
use crate::request::{self, Around, Stopping};
use crate::{ApiError, docs, document};

const BODY_LIMIT: usize = 1 << 20;
const READY_TIMEOUT: Duration = Duration::from_secs(2);
/// How long requests that are under way may take when the process ends.
const GRACE: Duration = Duration::from_secs(5);

type Check =
    Arc<dyn Fn() -> Pin<Box<dyn Future<Output = anyhow::Result<()>> + Send>> + Send + Sync>;

/// A service's routes, and what every service has besides: `/health`, `/ready`, `/metrics`, `/openapi.json`,
/// `/docs`, a limit for bodies, a deadline, and answers in our format whatever happens.
pub struct ServiceServer {
    name: &'static str,
    routes: Router,
    openapi: OpenApi,
    verifier: Verifier,
    ready: Check,
    readings: Option<Readings>,
    shown: Vec<&'static str>,
}

impl ServiceServer {
    /// The service `name` (its role) with its routes, whose state is already applied.
    #[must_use]
    pub fn new(name: &'static str, routes: OpenApiRouter, verifier: Verifier) -> Self {
        let (routes, mut openapi) = routes.split_for_parts();
        name.clone_into(&mut openapi.info.title);
        let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("PASETO");
        openapi
            .components
            .get_or_insert_default()
            .add_security_scheme("bearer", SecurityScheme::Http(bearer.build()));
        let openapi = document::complete(&openapi);
        let ready: Check = Arc::new(|| Box::pin(async { Ok(()) }));
        Self { name, routes, openapi, verifier, ready, readings: None, shown: vec![name] }
    }

    /// What `/ready` asks.
    #[must_use]
    pub fn ready<F, A>(mut self, check: F) -> Self
    where
        F: Fn() -> A + Send + Sync + 'static,
        A: Future<Output = anyhow::Result<()>> + Send + 'static,
    {
        self.ready = Arc::new(move || Box::pin(check()));
        self
    }

    /// Ready when its database answers.
    #[must_use]
    pub fn needs_database(self, pool: PgPool) -> Self {
        self.ready(move || {
            let pool = pool.clone();
            async move {
                sqlx::query("select 1").execute(&pool).await.context("the database is down")?;
                Ok(())
            }
        })
    }

    /// What `/metrics` reads when it is asked: `read` adds to the registry that it is given.
    #[must_use]
    pub fn numbers<F, A>(self, read: F) -> Self
    where
        F: Fn(metrics::Registry) -> A + Send + Sync + 'static,
        A: Future<Output = anyhow::Result<metrics::Registry>> + Send + 'static,
    {
        Self { readings: Some(Readings::new(read)), ..self }
    }

    /// `/metrics` also shows what this process counts for a role that has no interface of its own.
    #[must_use]
    pub fn shows(mut self, role: &'static str) -> Self {
        self.shown.push(role);
        self
    }

    /// Its role.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// What it offers.
    #[must_use]
    pub fn openapi(&self) -> &OpenApi {
        &self.openapi
    }

    /// Everything as one router.
    pub fn into_router(self) -> Router {
        let around = Around { service: self.name, verifier: self.verifier };
        self.routes
            .merge(common_routes(self.ready, self.openapi))
            .merge(numbers(self.name, self.shown, self.readings))
            .fallback(|| async { ApiError::NotFound })
            .method_not_allowed_fallback(|| async { ApiError::MethodNotAllowed })
            .layer(middleware::from_fn(request::whole))
            .layer(DefaultBodyLimit::max(BODY_LIMIT))
            .layer(middleware::from_fn(request::deadline))
            .layer(CatchPanicLayer::custom(panicked))
            .layer(middleware::from_fn_with_state(around, request::around))
    }
}

/// Serves until `stop`; then takes no new requests, and waits a moment for those under way.
///
/// # Errors
/// The listener failed.
pub async fn serve(
    listener: TcpListener,
    service: ServiceServer,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    let name = service.name;
    let address = listener.local_addr()?;
    let router = service.into_router().layer(Extension(Stopping(stop.clone())));
    let server = axum::serve(listener, router.into_make_service_with_connect_info::<SocketAddr>())
        .with_graceful_shutdown(stop.clone().cancelled_owned());
    info!(service = name, "{name} listens on {address}");
    let late = async {
        stop.cancelled().await;
        timeout(GRACE, std::future::pending::<()>()).await
    };
    tokio::select! {
        served = async { server.await } => served.with_context(|| format!("{name} can't listen"))?,
        _ = late => warn!(service = name, "{name} stops with requests under way"),
    }
    Ok(())
}

fn common_routes(ready: Check, openapi: OpenApi) -> Router {
    let page = docs::page(&openapi);
    let openapi = Arc::new(openapi);
    Router::new()
        .route("/health", get(|| async { axum::Json(serde_json::json!({"status": "alive"})) }))
        .route("/ready", get(move || is_ready(ready.clone())))
        .route("/openapi.json", get(move || async move { axum::Json((*openapi).clone()) }))
        .route("/docs", get(move || async move { page.clone() }))
}

async fn is_ready(check: Check) -> Response {
    match timeout(READY_TIMEOUT, check()).await {
        Ok(Ok(())) => axum::Json(serde_json::json!({"status": "ready"})).into_response(),
        Ok(Err(error)) => ApiError::unavailable(error.to_string()).into_response(),
        Err(_) => ApiError::unavailable("what this service needs is slow").into_response(),
    }
}

fn numbers(service: &'static str, shown: Vec<&'static str>, readings: Option<Readings>) -> Router {
    let state = Arc::new((shown, readings));
    let answer = move || async move {
        let (shown, readings) = &*state;
        let text = metrics::text(service, shown, readings.as_ref()).await;
        ([(header::CONTENT_TYPE, metrics::CONTENT_TYPE)], text)
    };
    Router::new().route("/metrics", get(answer))
}

fn panicked(panic: Box<dyn Any + Send>) -> Response {
    let text = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("without a word");
    ApiError::Internal(anyhow::anyhow!("a handler panicked: {text}")).into_response()
}
