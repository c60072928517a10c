//! `/admin/violations`, `/admin/sweep`, `/admin/inventory`: what `saasodoo doctor` asks, for staff.

use api::{ApiResult, Json, Staff};
use axum::extract::State;
use contract::database as body;
use contract::examination::{Swept, Violations};

use crate::{Context, examination, inventory, store};

/// Which invariants the rows break.
#[utoipa::path(
    get, path = "/api/database/admin/violations", security(("bearer" = [])),
    responses((status = 200, body = Violations)))]
pub(super) async fn violations(
    _: Staff,
    State(context): State<Context>,
) -> ApiResult<Json<Violations>> {
    let mut conn = context.pool.acquire().await?;
    Ok(Json(Violations { violations: examination::violations(&mut conn).await? }))
}

/// Look at everything again.
#[utoipa::path(
    post, path = "/api/database/admin/sweep", security(("bearer" = [])),
    responses((status = 200, body = Swept)))]
pub(super) async fn sweep(_: Staff, State(context): State<Context>) -> ApiResult<Json<Swept>> {
    let mut tx = context.pool.begin().await?;
    let woken = examination::sweep(&mut tx).await?;
    tx.commit().await?;
    Ok(Json(Swept { woken }))
}

/// What the inventory found on the servers and no row explains, or the reverse.
#[utoipa::path(
    get, path = "/api/database/admin/inventory", security(("bearer" = [])),
    responses((status = 200, body = body::Findings)))]
pub(super) async fn findings(
    _: Staff,
    State(context): State<Context>,
) -> ApiResult<Json<body::Findings>> {
    Ok(Json(body::Findings { findings: found(&context).await? }))
}

/// Compare every server with the rows now.
#[utoipa::path(
    post, path = "/api/database/admin/inventory", security(("bearer" = [])),
    responses((status = 200, body = body::Inventory)))]
pub(super) async fn take_inventory(
    _: Staff,
    State(context): State<Context>,
) -> ApiResult<Json<body::Inventory>> {
    let mut conn = context.pool.acquire().await?;
    examination::look_at_runtime(&mut conn).await?;
    drop(conn);
    let unseen = inventory::take(&context).await?;
    let unseen = unseen.into_iter().map(|(place, error)| body::Unseen { place, error }).collect();
    Ok(Json(body::Inventory { findings: found(&context).await?, unseen }))
}

async fn found(context: &Context) -> ApiResult<Vec<body::Finding>> {
    let mut conn = context.pool.acquire().await?;
    let found = store::finding::all(&mut conn).await?;
    let shown = |finding: store::finding::Finding| body::Finding {
        place: finding.place,
        kind: finding.kind.to_string(),
        name: finding.name,
        first_seen_at: finding.first_seen_at,
        last_seen_at: finding.last_seen_at,
    };
    Ok(found.into_iter().map(shown).collect())
}
