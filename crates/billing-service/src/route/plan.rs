//! `/plans`.

use super::body;
use crate::Context;
use api::{ApiError, ApiResult, Caller, Json, Path};
use axum::extract::State;
use contract::billing::{Plan, Plans};

/// The plans that can be bought, cheapest first.
#[utoipa::path(get, path = "/api/billing/plans", responses((status = 200, body = Plans)))]
pub(crate) async fn list(_: Caller, State(context): State<Context>) -> Json<Plans> {
    let plans = context.plans.all().iter().map(|plan| body::plan(plan, &context.plans));
    Json(Plans { plans: plans.collect() })
}

/// One plan.
#[utoipa::path(get, path = "/api/billing/plans/{name}", params(("name" = String, Path)),
    responses((status = 200, body = Plan)))]
pub(crate) async fn show(
    _: Caller,
    State(context): State<Context>,
    Path(name): Path<String>,
) -> ApiResult<Json<Plan>> {
    let plan = context.plans.find(&name).ok_or(ApiError::NotFound)?;
    Ok(Json(body::plan(plan, &context.plans)))
}
