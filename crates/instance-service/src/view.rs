//! Instances as their interface shows them.

use contract::instance::{Instance as Shown, Status};

use crate::instance::Instance;
use crate::options::PublicAddress;
use crate::sentence;

/// The instance as people see it.
pub(crate) fn instance(instance: Instance, public: &PublicAddress) -> Shown {
    let entitlement = instance.entitlement.as_ref();
    Shown {
        id: instance.id,
        customer_id: instance.customer_id,
        subscription_id: instance.subscription_id,
        url: public.url(&instance.subdomain),
        status: instance.state.status,
        status_reason: instance.state.reason,
        status_text: text(&instance),
        standing: entitlement.map(|e| e.standing),
        cpu_limit: entitlement.map(|e| e.cpu_limit),
        memory_limit: entitlement.map(|e| e.memory_limit.to_string()),
        storage_limit: entitlement.map(|e| e.storage_limit.to_string()),
        db_type: instance.db_type,
        db_server_id: instance.state.place.map(|place| place.server),
        started_at: instance.state.started_at,
        name: instance.name.into(),
        subdomain: instance.subdomain.into(),
        odoo_version: instance.odoo_version.into(),
        plan_name: instance.plan_name.into(),
        admin_email: instance.admin_email.into(),
        created_at: instance.created_at,
        updated_at: instance.updated_at,
    }
}

/// What the instance is doing.
pub(crate) fn status(instance: &Instance, public: &PublicAddress) -> Status {
    Status {
        id: instance.id,
        status: instance.state.status,
        status_reason: instance.state.reason,
        status_text: text(instance),
        since: instance.state.since,
        url: public.url(&instance.subdomain),
        started_at: instance.state.started_at,
    }
}

fn text(instance: &Instance) -> String {
    sentence::status(instance.state.status, instance.state.reason).to_owned()
}
