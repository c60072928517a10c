//! An instance for the tests of what is pure.

use chrono::Utc;
use vocabulary::{CustomerId, DatabaseType, InstanceId, InstanceStatus, Standing, SubscriptionId};

use crate::instance::{DatabaseState, Entitled, Instance, State, Wish};

/// A new instance in this standing.
pub(crate) fn instance(standing: Option<Standing>) -> Instance {
    Instance {
        id: InstanceId::new(),
        customer_id: CustomerId::new(),
        subscription_id: SubscriptionId::new(),
        name: "Demo".parse().unwrap(),
        subdomain: "demo".parse().unwrap(),
        odoo_version: "19.0".parse().unwrap(),
        admin_email: "ann@example.com".parse().unwrap(),
        language: None,
        timezone: None,
        plan_name: "basic-monthly".parse().unwrap(),
        db_type: DatabaseType::Shared,
        entitlement_version: i64::from(standing.is_some()),
        entitlement: standing.map(entitled),
        wish: Wish::Run,
        is_held: false,
        unwanted_at: None,
        restart_generation: 0,
        state: state(),
        created_at: Utc::now(),
        updated_at: Utc::now(),
        revision: 1,
    }
}

fn entitled(standing: Standing) -> Entitled {
    Entitled {
        standing,
        reason: None,
        cpu_limit: rust_decimal::Decimal::ONE.try_into().unwrap(),
        memory_limit: "2G".parse().unwrap(),
        storage_limit: "10G".parse().unwrap(),
    }
}

fn state() -> State {
    State {
        status: InstanceStatus::Creating,
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
