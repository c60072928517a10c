//! Clients for the interfaces of the services. One path for all: a deadline for each call, the correlation id
//! of the task, a bearer token, and the one HTTP policy of retries.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use backon::{ExponentialBuilder, Retryable};
use reqwest::{Method, RequestBuilder, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;

pub use bearer::Bearer;
pub use billing::BillingClient;
pub use database::DatabaseClient;
pub use error::CallError;
pub use events::{Events, ServerEvent};
pub use instance::InstanceClient;
pub use notification::NotificationClient;
pub use operation::OperationClient;
pub use user::UserClient;

use crate::correlation;

mod bearer;
mod billing;
mod database;
mod error;
mod events;
mod instance;
mod notification;
mod operation;
#[cfg(test)]
mod tests;
mod transport;
mod user;

/// How long a call may take, where nothing else is said.
const TIMEOUT: Duration = Duration::from_secs(10);

/// How long a call may take that has every server looked at.
const LOOKING: Duration = Duration::from_secs(30);

/// Speaks JSON with one service. Cloning is cheap and shares the connections.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    base_url: Arc<str>,
    bearer: Arc<bearer::Minted>,
    timeout: Duration,
    visitor: Option<IpAddr>,
}

impl Client {
    /// A client for the service at `base_url`, which may be a gateway's address with a prefix.
    pub fn new(base_url: impl Into<String>, bearer: Bearer) -> Self {
        let base_url: String = base_url.into();
        Self {
            http: transport::build(&base_url),
            base_url: base_url.trim_end_matches('/').into(),
            bearer: Arc::new(bearer::Minted::new(bearer)),
            timeout: TIMEOUT,
            visitor: None,
        }
    }

    /// The same service with another deadline, for calls that wait at the other side.
    #[must_use]
    pub fn with_timeout(&self, timeout: Duration) -> Self {
        Self { timeout, ..self.clone() }
    }

    /// The same service, asked for somebody at this address: limits and audit entries are about them.
    #[must_use]
    pub fn for_visitor(&self, visitor: Option<IpAddr>) -> Self {
        Self { visitor, ..self.clone() }
    }

    /// The same bearer at another address.
    #[must_use]
    pub fn at(&self, base_url: &str) -> Self {
        Self { base_url: base_url.trim_end_matches('/').into(), ..self.clone() }
    }

    /// Reads a thing.
    ///
    /// # Errors
    /// See [`CallError`]; so it is for all calls.
    pub async fn get<A: DeserializeOwned>(&self, path: &str) -> Result<A, CallError> {
        self.call(Method::GET, path, |request| request).await
    }

    /// Reads things, chosen by a query.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn find<A, Q>(&self, path: &str, query: &Q) -> Result<A, CallError>
    where
        A: DeserializeOwned,
        Q: Serialize + ?Sized,
    {
        self.call(Method::GET, path, |request| request.query(query)).await
    }

    /// Makes a thing, or asks for an act.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn post<A, B>(&self, path: &str, body: &B) -> Result<A, CallError>
    where
        A: DeserializeOwned,
        B: Serialize + ?Sized,
    {
        self.call(Method::POST, path, |request| request.json(body)).await
    }

    /// Makes a thing once: with the same key the same call has the same answer, so that it can be repeated.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn post_once<A, B>(&self, path: &str, body: &B, key: &str) -> Result<A, CallError>
    where
        A: DeserializeOwned,
        B: Serialize + ?Sized,
    {
        let with = |request: RequestBuilder| request.header("idempotency-key", key).json(body);
        self.call(Method::POST, path, with).await
    }

    /// Asks for an act that needs no words.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn act<A: DeserializeOwned>(&self, path: &str) -> Result<A, CallError> {
        self.call(Method::POST, path, |request| request).await
    }

    /// States what a thing is to be.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn put<A, B>(&self, path: &str, body: &B) -> Result<A, CallError>
    where
        A: DeserializeOwned,
        B: Serialize + ?Sized,
    {
        self.call(Method::PUT, path, |request| request.json(body)).await
    }

    /// Removes a thing.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn delete<A: DeserializeOwned>(&self, path: &str) -> Result<A, CallError> {
        self.call(Method::DELETE, path, |request| request).await
    }

    /// Follows server-sent events; with `after`, those that come after that id. Has no deadline but that of
    /// the answer's beginning: the other side sends a sign of life from time to time.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn events(&self, path: &str, after: Option<&str>) -> Result<Events, CallError> {
        let mut request = self.request(Method::GET, path);
        if let Some(id) = after {
            request = request.header("last-event-id", id);
        }
        let response = tokio::time::timeout(self.timeout, request.send())
            .await
            .map_err(|_| CallError::TooLate)?
            .map_err(CallError::unreachable)?;
        Ok(Events::new(error::refusal(response).await?))
    }

    async fn call<A: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        with: impl Fn(RequestBuilder) -> RequestBuilder,
    ) -> Result<A, CallError> {
        let response = self.send(|| with(self.request(method.clone(), path))).await?;
        error::answer(response).await
    }

    /// Tries again only when no connection came about: then nothing has reached the other side, so that
    /// trying again is safe for every method.
    async fn send(&self, request: impl Fn() -> RequestBuilder) -> Result<Response, CallError> {
        let policy = ExponentialBuilder::default()
            .with_min_delay(Duration::from_millis(100))
            .with_max_times(3)
            .with_jitter();
        (|| async { request().timeout(self.timeout).send().await })
            .retry(policy)
            .when(reqwest::Error::is_connect)
            .await
            .map_err(CallError::unreachable)
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let mut request = self
            .http
            .request(method, format!("{}{path}", self.base_url))
            .header(correlation::HEADER, correlation::current().to_string());
        if let Some(visitor) = self.visitor {
            request = request.header("x-forwarded-for", visitor.to_string());
        }
        self.bearer.authorize(request)
    }
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Client({})", self.base_url)
    }
}
