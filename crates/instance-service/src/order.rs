//! What a customer ordered becomes an instance: once, when the instance is new. Later the order is not asked again,
//! because names belong to their owners.

use api::{ApiError, ApiResult};
use chrono::Utc;
use contract::instance::Order;
use sqlx::PgConnection;
use vocabulary::{
    CustomerId, DatabaseType, InstanceId, InstanceStatus, PlanName, Standing, SubscriptionId,
};

use crate::instance::{DatabaseState, Entitled, Instance, State, Wish};
use crate::store::all;

/// Who a new instance is for and what its plan gives.
#[derive(Debug, Clone)]
pub(crate) struct Terms {
    pub(crate) customer: CustomerId,
    pub(crate) subscription: SubscriptionId,
    pub(crate) plan: PlanName,
    pub(crate) db_type: DatabaseType,
    pub(crate) version: i64,
    pub(crate) entitlement: Option<Entitled>,
}

/// A new instance of these terms. Nothing is saved.
pub(crate) fn instance(id: InstanceId, order: Order, terms: Terms) -> ApiResult<Instance> {
    if order.subdomain.is_reserved() {
        let message = format!("the subdomain {} is kept for the platform", order.subdomain);
        return Err(ApiError::conflict("subdomain_is_reserved", message));
    }
    let status = match terms.entitlement.as_ref().map(|entitlement| entitlement.standing) {
        None | Some(Standing::AwaitingPayment) => InstanceStatus::AwaitingPayment,
        Some(_) => InstanceStatus::Creating,
    };
    let now = Utc::now();
    Ok(Instance {
        id,
        customer_id: terms.customer,
        subscription_id: terms.subscription,
        name: order.name,
        subdomain: order.subdomain,
        odoo_version: order.odoo_version,
        admin_email: order.admin_email,
        language: order.language,
        timezone: order.timezone,
        plan_name: terms.plan,
        db_type: terms.db_type,
        entitlement_version: terms.version,
        entitlement: terms.entitlement,
        wish: Wish::Run,
        is_held: false,
        unwanted_at: None,
        restart_generation: 0,
        state: fresh(status),
        created_at: now,
        updated_at: now,
        revision: 1,
    })
}

fn fresh(status: InstanceStatus) -> State {
    State {
        status,
        reason: None,
        since: Utc::now(),
        database: DatabaseState::Unasked,
        looks: 0,
        looked_at: None,
        place: None,
        applied: None,
        seen: None,
        started_at: None,
    }
}

/// Saves a new instance; false if there is one with this id.
pub(crate) async fn insert(conn: &mut PgConnection, new: &Instance) -> ApiResult<bool> {
    all::instance::insert(conn, new).await.map_err(|error| {
        match error.as_database_error().and_then(|error| error.constraint()) {
            Some("instance_subdomain_is_taken") => ApiError::conflict(
                "subdomain_is_taken",
                format!("the subdomain {} is taken", new.subdomain),
            ),
            Some("instance_subscription_is_taken") => ApiError::conflict(
                "subscription_is_taken",
                "this subscription pays for another instance",
            ),
            _ => error.into(),
        }
    })
}
