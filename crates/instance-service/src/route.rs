//! Where the edge sends the visitors of an instance.

use contract::instance::{Route, RouteTarget};
use vocabulary::{InstanceStatus, StatusReason};

use crate::instance::{Instance, State};

/// The route of an instance as it is.
#[must_use]
pub fn of(instance: &Instance) -> Route {
    Route {
        instance_id: instance.id,
        subdomain: instance.subdomain.to_string(),
        target: target(&instance.state),
    }
}

/// What the visitors of an instance in this state get.
#[must_use]
pub fn target(state: &State) -> RouteTarget {
    match (state.status, &state.seen) {
        (InstanceStatus::Running, Some(seen)) => {
            RouteTarget::Odoo { http: seen.http.clone(), websocket: seen.websocket.clone() }
        }
        (InstanceStatus::AwaitingPayment, _) => {
            RouteTarget::Suspended { reason: Some(StatusReason::Unpaid) }
        }
        (InstanceStatus::Suspended, _) => RouteTarget::Suspended { reason: state.reason },
        (InstanceStatus::Stopping | InstanceStatus::Stopped, _) => RouteTarget::Stopped,
        (InstanceStatus::Error, _) => RouteTarget::Failing,
        (InstanceStatus::Terminating | InstanceStatus::Terminated, _) => RouteTarget::Gone,
        (
            InstanceStatus::Creating
            | InstanceStatus::WaitingForDatabase
            | InstanceStatus::Starting
            | InstanceStatus::Running
            | InstanceStatus::Sleeping
            | InstanceStatus::Maintenance
            | InstanceStatus::Migrating,
            _,
        ) => RouteTarget::Starting,
    }
}
