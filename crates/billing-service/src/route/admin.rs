//! `/admin`: what staff see of the chain of truth.

use crate::{Context, store};
use api::{ApiResult, Json, Query, Staff};
use axum::extract::State;
use contract::billing::{EntitlementsQuery, HeldEntitlements};

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
