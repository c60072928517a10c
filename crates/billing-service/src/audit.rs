//! Who did what, with which outcome. Every act on a thing leaves an entry.

use crate::Context;
use crate::store;
use api::{ApiResult, Origin};
use contract::correlation;
use sqlx::PgConnection;
use std::fmt::Display;

/// Somebody who acts, and from where.
#[derive(Debug, Clone)]
pub(crate) struct Actor {
    pub(crate) name: String,
    pub(crate) origin: Option<String>,
}

impl Actor {
    /// Who made a request.
    pub(crate) fn of(caller: &impl Display, origin: Origin) -> Self {
        Self { name: caller.to_string(), origin: origin.0.map(|address| address.to_string()) }
    }

    /// The service itself.
    pub(crate) fn worker() -> Self {
        Self { name: "service billing-service".to_owned(), origin: None }
    }
}

/// Writes an entry in the transaction of the act.
pub(crate) async fn note(
    conn: &mut PgConnection,
    actor: &Actor,
    act: &str,
    subject: &impl Display,
    outcome: &str,
) -> sqlx::Result<()> {
    let subject = subject.to_string();
    store::audit::add(conn, actor, act, &subject, outcome, correlation::current()).await
}

/// Writes an entry of what happens once and is perhaps begun again: it is noted once.
pub(crate) async fn note_once(
    conn: &mut PgConnection,
    actor: &Actor,
    act: &str,
    subject: &impl Display,
    outcome: &str,
) -> sqlx::Result<()> {
    if store::audit::is_noted(conn, actor, act, &subject.to_string()).await? {
        return Ok(());
    }
    note(conn, actor, act, subject, outcome).await
}

/// Does an act of the engine, with an entry before it and one with its outcome after it, so that none is done without a
/// trace, whoever dies in between. Hands the outcome on.
pub(crate) async fn attest<T, E: Display>(
    context: &Context,
    actor: &Actor,
    act: &str,
    subject: &impl Display,
    doing: impl Future<Output = Result<T, E>>,
) -> ApiResult<Result<T, E>> {
    note(&mut *context.pool.acquire().await?, actor, act, subject, "asked").await?;
    let result = doing.await;
    let outcome = match &result {
        Ok(_) => "done".to_owned(),
        Err(error) => format!("refused: {error}"),
    };
    note(&mut *context.pool.acquire().await?, actor, act, subject, &outcome).await?;
    Ok(result)
}
