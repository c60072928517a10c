//! What happens around every request: who asks is found out, the correlation id is taken over, one line is
//! logged, and the answer is counted.

use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, FromRequest, FromRequestParts, MatchedPath, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use contract::correlation;
use identity::Verifier;
use tokio_util::sync::CancellationToken;
use tracing::{Instrument, debug, info, info_span};
use vocabulary::CorrelationId;

use crate::authority::Authentication;
use crate::extract::body_error;
use crate::{ApiError, metrics};

/// Longer than the longest poll (60 s). Streams are not concerned: they have begun to answer by then.
const TIMEOUT: Duration = Duration::from_secs(75);

/// From where a request came, for audit entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Origin(pub Option<IpAddr>);

/// Ends when this process does: streams end with it, so that stopping is quick.
#[derive(Debug, Clone, Default)]
pub struct Stopping(pub CancellationToken);

#[derive(Clone)]
pub(crate) struct Around {
    pub(crate) service: &'static str,
    pub(crate) verifier: Verifier,
}

pub(crate) async fn around(State(around): State<Around>, request: Request, next: Next) -> Response {
    let id = correlation_id(request.headers());
    let span = info_span!("request", service = around.service, correlation_id = %id);
    let work = observe(around, request, next).instrument(span);
    let mut response = correlation::scope(id, work).await;
    if let Ok(value) = HeaderValue::try_from(id.to_string()) {
        response.headers_mut().insert(correlation::HEADER, value);
    }
    response
}

/// Bodies are small, and are read to their end before anybody looks at them: a connection whose request was
/// refused with a part of it still on the way would be closed, and the answer lost.
pub(crate) async fn whole(request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    match Bytes::from_request(Request::from_parts(parts.clone(), body), &()).await {
        Ok(bytes) => next.run(Request::from_parts(parts, Body::from(bytes))).await,
        Err(rejection) => body_error(rejection).into_response(),
    }
}

pub(crate) async fn deadline(request: Request, next: Next) -> Response {
    match tokio::time::timeout(TIMEOUT, next.run(request)).await {
        Ok(response) => response,
        Err(_) => ApiError::unavailable("this takes too long").into_response(),
    }
}

async fn observe(around: Around, mut request: Request, next: Next) -> Response {
    let begin = Instant::now();
    let authentication = Authentication::of(request.headers(), &around.verifier);
    let line = Line::of(&request, &authentication);
    request.extensions_mut().insert(authentication);
    let response = next.run(request).await;
    line.write(around.service, response.status().as_u16(), begin.elapsed());
    response
}

fn correlation_id(headers: &HeaderMap) -> CorrelationId {
    headers
        .get(correlation::HEADER)
        .and_then(|value| value.to_str().ok()?.parse().ok())
        .unwrap_or_else(CorrelationId::new)
}

/// What is known of a request before it is answered.
struct Line {
    method: String,
    route: String,
    path: String,
    actor: String,
}

impl Line {
    fn of(request: &Request, authentication: &Authentication) -> Self {
        let matched = request.extensions().get::<MatchedPath>().map(MatchedPath::as_str);
        let path = match matched {
            // Such a part of a path is a secret, as in the addresses of webhooks.
            Some(route) if route.contains("{token}") => route,
            _ => request.uri().path(),
        };
        Self {
            method: request.method().to_string(),
            route: matched.unwrap_or("unknown").to_owned(),
            path: path.to_owned(),
            actor: match authentication {
                Authentication::Somebody(claims) => claims.subject.to_string(),
                Authentication::Nobody | Authentication::Refused(_) => "nobody".to_owned(),
            },
        }
    }

    fn write(&self, service: &'static str, status: u16, took: Duration) {
        metrics::count_request(service, &self.method, &self.route, status, took);
        let Self { method, path, actor, .. } = self;
        let millis = took.as_millis();
        if matches!(self.route.as_str(), "/health" | "/ready" | "/metrics") {
            debug!(status, "{method} {path} {status}");
        } else {
            info!(status, actor, millis, "{method} {path} {status} in {millis} ms for {actor}");
        }
    }
}

/// The edge says from where; without an edge it is the other end of the connection. The edge strips what a
/// client claims of itself, and the services listen where only the edge and the platform reach them.
impl<S: Send + Sync> FromRequestParts<S> for Origin {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        let forwarded = parts
            .headers
            .get("x-forwarded-for")
            .and_then(|value| value.to_str().ok()?.rsplit(',').next()?.trim().parse().ok());
        let peer = || parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|peer| peer.0.ip());
        Ok(Self(forwarded.or_else(peer)))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Stopping {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(parts.extensions.get::<Self>().cloned().unwrap_or_default())
    }
}
