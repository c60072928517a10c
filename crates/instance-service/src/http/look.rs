//! Looking at instances.

use api::{ApiError, ApiResult, Caller, CustomerOrStaff, Json, Origin, Path, Query};
use axum::extract::State;
use contract::error::ErrorBody;
use contract::instance::{
    AdminLogin, Instance, Instances, InstancesQuery, Logs, LogsQuery, Status, SubdomainCheck,
};
use secrecy::ExposeSecret;
use vocabulary::{InstanceId, Subdomain, SubscriptionId};

use crate::context::{Context, workload};
use crate::store::{all, instance, secret};
use crate::wish::{self, Who};
use crate::{credentials, view};

const PAGE: u32 = 50;
const LINES: u32 = 100;

/// Lists instances, newest first: customers their own, staff everybody's.
#[utoipa::path(
    get, path = "/api/v1/instances/", params(InstancesQuery), security(("bearer" = [])),
    responses((status = 200, body = Instances), (status = 422, body = ErrorBody))
)]
pub(super) async fn list(
    caller: Caller,
    State(context): State<Context>,
    Query(query): Query<InstancesQuery>,
) -> ApiResult<Json<Instances>> {
    let limit = bounded("limit", query.limit, PAGE, 100)?;
    let InstancesQuery { customer_id, status, after, .. } = query;
    let mut conn = context.pool.acquire().await?;
    // One more than asked for tells whether there is another page.
    let more = i64::from(limit) + 1;
    let mut found = match &caller {
        Caller::Customer(own) if customer_id.is_some_and(|id| id != own.customer) => Vec::new(),
        Caller::Customer(own) => {
            instance::list(&mut conn, own.customer, status, after, more).await?
        }
        Caller::Staff(_) | Caller::Service(_) => {
            all::instance::list(&mut conn, customer_id, status, after, more).await?
        }
    };
    let has_more = found.len() > limit as usize;
    found.truncate(limit as usize);
    let next = found.last().map(|instance| instance.id).filter(|_| has_more);
    let public = &context.options.public;
    let instances = found.into_iter().map(|found| view::instance(found, public)).collect();
    Ok(Json(Instances { instances, next }))
}

/// Shows one instance.
#[utoipa::path(
    get, path = "/api/v1/instances/{id}", params(("id" = InstanceId, Path)), security(("bearer" = [])),
    responses((status = 200, body = Instance), (status = 404, body = ErrorBody))
)]
pub(super) async fn one(
    caller: Caller,
    State(context): State<Context>,
    Path(id): Path<InstanceId>,
) -> ApiResult<Json<Instance>> {
    let found = wish::find(&mut *context.pool.acquire().await?, &caller, id).await?;
    Ok(Json(view::instance(found, &context.options.public)))
}

/// Shows the instance that a subscription pays for.
#[utoipa::path(
    get, path = "/api/v1/instances/by-subscription/{subscription_id}",
    params(("subscription_id" = SubscriptionId, Path)), security(("bearer" = [])),
    responses((status = 200, body = Instance), (status = 404, body = ErrorBody))
)]
pub(super) async fn by_subscription(
    caller: Caller,
    State(context): State<Context>,
    Path(id): Path<SubscriptionId>,
) -> ApiResult<Json<Instance>> {
    let mut conn = context.pool.acquire().await?;
    let found = match &caller {
        Caller::Customer(own) => {
            instance::find_by_subscription(&mut conn, own.customer, id).await?
        }
        Caller::Staff(_) | Caller::Service(_) => {
            all::instance::find_by_subscription(&mut conn, id).await?
        }
    };
    let found = found.ok_or(ApiError::NotFound)?;
    Ok(Json(view::instance(found, &context.options.public)))
}

/// Says what an instance is doing.
#[utoipa::path(
    get, path = "/api/v1/instances/{id}/status", params(("id" = InstanceId, Path)), security(("bearer" = [])),
    responses((status = 200, body = Status), (status = 404, body = ErrorBody))
)]
pub(super) async fn status(
    caller: Caller,
    State(context): State<Context>,
    Path(id): Path<InstanceId>,
) -> ApiResult<Json<Status>> {
    let found = wish::find(&mut *context.pool.acquire().await?, &caller, id).await?;
    Ok(Json(view::status(&found, &context.options.public)))
}

/// Shows the newest lines of an instance's log.
#[utoipa::path(
    get, path = "/api/v1/instances/{id}/logs", params(("id" = InstanceId, Path), LogsQuery),
    security(("bearer" = [])),
    responses((status = 200, body = Logs), (status = 404, body = ErrorBody), (status = 422, body = ErrorBody))
)]
pub(super) async fn logs(
    caller: Caller,
    State(context): State<Context>,
    Path(id): Path<InstanceId>,
    Query(query): Query<LogsQuery>,
) -> ApiResult<Json<Logs>> {
    let lines = bounded("lines", query.lines, LINES, 1000)?;
    let found = wish::find(&mut *context.pool.acquire().await?, &caller, id).await?;
    let lines = context.runtime.logs(&workload(found.id), lines as usize).await?;
    Ok(Json(Logs { lines }))
}

/// Shows the administrator's first login.
#[utoipa::path(
    get, path = "/api/v1/instances/{id}/admin-login", params(("id" = InstanceId, Path)), security(("bearer" = [])),
    responses(
        (status = 200, body = AdminLogin), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody),
        (status = 409, body = ErrorBody)
    )
)]
pub(super) async fn admin_login(
    caller: CustomerOrStaff,
    origin: Origin,
    State(context): State<Context>,
    Path(id): Path<InstanceId>,
) -> ApiResult<Json<AdminLogin>> {
    let who = Who::new(caller, origin);
    let mut conn = context.pool.acquire().await?;
    let found = wish::find(&mut conn, &who.caller, id).await?;
    let secrets = secret::find(&mut conn, id).await?.ok_or_else(|| {
        ApiError::conflict("no_login_yet", "the administrator's login is made with the first start")
    })?;
    // Nobody reads a password without a trace.
    wish::note(&mut conn, &who, id, "read_admin_login", "done").await?;
    let password = credentials::admin_password(&context, id, &secrets)?;
    Ok(Json(AdminLogin {
        url: context.options.public.url(&found.subdomain),
        login: found.admin_email.into(),
        password: password.expose_secret().to_owned(),
    }))
}

/// Says whether a subdomain can be had.
#[utoipa::path(
    get, path = "/api/v1/instances/check-subdomain/{subdomain}", params(("subdomain" = String, Path)),
    security(("bearer" = [])),
    responses((status = 200, body = SubdomainCheck), (status = 422, body = ErrorBody))
)]
pub(super) async fn check_subdomain(
    _caller: Caller,
    State(context): State<Context>,
    Path(subdomain): Path<String>,
) -> ApiResult<Json<SubdomainCheck>> {
    let subdomain: Subdomain = subdomain
        .try_into()
        .map_err(|rule: vocabulary::InvalidName| ApiError::invalid("subdomain", rule.0))?;
    let mut conn = context.pool.acquire().await?;
    let (available, message) = if subdomain.is_reserved() {
        (false, "This name is kept for the platform.")
    } else if all::instance::has_subdomain(&mut conn, &subdomain).await? {
        (false, "This name is taken.")
    } else {
        (true, "This name can be had.")
    };
    let subdomain = subdomain.into();
    Ok(Json(SubdomainCheck { subdomain, available, message: message.to_owned() }))
}

fn bounded(field: &str, asked: Option<u32>, default: u32, most: u32) -> ApiResult<u32> {
    match asked.unwrap_or(default) {
        number if (1..=most).contains(&number) => Ok(number),
        _ => Err(ApiError::invalid(field, format!("a number from 1 to {most}"))),
    }
}
