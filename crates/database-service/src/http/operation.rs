//! `/admin/operations`: what is under way, for staff; and what they may do about it by hand.

use api::{ApiError, ApiResult, Caller, Json, Origin, Path, Staff};
use axum::extract::State;
use contract::error::ErrorBody;
use contract::operation::{Operation, Operations};
use vocabulary::OperationId;
use work::Which;

use super::actor;
use crate::store::audit;
use crate::{Context, QUEUE};

/// What is under way: operations, and things that are not as they should be yet.
#[utoipa::path(
    get, path = "/api/database/admin/operations", security(("bearer" = [])),
    responses((status = 200, body = Operations)))]
pub(super) async fn list(_: Staff, State(context): State<Context>) -> ApiResult<Json<Operations>> {
    let mut conn = context.pool.acquire().await?;
    let operations = QUEUE.operations(&mut conn, Which::UnderWay).await?;
    Ok(Json(Operations { operations }))
}

/// One operation, also when it is over.
#[utoipa::path(
    get, path = "/api/database/admin/operations/{id}", params(("id" = OperationId, Path)), security(("bearer" = [])),
    responses((status = 200, body = Operation), (status = 404, body = ErrorBody)))]
pub(super) async fn find(
    _: Staff,
    State(context): State<Context>,
    Path(id): Path<OperationId>,
) -> ApiResult<Json<Operation>> {
    let mut conn = context.pool.acquire().await?;
    QUEUE.operation(&mut conn, id).await?.map(Json).ok_or(ApiError::NotFound)
}

/// Try again now what waits or is stuck.
#[utoipa::path(
    post, path = "/api/database/admin/operations/{id}/retry", params(("id" = OperationId, Path)),
    security(("bearer" = [])),
    responses((status = 200, body = Operation), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub(super) async fn retry(
    staff: Staff,
    origin: Origin,
    State(context): State<Context>,
    Path(id): Path<OperationId>,
) -> ApiResult<Json<Operation>> {
    by_hand(&context, id, Act::Retry, (staff, origin)).await
}

/// Stop where it is: nothing more is done, forward or back.
#[utoipa::path(
    post, path = "/api/database/admin/operations/{id}/cancel", params(("id" = OperationId, Path)),
    security(("bearer" = [])),
    responses((status = 200, body = Operation), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub(super) async fn cancel(
    staff: Staff,
    origin: Origin,
    State(context): State<Context>,
    Path(id): Path<OperationId>,
) -> ApiResult<Json<Operation>> {
    by_hand(&context, id, Act::Cancel, (staff, origin)).await
}

/// Remove what was done so far.
#[utoipa::path(
    post, path = "/api/database/admin/operations/{id}/undo", params(("id" = OperationId, Path)),
    security(("bearer" = [])),
    responses((status = 200, body = Operation), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub(super) async fn undo(
    staff: Staff,
    origin: Origin,
    State(context): State<Context>,
    Path(id): Path<OperationId>,
) -> ApiResult<Json<Operation>> {
    by_hand(&context, id, Act::Undo, (staff, origin)).await
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

async fn by_hand(
    context: &Context,
    id: OperationId,
    act: Act,
    (staff, origin): (Staff, Origin),
) -> ApiResult<Json<Operation>> {
    let mut tx = context.pool.begin().await?;
    let before = QUEUE.operation(&mut tx, id).await?.ok_or(ApiError::NotFound)?;
    let is_done = match act {
        Act::Retry => QUEUE.retry(&mut tx, id).await?,
        Act::Cancel => QUEUE.cancel(&mut tx, id).await?,
        Act::Undo => QUEUE.undo(&mut tx, id).await?,
    };
    if !is_done {
        let message = format!("the operation is {}", before.state);
        return Err(ApiError::conflict("operation_is_in_another_state", message));
    }
    let actor = actor(Caller::Staff(staff), origin);
    audit::write(&mut tx, &actor, act.name(), &format!("operation {id}"), &before.state).await?;
    let after = QUEUE.operation(&mut tx, id).await?.ok_or(ApiError::NotFound)?;
    tx.commit().await?;
    Ok(Json(after))
}
