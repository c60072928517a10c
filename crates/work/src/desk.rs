//! The desk where staff see what is under way in a queue, and act on it by hand: `…/admin/operations` of every service that
//! has one.

use crate::{Queue, Which};
use api::{ApiError, ApiResult, Caller, Json, Origin, Path, Staff};
use async_trait::async_trait;
use axum::extract::State;
use contract::error::ErrorBody;
use contract::operation::{Failure, Operation, OperationDetail, Operations};
use sqlx::{PgConnection, PgPool};
use std::collections::HashMap;
use std::sync::Arc;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;
use vocabulary::OperationId;

/// What the desk can't know of its service.
#[async_trait]
pub trait Clerk: Send + Sync + 'static {
    /// Puts an act into the service's audit, in the act's transaction.
    async fn note(&self, conn: &mut PgConnection, act: &ByHand<'_>) -> sqlx::Result<()>;

    /// What people call these things; what has no name is left out.
    async fn names(
        &self,
        conn: &mut PgConnection,
        things: &[Uuid],
    ) -> sqlx::Result<HashMap<Uuid, String>>;
}

/// An act of staff on what is under way.
#[derive(Debug)]
pub struct ByHand<'a> {
    /// Such as `staff ann@example.com`.
    pub actor: String,
    /// The address that the request came from.
    pub origin: Option<String>,
    /// `retry_operation`, `cancel_operation` or `undo_operation`.
    pub act: &'static str,
    /// What it was when they acted.
    pub operation: &'a Operation,
    /// `done`, or why not.
    pub outcome: String,
}

/// The desk of one service. Cloning is cheap.
#[derive(Clone)]
pub struct Desk {
    pool: PgPool,
    queue: Queue,
    service: &'static str,
    clerk: Arc<dyn Clerk>,
}

impl Desk {
    /// The desk of this service, on its queue.
    pub fn new(pool: PgPool, queue: Queue, service: &'static str, clerk: impl Clerk) -> Self {
        Self { pool, queue, service, clerk: Arc::new(clerk) }
    }

    /// Its routes, to be nested at `…/admin/operations`.
    pub fn routes(self) -> OpenApiRouter {
        OpenApiRouter::new()
            .routes(routes!(list))
            .routes(routes!(find))
            .routes(routes!(retry))
            .routes(routes!(cancel))
            .routes(routes!(undo))
            .with_state(self)
    }

    async fn act(
        &self,
        act: Act,
        id: OperationId,
        (staff, origin): (Staff, Origin),
    ) -> ApiResult<Json<Operation>> {
        let mut tx = self.pool.begin().await?;
        let before = self.queue.operation(&mut tx, id).await?.ok_or(ApiError::NotFound)?;
        let outcome = self.carry_out(&mut tx, act, &before).await;
        let by_hand = ByHand {
            actor: Caller::Staff(staff).to_string(),
            origin: origin.0.map(|address| address.to_string()),
            act: act.name(),
            operation: &before,
            outcome: outcome.as_ref().map_or_else(ToString::to_string, |()| "done".to_owned()),
        };
        self.clerk.note(&mut tx, &by_hand).await?;
        if let Err(refusal) = outcome {
            tx.commit().await?;
            return Err(refusal);
        }
        let after = self.queue.operation(&mut tx, id).await?.ok_or(ApiError::NotFound)?;
        let after = self.named(&mut tx, vec![after]).await?.pop().ok_or(ApiError::NotFound)?;
        tx.commit().await?;
        Ok(Json(after))
    }

    async fn carry_out(
        &self,
        conn: &mut PgConnection,
        act: Act,
        operation: &Operation,
    ) -> ApiResult<()> {
        let (queue, id) = (self.queue, operation.id);
        let is_done = match (act, operation.is_reconcile) {
            (Act::Retry, true) => queue.look_now(conn, &operation.kind, &operation.subject).await?,
            (Act::Cancel | Act::Undo, true) => return Err(endless(operation)),
            (Act::Retry, false) => queue.retry(conn, id).await?,
            (Act::Cancel, false) => queue.cancel(conn, id).await?,
            (Act::Undo, false) => queue.undo(conn, id).await?,
        };
        if is_done {
            return Ok(());
        }
        let message = format!("the operation is {}", operation.state);
        Err(ApiError::conflict("operation_is_in_another_state", message))
    }

    async fn named(
        &self,
        conn: &mut PgConnection,
        mut operations: Vec<Operation>,
    ) -> sqlx::Result<Vec<Operation>> {
        let thing = |operation: &Operation| operation.subject.parse::<Uuid>().ok();
        let things: Vec<Uuid> = operations.iter().filter_map(thing).collect();
        let names = self.clerk.names(conn, &things).await?;
        for operation in &mut operations {
            self.service.clone_into(&mut operation.service);
            operation.name = thing(operation).and_then(|thing| names.get(&thing).cloned());
        }
        Ok(operations)
    }
}

fn endless(operation: &Operation) -> ApiError {
    let message = format!(
        "{} keeps something true and has no end: it can be retried; to have something else, ask for something else",
        operation.kind
    );
    ApiError::conflict("reconcile_has_no_end", message)
}

#[derive(Debug, Clone, Copy)]
enum Act {
    Retry,
    Cancel,
    Undo,
}

impl Act {
    fn name(self) -> &'static str {
        match self {
            Self::Retry => "retry_operation",
            Self::Cancel => "cancel_operation",
            Self::Undo => "undo_operation",
        }
    }
}

/// What is under way: operations, and things that are not as they should be yet; newest first, 500 at most.
#[utoipa::path(get, path = "/", security(("bearer" = [])),
    responses((status = 200, body = Operations), (status = 403, body = ErrorBody)))]
async fn list(_: Staff, State(desk): State<Desk>) -> ApiResult<Json<Operations>> {
    let mut conn = desk.pool.acquire().await?;
    let operations = desk.queue.operations(&mut conn, Which::UnderWay).await?;
    Ok(Json(Operations { operations: desk.named(&mut conn, operations).await? }))
}

/// One of them with its latest errors; operations also when they are over.
#[utoipa::path(get, path = "/{id}", params(("id" = OperationId, Path)), security(("bearer" = [])),
    responses((status = 200, body = OperationDetail), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody)))]
async fn find(
    _: Staff,
    State(desk): State<Desk>,
    Path(id): Path<OperationId>,
) -> ApiResult<Json<OperationDetail>> {
    let mut conn = desk.pool.acquire().await?;
    let found = desk.queue.operation(&mut conn, id).await?.ok_or(ApiError::NotFound)?;
    let of_it = if found.is_reconcile { found.subject.clone() } else { id.to_string() };
    let failures = desk.queue.failures(&mut conn, &found.kind, &of_it).await?;
    let failures = failures
        .into_iter()
        .map(|failure| Failure { step: failure.step, error: failure.error, at: failure.at })
        .collect();
    let operation = desk.named(&mut conn, vec![found]).await?.pop().ok_or(ApiError::NotFound)?;
    Ok(Json(OperationDetail { operation, failures }))
}

/// Try again now what waits or is stuck; look again now at a thing.
#[utoipa::path(post, path = "/{id}/retry", params(("id" = OperationId, Path)), security(("bearer" = [])),
    responses((status = 200, body = Operation), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody),
        (status = 409, body = ErrorBody)))]
async fn retry(
    staff: Staff,
    origin: Origin,
    State(desk): State<Desk>,
    Path(id): Path<OperationId>,
) -> ApiResult<Json<Operation>> {
    desk.act(Act::Retry, id, (staff, origin)).await
}

/// Stop where it is: nothing more is done, forward or back.
#[utoipa::path(post, path = "/{id}/cancel", params(("id" = OperationId, Path)), security(("bearer" = [])),
    responses((status = 200, body = Operation), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody),
        (status = 409, body = ErrorBody)))]
async fn cancel(
    staff: Staff,
    origin: Origin,
    State(desk): State<Desk>,
    Path(id): Path<OperationId>,
) -> ApiResult<Json<Operation>> {
    desk.act(Act::Cancel, id, (staff, origin)).await
}

/// Remove what was done so far.
#[utoipa::path(post, path = "/{id}/undo", params(("id" = OperationId, Path)), security(("bearer" = [])),
    responses((status = 200, body = Operation), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody),
        (status = 409, body = ErrorBody)))]
async fn undo(
    staff: Staff,
    origin: Origin,
    State(desk): State<Desk>,
    Path(id): Path<OperationId>,
) -> ApiResult<Json<Operation>> {
    desk.act(Act::Undo, id, (staff, origin)).await
}
