//! Wishing something of an instance.

use api::{ApiResult, CustomerOrStaff, Json, Origin, Path, Query};
use axum::extract::State;
use axum::http::StatusCode;
use contract::error::ErrorBody;
use contract::instance::{Act, DeleteQuery, Instance, Rename};
use vocabulary::InstanceId;

use crate::context::Context;
use crate::view;
use crate::wish::{self, Who, Wished};

/// Changes what people call an instance.
#[utoipa::path(
    put, path = "/api/v1/instances/{id}", params(("id" = InstanceId, Path)), request_body = Rename,
    security(("bearer" = [])),
    responses(
        (status = 200, body = Instance), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody),
        (status = 422, body = ErrorBody)
    )
)]
pub(super) async fn rename(
    caller: CustomerOrStaff,
    origin: Origin,
    State(context): State<Context>,
    Path(id): Path<InstanceId>,
    Json(body): Json<Rename>,
) -> ApiResult<Json<Instance>> {
    let who = Who::new(caller, origin);
    let renamed = wish::express(&context, &who, id, &Wished::Rename(body.name)).await?;
    Ok(Json(view::instance(renamed, &context.options.public)))
}

/// Deletes an instance with all of its data, when its subdomain is typed again.
#[utoipa::path(
    delete, path = "/api/v1/instances/{id}", params(("id" = InstanceId, Path), DeleteQuery),
    security(("bearer" = [])),
    responses((status = 202, body = Instance), (status = 404, body = ErrorBody), (status = 422, body = ErrorBody))
)]
pub(super) async fn delete(
    caller: CustomerOrStaff,
    origin: Origin,
    State(context): State<Context>,
    Path(id): Path<InstanceId>,
    Query(query): Query<DeleteQuery>,
) -> ApiResult<(StatusCode, Json<Instance>)> {
    let who = Who::new(caller, origin);
    let unwanted = wish::express(&context, &who, id, &Wished::Delete(query.confirm)).await?;
    Ok((StatusCode::ACCEPTED, Json(view::instance(unwanted, &context.options.public))))
}

/// Asks an instance to start, stop or restart; staff may also hold it and let it go.
#[utoipa::path(
    post, path = "/api/v1/instances/{id}/actions", params(("id" = InstanceId, Path)), request_body = Act,
    security(("bearer" = [])),
    responses(
        (status = 202, body = Instance), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody),
        (status = 409, body = ErrorBody), (status = 422, body = ErrorBody)
    )
)]
pub(super) async fn act(
    caller: CustomerOrStaff,
    origin: Origin,
    State(context): State<Context>,
    Path(id): Path<InstanceId>,
    Json(body): Json<Act>,
) -> ApiResult<(StatusCode, Json<Instance>)> {
    let who = Who::new(caller, origin);
    let wished = Wished::parse(&body.action, &who.caller)?;
    let instance = wish::express(&context, &who, id, &wished).await?;
    Ok((StatusCode::ACCEPTED, Json(view::instance(instance, &context.options.public))))
}
