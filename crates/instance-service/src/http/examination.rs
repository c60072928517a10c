//! What `saasodoo doctor` asks, for staff.

use api::{ApiResult, Json, Query, Staff};
use axum::extract::State;
use contract::error::ErrorBody;
use contract::examination::{Swept, Violations};
use contract::instance::{Statements, StatementsQuery};

use crate::context::Context;
use crate::examination;
use crate::store::all;

/// How many statements a page has.
const PAGE: i64 = 500;

/// Which invariants the rows break.
#[utoipa::path(
    get, path = "/api/v1/instances/admin/violations", security(("bearer" = [])),
    responses((status = 200, body = Violations), (status = 403, body = ErrorBody))
)]
pub(super) async fn violations(
    _staff: Staff,
    State(context): State<Context>,
) -> ApiResult<Json<Violations>> {
    let mut conn = context.pool.acquire().await?;
    Ok(Json(Violations { violations: examination::violations(&mut conn).await? }))
}

/// Look at every instance again.
#[utoipa::path(
    post, path = "/api/v1/instances/admin/sweep", security(("bearer" = [])),
    responses((status = 200, body = Swept), (status = 403, body = ErrorBody))
)]
pub(super) async fn sweep(_staff: Staff, State(context): State<Context>) -> ApiResult<Json<Swept>> {
    let mut tx = context.pool.begin().await?;
    let woken = examination::sweep(&mut tx).await?;
    tx.commit().await?;
    Ok(Json(Swept { woken }))
}

/// What billing has stated of the instances that are not over.
#[utoipa::path(
    get, path = "/api/v1/instances/admin/statements", params(StatementsQuery), security(("bearer" = [])),
    responses((status = 200, body = Statements), (status = 403, body = ErrorBody), (status = 422, body = ErrorBody))
)]
pub(super) async fn statements(
    _staff: Staff,
    State(context): State<Context>,
    Query(query): Query<StatementsQuery>,
) -> ApiResult<Json<Statements>> {
    let mut conn = context.pool.acquire().await?;
    let statements = all::statement::list(&mut conn, query.after, PAGE).await?;
    let is_full = usize::try_from(PAGE).is_ok_and(|page| page == statements.len());
    let next = statements.last().map(|last| last.instance_id).filter(|_| is_full);
    Ok(Json(Statements { statements, next }))
}
