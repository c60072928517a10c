//! `/admin/customers` for staff, `/internal/customers` for services.

use api::{ApiResult, Json, Origin, Path, Query, Service, Staff, Token};
use axum::extract::State;
use contract::error::ErrorBody;
use contract::user::{Customer, Customers, CustomersQuery, EnsureCustomer};
use vocabulary::CustomerId;

use crate::context::Context;
use crate::{customer, login};

/// Customers, newest first.
#[utoipa::path(get, path = "/admin/customers", tag = "staff", security(("bearer" = [])), params(CustomersQuery),
    responses((status = 200, body = Customers)))]
pub(crate) async fn list(
    _staff: Staff,
    token: Token,
    State(context): State<Context>,
    Query(query): Query<CustomersQuery>,
) -> ApiResult<Json<Customers>> {
    login::check_session(&context, token).await?;
    customer::list(&context, &query).await.map(Json)
}

/// Makes sure that there is a customer with this address.
#[utoipa::path(put, path = "/admin/customers", tag = "staff", security(("bearer" = [])), responses(
    (status = 200, body = Customer), (status = 422, body = ErrorBody)))]
pub(crate) async fn ensure(
    staff: Staff,
    token: Token,
    State(context): State<Context>,
    from: Origin,
    Json(request): Json<EnsureCustomer>,
) -> ApiResult<Json<Customer>> {
    login::check_session(&context, token).await?;
    customer::ensure(&context, &staff, &request, from).await.map(Json)
}

/// One customer.
#[utoipa::path(get, path = "/admin/customers/{id}", tag = "staff", security(("bearer" = [])),
    params(("id" = CustomerId, Path, description = "Which customer")),
    responses((status = 200, body = Customer), (status = 404, body = ErrorBody)))]
pub(crate) async fn read(
    _staff: Staff,
    token: Token,
    State(context): State<Context>,
    Path(id): Path<CustomerId>,
) -> ApiResult<Json<Customer>> {
    login::check_session(&context, token).await?;
    customer::find(&context, id).await.map(Json)
}

/// One customer, for the other services.
#[utoipa::path(get, path = "/internal/customers/{id}", tag = "service", security(("bearer" = [])),
    params(("id" = CustomerId, Path, description = "Which customer")),
    responses((status = 200, body = Customer), (status = 404, body = ErrorBody)))]
pub(crate) async fn read_internally(
    _service: Service,
    State(context): State<Context>,
    Path(id): Path<CustomerId>,
) -> ApiResult<Json<Customer>> {
    customer::find(&context, id).await.map(Json)
}
