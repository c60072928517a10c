//! What services state.

use api::{ApiResult, Json, Origin, Path, Service};
use axum::extract::State;
use axum::http::StatusCode;
use contract::error::ErrorBody;
use contract::instance::{Create, Entitlement, EntitlementStored, Instance};
use vocabulary::InstanceId;

use super::Insider;
use crate::context::Context;
use crate::wish::Who;
use crate::{entitlement, view};

/// Makes an instance without an entitlement: a database is reserved, and no Odoo runs.
#[utoipa::path(
    post, path = "/api/v1/instances/", request_body = Create, security(("bearer" = [])),
    responses(
        (status = 201, body = Instance), (status = 403, body = ErrorBody), (status = 409, body = ErrorBody),
        (status = 422, body = ErrorBody)
    )
)]
pub(super) async fn create(
    insider: Insider,
    origin: Origin,
    State(context): State<Context>,
    Json(body): Json<Create>,
) -> ApiResult<(StatusCode, Json<Instance>)> {
    let created = entitlement::create(&context, &Who::new(insider, origin), body).await?;
    Ok((StatusCode::CREATED, Json(view::instance(created, &context.options.public))))
}

/// States what billing grants an instance; the highest version holds. Makes the instance when it is new.
#[utoipa::path(
    put, path = "/api/v1/instances/{id}/entitlement", params(("id" = InstanceId, Path)),
    request_body = Entitlement, security(("bearer" = [])),
    responses(
        (status = 200, body = EntitlementStored), (status = 403, body = ErrorBody),
        (status = 409, body = ErrorBody), (status = 422, body = ErrorBody)
    )
)]
pub(super) async fn entitle(
    service: Service,
    origin: Origin,
    State(context): State<Context>,
    Path(id): Path<InstanceId>,
    Json(body): Json<Entitlement>,
) -> ApiResult<Json<EntitlementStored>> {
    let who = Who::new(api::Caller::Service(service), origin);
    Ok(Json(entitlement::state(&context, &who, id, body).await?))
}
