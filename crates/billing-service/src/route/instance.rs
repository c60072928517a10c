//! `/instances`: orders.

use crate::Context;
use crate::audit::Actor;
use crate::order::{self, NewOrder, Order};
use api::{ApiError, ApiResult, CustomerOrStaff, Json, Origin};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use contract::billing::{OrderInstance, Ordered};
use vocabulary::{
    CustomerId, DisplayName, EmailAddress, InstanceId, OdooVersion, OrderId, Subdomain,
};

const NEWEST_ODOO: &str = "19.0";

/// Orders an instance: customers for themselves, staff for anybody. With an `Idempotency-Key` it can be repeated.
#[utoipa::path(post, path = "/api/billing/instances", request_body = OrderInstance,
    params(("Idempotency-Key" = Option<String>, Header, description = "1 to 200 visible characters")),
    responses((status = 201, body = Ordered)))]
pub(crate) async fn order(
    caller: CustomerOrStaff,
    State(context): State<Context>,
    origin: Origin,
    headers: HeaderMap,
    Json(asked): Json<OrderInstance>,
) -> ApiResult<(StatusCode, Json<Ordered>)> {
    let actor = Actor::of(&caller, origin);
    let new = NewOrder {
        placed_by: actor.name.clone(),
        idempotency_key: idempotency_key(&headers)?,
        request: serde_json::to_value(&asked).map_err(anyhow::Error::from)?,
        order: whole(&context, &caller, asked)?,
    };
    let instance = order::place(&context, &actor, new).await?;
    Ok((StatusCode::CREATED, Json(order::told(&context, instance).await?)))
}

/// The order with everything that was left to us.
fn whole(context: &Context, caller: &CustomerOrStaff, asked: OrderInstance) -> ApiResult<Order> {
    let customer = customer(caller, asked.customer_id)?;
    if context.plans.find(asked.plan_name.as_str()).is_none() {
        let rule = format!("there is no plan {}", asked.plan_name);
        return Err(ApiError::invalid("plan_name", rule));
    }
    Ok(Order {
        id: OrderId::new(),
        instance: InstanceId::new(),
        customer,
        account: None,
        subscription: None,
        plan: asked.plan_name,
        name: asked.name.map_or_else(|| named_after(&asked.subdomain), Ok)?,
        subdomain: asked.subdomain,
        odoo_version: asked.odoo_version.map_or_else(newest_odoo, Ok)?,
        admin_email: admin(caller, asked.admin_email)?,
        language: asked.language,
        timezone: asked.timezone,
        created_at: context.clock.now(),
        refused: None,
    })
}

fn customer(caller: &CustomerOrStaff, asked: Option<CustomerId>) -> ApiResult<CustomerId> {
    match caller {
        CustomerOrStaff::Customer(own) if asked.is_none_or(|asked| asked == own.customer) => {
            Ok(own.customer)
        }
        CustomerOrStaff::Customer(_) => Err(ApiError::NotFound),
        CustomerOrStaff::Staff(_) => {
            asked.ok_or_else(|| ApiError::invalid("customer_id", "staff say for whom they order"))
        }
    }
}

fn admin(caller: &CustomerOrStaff, asked: Option<EmailAddress>) -> ApiResult<EmailAddress> {
    match (asked, caller) {
        (Some(email), _) => Ok(email),
        (None, CustomerOrStaff::Customer(own)) => Ok(own.email.clone()),
        (None, CustomerOrStaff::Staff(_)) => {
            Err(ApiError::invalid("admin_email", "staff say who is to be the administrator"))
        }
    }
}

fn named_after(subdomain: &Subdomain) -> ApiResult<DisplayName> {
    subdomain.as_str().parse().map_err(|rule| ApiError::invalid("name", format!("{rule}")))
}

fn newest_odoo() -> ApiResult<OdooVersion> {
    NEWEST_ODOO.parse().map_err(|rule| ApiError::invalid("odoo_version", format!("{rule}")))
}

fn idempotency_key(headers: &HeaderMap) -> ApiResult<Option<String>> {
    let Some(value) = headers.get("idempotency-key") else { return Ok(None) };
    let key = value.to_str().unwrap_or_default();
    let is_good = (1..=200).contains(&key.len()) && key.chars().all(|c| c.is_ascii_graphic());
    if is_good {
        return Ok(Some(key.to_owned()));
    }
    Err(ApiError::invalid("Idempotency-Key", "has 1 to 200 visible ASCII characters"))
}
