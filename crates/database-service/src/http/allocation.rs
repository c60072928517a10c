//! `/allocate`, `/allocations/{instance_id}`, `/provision-dedicated`: for services only, because answers carry passwords.

use std::time::Duration;

use api::{ApiError, ApiResult, Caller, Json, Origin, Path, Query, Service};
use axum::extract::State;
use axum::http::{HeaderName, StatusCode, header};
use axum::response::{AppendHeaders, IntoResponse};
use contract::database as body;
use contract::error::ErrorBody;
use vocabulary::{DatabaseType, InstanceId};

use super::actor;
use crate::Context;
use crate::allocation::{self, Refused, Request};

/// The longest that a request waits for a change.
const LONGEST_WAIT: Duration = Duration::from_mins(1);

/// How an allocation is answered: 200 when it is there, 202 while something is under way.
struct Answer(body::Allocation);

impl IntoResponse for Answer {
    fn into_response(self) -> axum::response::Response {
        let status = match &self.0 {
            body::Allocation::Allocated(_) => StatusCode::OK,
            body::Allocation::Provisioning { .. } | body::Allocation::Releasing => {
                StatusCode::ACCEPTED
            }
        };
        let mut headers: Vec<(HeaderName, String)> =
            vec![(header::CACHE_CONTROL, "no-store".to_owned())];
        if let body::Allocation::Provisioning { retry_after, .. } = &self.0 {
            headers.push((header::RETRY_AFTER, retry_after.to_string()));
        }
        (status, AppendHeaders(headers), Json(self.0)).into_response()
    }
}

impl From<Refused> for ApiError {
    fn from(refused: Refused) -> Self {
        let message = refused.to_string();
        match refused {
            Refused::OtherType(_) => Self::conflict("allocation_has_other_type", message),
            Refused::OtherCustomer => Self::conflict("allocation_of_other_customer", message),
            Refused::NotReady => Self::conflict("allocation_is_not_ready", message),
            Refused::None => Self::NotFound,
            Refused::Failed(error) => error.into(),
        }
    }
}

/// Ask for the database of an instance; the same question has the same answer.
#[utoipa::path(
    post, path = "/api/database/allocate", request_body = body::Allocate, security(("bearer" = [])),
    responses(
        (status = 200, body = body::Allocation, description = "the database is there"),
        (status = 202, body = body::Allocation, description = "a server or the database is being made"),
        (status = 409, body = ErrorBody, description = "the instance has an allocation of the other type"),
        (status = 422, body = ErrorBody)))]
pub(super) async fn allocate(
    caller: Service,
    origin: Origin,
    State(context): State<Context>,
    Json(asked): Json<body::Allocate>,
) -> ApiResult<impl IntoResponse> {
    let request = parse(&context, asked)?;
    let actor = actor(Caller::Service(caller), origin);
    Ok(Answer(allocation::allocate(&context, &request, &actor).await?))
}

/// Ask for a server that only one instance will use.
#[utoipa::path(
    post, path = "/api/database/provision-dedicated", request_body = body::ProvisionDedicated,
    security(("bearer" = [])),
    responses(
        (status = 200, body = body::Allocation, description = "it is there already"),
        (status = 202, body = body::Allocation, description = "it is being made"),
        (status = 409, body = ErrorBody), (status = 422, body = ErrorBody)))]
pub(super) async fn provision_dedicated(
    caller: Service,
    origin: Origin,
    State(context): State<Context>,
    Json(asked): Json<body::ProvisionDedicated>,
) -> ApiResult<impl IntoResponse> {
    if !is_dedicated_tier(&asked.plan_tier) {
        return Err(ApiError::invalid(
            "plan_tier",
            "a dedicated server is for the tiers premium and enterprise",
        ));
    }
    let request = Request {
        instance: asked.instance_id,
        customer: asked.customer_id,
        db_type: DatabaseType::Dedicated,
        template: None,
        reserve_for: None,
        cpu_limit: None,
        memory_limit: None,
    };
    let actor = actor(Caller::Service(caller), origin);
    Ok(Answer(allocation::allocate(&context, &request, &actor).await?))
}

/// The allocation as it stands, or as soon as what is under way has changed.
#[utoipa::path(
    get, path = "/api/database/allocations/{instance_id}", security(("bearer" = [])),
    params(("instance_id" = InstanceId, Path), body::WaitQuery),
    responses(
        (status = 200, body = body::Allocation), (status = 202, body = body::Allocation),
        (status = 404, body = ErrorBody), (status = 422, body = ErrorBody)))]
pub(super) async fn find(
    _: Service,
    State(context): State<Context>,
    Path(instance): Path<InstanceId>,
    Query(query): Query<body::WaitQuery>,
) -> ApiResult<impl IntoResponse> {
    let wait = wait(query.wait.as_deref())?;
    Ok(Answer(allocation::await_change(&context, instance, wait).await?))
}

/// Give the database back. Its data goes; whoever calls has decided that it may.
#[utoipa::path(
    delete, path = "/api/database/allocations/{instance_id}", security(("bearer" = [])),
    params(("instance_id" = InstanceId, Path)),
    responses((status = 202, body = body::Allocation), (status = 404, body = ErrorBody)))]
pub(super) async fn release(
    caller: Service,
    origin: Origin,
    State(context): State<Context>,
    Path(instance): Path<InstanceId>,
) -> ApiResult<impl IntoResponse> {
    let actor = actor(Caller::Service(caller), origin);
    Ok(Answer(allocation::release(&context, instance, &actor).await?))
}

/// Give the role another password.
#[utoipa::path(
    post, path = "/api/database/allocations/{instance_id}/rotate", security(("bearer" = [])),
    params(("instance_id" = InstanceId, Path)),
    responses(
        (status = 200, body = body::Allocation), (status = 202, body = body::Allocation),
        (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub(super) async fn rotate(
    caller: Service,
    origin: Origin,
    State(context): State<Context>,
    Path(instance): Path<InstanceId>,
) -> ApiResult<impl IntoResponse> {
    let actor = actor(Caller::Service(caller), origin);
    Ok(Answer(allocation::rotate(&context, instance, &actor).await?))
}

fn parse(context: &Context, asked: body::Allocate) -> ApiResult<Request> {
    if let Some(template) = &asked.template
        && context.options.template(template).is_none()
    {
        return Err(ApiError::invalid("template", "the template is not one of those on offer"));
    }
    if asked.plan_tier.as_deref().is_some_and(|tier| !is_tier(tier)) {
        return Err(ApiError::invalid("plan_tier", "a tier is a word of 1 to 50 letters"));
    }
    if asked.reserve_for.is_some_and(|seconds| !(1..=86_400).contains(&seconds)) {
        return Err(ApiError::invalid("reserve_for", "a reservation lasts 1 to 86400 seconds"));
    }
    Ok(Request {
        instance: asked.instance_id,
        customer: asked.customer_id,
        db_type: db_type(&asked)?,
        template: asked.template,
        reserve_for: asked.reserve_for,
        cpu_limit: asked.cpu_limit,
        memory_limit: asked.memory_limit,
    })
}

/// The three ways to say where a database is to lie, which must not contradict each other.
fn db_type(asked: &body::Allocate) -> ApiResult<DatabaseType> {
    let by_flag = asked.require_dedicated.map(|is_dedicated| {
        if is_dedicated { DatabaseType::Dedicated } else { DatabaseType::Shared }
    });
    let by_tier = asked.plan_tier.as_deref().map(|tier| {
        if is_dedicated_tier(tier) { DatabaseType::Dedicated } else { DatabaseType::Shared }
    });
    match (asked.db_type, by_flag) {
        (Some(said), Some(flag)) if said != flag => {
            Err(ApiError::invalid("require_dedicated", "it contradicts db_type"))
        }
        (said, flag) => Ok(said.or(flag).or(by_tier).unwrap_or(DatabaseType::Shared)),
    }
}

fn is_tier(text: &str) -> bool {
    (1..=50).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

fn is_dedicated_tier(tier: &str) -> bool {
    matches!(tier.to_lowercase().as_str(), "premium" | "enterprise")
}

fn wait(text: Option<&str>) -> ApiResult<Duration> {
    const RULE: &str = "a time such as 30s, at most 60s";
    let Some(text) = text else { return Ok(Duration::ZERO) };
    let wait = humantime::parse_duration(text).map_err(|_| ApiError::invalid("wait", RULE))?;
    if wait <= LONGEST_WAIT { Ok(wait) } else { Err(ApiError::invalid("wait", RULE)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(json: &str) -> body::Allocate {
        let ids = r#""instance_id":"01900000-0000-7000-8000-000000000000","customer_id":"01900000-0000-7000-8000-000000000001""#;
        serde_json::from_str(&format!("{{{ids}{json}}}")).unwrap()
    }

    #[test]
    fn the_older_ways_to_say_dedicated_are_understood() {
        let cases = [
            ("", DatabaseType::Shared),
            (r#","db_type":"dedicated""#, DatabaseType::Dedicated),
            (r#","require_dedicated":true"#, DatabaseType::Dedicated),
            (r#","plan_tier":"Premium""#, DatabaseType::Dedicated),
            (r#","plan_tier":"enterprise""#, DatabaseType::Dedicated),
            (r#","plan_tier":"starter""#, DatabaseType::Shared),
            (r#","plan_tier":"premium","require_dedicated":false"#, DatabaseType::Shared),
        ];
        for (json, expected) in cases {
            assert_eq!(db_type(&asked(json)).unwrap(), expected, "{json}");
        }
        assert!(db_type(&asked(r#","db_type":"shared","require_dedicated":true"#)).is_err());
    }

    #[test]
    fn a_wait_is_a_time_of_a_minute_at_most() {
        assert_eq!(wait(Some("30s")).unwrap(), Duration::from_secs(30));
        assert_eq!(wait(None).unwrap(), Duration::ZERO);
        for text in ["", "soon", "61s", "-1s", "1h"] {
            assert!(wait(Some(text)).is_err(), "{text}");
        }
    }
}
