//! `/admin/violations`: what `saasodoo doctor` asks, for staff.

use api::{ApiResult, Json, Staff, Token};
use axum::extract::State;
use contract::examination::{Rule, Violations};

use crate::context::Context;
use crate::{login, store};

const UNTOLD: Rule =
    Rule::personal(7, "find out who did it, from the log: rows were changed past the services");

/// Which invariants the rows break.
#[utoipa::path(get, path = "/admin/violations", tag = "staff", security(("bearer" = [])),
    responses((status = 200, body = Violations)))]
pub(crate) async fn violations(
    _staff: Staff,
    token: Token,
    State(context): State<Context>,
) -> ApiResult<Json<Violations>> {
    login::check_session(&context, token).await?;
    let mut conn = context.pool.acquire().await?;
    let broken = store::violation::unaudited(&mut conn).await?;
    Ok(Json(Violations { violations: UNTOLD.broken(broken).collect() }))
}
