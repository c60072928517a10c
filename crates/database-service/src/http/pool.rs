//! `/admin/pools`, `/admin/stats`, `/admin/provision-pool`: for staff.

use api::{ApiError, ApiResult, Caller, Json, Origin, Path, Query, Staff};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use contract::database as body;
use contract::error::ErrorBody;
use serde::de::DeserializeOwned;
use vocabulary::ServerId;

use super::actor;
use crate::pool::{self, Refused};
use crate::state::Wish;
use crate::store::pool::Filter;
use crate::{Context, health, store};

impl From<Refused> for ApiError {
    fn from(refused: Refused) -> Self {
        let message = refused.to_string();
        match refused {
            Refused::Unknown => Self::NotFound,
            Refused::Leaving => Self::conflict("pool_is_leaving", message),
            Refused::InUse(_) => Self::conflict("pool_is_in_use", message),
            Refused::Dedicated => Self::conflict("pool_is_dedicated", message),
            Refused::Failed(error) => error.into(),
        }
    }
}

/// The servers, by name.
#[utoipa::path(
    get, path = "/api/database/admin/pools", params(body::PoolsQuery), security(("bearer" = [])),
    responses((status = 200, body = body::Pools), (status = 422, body = ErrorBody)))]
pub(super) async fn list(
    _: Staff,
    State(context): State<Context>,
    Query(query): Query<body::PoolsQuery>,
) -> ApiResult<Json<body::Pools>> {
    let filter = Filter {
        id: None,
        status: word("status", query.status)?,
        server_type: word("server_type", query.server_type)?,
    };
    let mut conn = context.pool.acquire().await?;
    let pools = store::pool::list(&mut conn, filter).await?;
    Ok(Json(body::Pools { total_count: pools.len(), pools }))
}

/// One server, and who is on it.
#[utoipa::path(
    get, path = "/api/database/admin/pools/{id}", params(("id" = ServerId, Path)), security(("bearer" = [])),
    responses((status = 200, body = body::PoolDetail), (status = 404, body = ErrorBody)))]
pub(super) async fn find(
    _: Staff,
    State(context): State<Context>,
    Path(id): Path<ServerId>,
) -> ApiResult<Json<body::PoolDetail>> {
    Ok(Json(pool::detail(&context, id).await?))
}

/// All servers in numbers.
#[utoipa::path(
    get, path = "/api/database/admin/stats", security(("bearer" = [])),
    responses((status = 200, body = body::Stats)))]
pub(super) async fn stats(
    _: Staff,
    State(context): State<Context>,
) -> ApiResult<Json<body::Stats>> {
    let mut conn = context.pool.acquire().await?;
    Ok(Json(store::pool::stats(&mut conn).await?))
}

/// Look at a server's health now.
#[utoipa::path(
    post, path = "/api/database/admin/pools/{id}/health-check", params(("id" = ServerId, Path)),
    security(("bearer" = [])),
    responses((status = 200, body = body::Health), (status = 404, body = ErrorBody)))]
pub(super) async fn check_health(
    _: Staff,
    State(context): State<Context>,
    Path(id): Path<ServerId>,
) -> ApiResult<Json<body::Health>> {
    let health = health::check_now(&context, id).await?;
    health.map(Json).ok_or(ApiError::NotFound)
}

/// Take a server out of choice; what it has stays.
#[utoipa::path(
    post, path = "/api/database/admin/pools/{id}/drain", params(("id" = ServerId, Path)), security(("bearer" = [])),
    responses((status = 200, body = body::PoolDetail), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub(super) async fn drain(
    staff: Staff,
    origin: Origin,
    State(context): State<Context>,
    Path(id): Path<ServerId>,
) -> ApiResult<Json<body::PoolDetail>> {
    let actor = actor(Caller::Staff(staff), origin);
    Ok(Json(pool::set_wish(&context, id, Wish::Drain, &actor).await?))
}

/// Put a server back into choice.
#[utoipa::path(
    post, path = "/api/database/admin/pools/{id}/resume", params(("id" = ServerId, Path)), security(("bearer" = [])),
    responses((status = 200, body = body::PoolDetail), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub(super) async fn resume(
    staff: Staff,
    origin: Origin,
    State(context): State<Context>,
    Path(id): Path<ServerId>,
) -> ApiResult<Json<body::PoolDetail>> {
    let actor = actor(Caller::Staff(staff), origin);
    Ok(Json(pool::set_wish(&context, id, Wish::Serve, &actor).await?))
}

/// Change how many databases a server may hold.
#[utoipa::path(
    post, path = "/api/database/admin/pools/{id}/resize", params(("id" = ServerId, Path)),
    request_body = body::Resize, security(("bearer" = [])),
    responses(
        (status = 200, body = body::PoolDetail), (status = 404, body = ErrorBody),
        (status = 409, body = ErrorBody), (status = 422, body = ErrorBody)))]
pub(super) async fn resize(
    staff: Staff,
    origin: Origin,
    State(context): State<Context>,
    Path(id): Path<ServerId>,
    Json(asked): Json<body::Resize>,
) -> ApiResult<Json<body::PoolDetail>> {
    check_size(asked.max_instances)?;
    let actor = actor(Caller::Staff(staff), origin);
    Ok(Json(pool::resize(&context, id, asked.max_instances, &actor).await?))
}

/// Remove a server that holds no databases.
#[utoipa::path(
    delete, path = "/api/database/admin/pools/{id}", params(("id" = ServerId, Path)), security(("bearer" = [])),
    responses((status = 202, body = body::PoolDetail), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub(super) async fn remove(
    staff: Staff,
    origin: Origin,
    State(context): State<Context>,
    Path(id): Path<ServerId>,
) -> ApiResult<impl IntoResponse> {
    let actor = actor(Caller::Staff(staff), origin);
    Ok((StatusCode::ACCEPTED, Json(pool::remove(&context, id, &actor).await?)))
}

/// Ask for one more pool.
#[utoipa::path(
    post, path = "/api/database/admin/provision-pool", request_body = body::ProvisionPool, security(("bearer" = [])),
    responses((status = 202, body = body::PoolIsComing), (status = 422, body = ErrorBody)))]
pub(super) async fn provision(
    staff: Staff,
    origin: Origin,
    State(context): State<Context>,
    Json(asked): Json<body::ProvisionPool>,
) -> ApiResult<impl IntoResponse> {
    check_size(asked.max_instances)?;
    if asked.server_type != "shared" {
        return Err(ApiError::invalid(
            "server_type",
            "only shared: a dedicated server comes with its instance",
        ));
    }
    let actor = actor(Caller::Staff(staff), origin);
    let task_id = pool::provision(&context, asked.max_instances, &actor).await?;
    let coming = body::PoolIsComing {
        task_id,
        message: "the pool is being made, which takes seconds".to_owned(),
        max_instances: asked.max_instances,
    };
    Ok((StatusCode::ACCEPTED, Json(coming)))
}

fn check_size(size: u32) -> ApiResult<()> {
    if (1..=1000).contains(&size) {
        Ok(())
    } else {
        Err(ApiError::invalid("max_instances", "a server holds 1 to 1000 databases"))
    }
}

/// One of the words that a state may be.
fn word<T: DeserializeOwned>(field: &str, text: Option<String>) -> ApiResult<Option<T>> {
    text.map(|text| {
        serde_json::from_value(serde_json::Value::String(text))
            .map_err(|error| ApiError::invalid(field, error.to_string()))
    })
    .transpose()
}
