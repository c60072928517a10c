//! What there is to see for somebody: read from the services, each part for itself, so that one that is down
//! leaves the others readable.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use contract::billing::{CustomerQuery, Invoice};
use contract::client::CallError;
use contract::database::{Pool, PoolsQuery};
use contract::instance::{Instance, InstancesQuery};

use crate::session::Session;
use crate::{Context, login, view};

/// A part that could be read, or the reason why it could not.
pub(crate) type Part<T> = Result<Vec<T>, Unreadable>;

/// Why a part could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unreadable {
    /// The token no longer counts.
    LoggedOut,
    /// The service is away, or does not make sense.
    Away,
}

/// Everything that somebody sees.
pub(crate) struct Overview {
    pub(crate) instances: Part<Instance>,
    /// What is still to be paid; for customers.
    pub(crate) invoices: Part<Invoice>,
    /// The database servers; for staff.
    pub(crate) servers: Option<Part<Pool>>,
}

impl Overview {
    /// Reads everything at once.
    pub(crate) async fn read(context: &Context, session: &Session) -> Self {
        let (instances, invoices, servers) = tokio::join!(
            instances(context, session),
            invoices(context, session),
            servers(context, session)
        );
        Self { instances, invoices, servers }
    }

    /// Whether the token no longer counts.
    pub(crate) fn is_logged_out(&self) -> bool {
        self.instances.as_ref().is_err_and(|why| *why == Unreadable::LoggedOut)
    }
}

/// The page.
pub(crate) async fn show(State(context): State<Context>, session: Session) -> Response {
    let overview = Overview::read(&context, &session).await;
    if overview.is_logged_out() {
        return login::again();
    }
    view::page(&session, &overview, None).into_response()
}

async fn instances(context: &Context, session: &Session) -> Part<Instance> {
    let query = InstancesQuery { limit: Some(100), ..InstancesQuery::default() };
    let read = context
        .instance(&session.token)
        .list(&query)
        .await
        .map_err(|error| why(&error, "instances"))?;
    Ok(read.instances)
}

async fn invoices(context: &Context, session: &Session) -> Part<Invoice> {
    if session.is_staff() {
        return Ok(Vec::new());
    }
    let read = context.billing(&session.token).invoices(&CustomerQuery::default()).await;
    let mut invoices = read.map_err(|error| why(&error, "invoices"))?.invoices;
    invoices.retain(|invoice| invoice.balance.is_sign_positive() && !invoice.balance.is_zero());
    Ok(invoices)
}

async fn servers(context: &Context, session: &Session) -> Option<Part<Pool>> {
    if !session.is_staff() {
        return None;
    }
    let read = context.database(&session.token).pools(&PoolsQuery::default()).await;
    Some(read.map(|pools| pools.pools).map_err(|error| why(&error, "servers")))
}

fn why(error: &CallError, what: &'static str) -> Unreadable {
    if error.status() == Some(401) {
        return Unreadable::LoggedOut;
    }
    tracing::warn!(
        error = error as &dyn std::error::Error,
        what,
        "a part of the overview cannot be read"
    );
    Unreadable::Away
}
