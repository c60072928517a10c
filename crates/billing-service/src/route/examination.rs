//! `/admin/statements`, `/admin/violations`, `/admin/sweep`: what `saasodoo doctor` asks, for staff.

use crate::{Context, examination, store};
use api::{ApiResult, Json, Query, Staff};
use axum::extract::State;
use contract::examination::{Swept, Violations};
use contract::instance::{Statements, StatementsQuery};

/// How many statements a page has.
const PAGE: i64 = 500;

/// What is stated to instance-service of all orders that were not refused.
#[utoipa::path(get, path = "/api/billing/admin/statements", params(StatementsQuery),
    responses((status = 200, body = Statements)))]
pub(crate) async fn statements(
    _: Staff,
    State(context): State<Context>,
    Query(query): Query<StatementsQuery>,
) -> ApiResult<Json<Statements>> {
    let mut conn = context.pool.acquire().await?;
    let statements = store::statement::list(&mut conn, query.after, PAGE).await?;
    let is_full = usize::try_from(PAGE).is_ok_and(|page| page == statements.len());
    let next = statements.last().map(|last| last.instance_id).filter(|_| is_full);
    Ok(Json(Statements { statements, next }))
}

/// Which invariants the rows break.
#[utoipa::path(get, path = "/api/billing/admin/violations", responses((status = 200, body = Violations)))]
pub(crate) async fn violations(
    _: Staff,
    State(context): State<Context>,
) -> ApiResult<Json<Violations>> {
    Ok(Json(Violations { violations: examination::violations(&context).await? }))
}

/// State all entitlements again.
#[utoipa::path(post, path = "/api/billing/admin/sweep", responses((status = 200, body = Swept)))]
pub(crate) async fn sweep(_: Staff, State(context): State<Context>) -> ApiResult<Json<Swept>> {
    Ok(Json(Swept { woken: examination::sweep(&context).await? }))
}
