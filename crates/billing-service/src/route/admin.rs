//! `/admin`: what staff see of the chain of truth.

use crate::context::QUEUE;
use crate::{Context, store};
use api::{ApiResult, Json, Query, Staff};
use axum::extract::State;
use contract::billing::{EntitlementsQuery, HeldEntitlements};
use contract::operation::Operations;
use work::Which;

/// What billing holds true of the instances, and whether instance-service knows; newest first, 500 at most.
#[utoipa::path(get, path = "/api/billing/admin/entitlements", params(EntitlementsQuery),
    responses((status = 200, body = HeldEntitlements)))]
pub(crate) async fn entitlements(
    _: Staff,
    State(context): State<Context>,
    Query(query): Query<EntitlementsQuery>,
) -> ApiResult<Json<HeldEntitlements>> {
    let mut conn = context.pool.acquire().await?;
    let entitlements = store::all::entitlements(&mut conn, query.alarmed).await?;
    Ok(Json(HeldEntitlements { entitlements }))
}

/// What is under way, and what fails: step, tries, error, next try.
#[utoipa::path(get, path = "/api/billing/admin/operations", responses((status = 200, body = Operations)))]
pub(crate) async fn operations(
    _: Staff,
    State(context): State<Context>,
) -> ApiResult<Json<Operations>> {
    let mut conn = context.pool.acquire().await?;
    let operations = QUEUE.operations(&mut conn, Which::UnderWay).await?;
    Ok(Json(Operations { operations }))
}
