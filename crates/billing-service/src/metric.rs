//! What is counted: what must stay 0, and what shows that the chain of truth is moving.

use prometheus_client::metrics::counter::Counter;
use std::sync::{LazyLock, Once};

/// Statements that changed something which instance-service had acknowledged already. Must stay 0.
pub(crate) static DRIFT: LazyLock<Counter> = LazyLock::new(Counter::default);
/// Statements that were answered.
pub(crate) static STATEMENTS: LazyLock<Counter> = LazyLock::new(Counter::default);
/// Looks that ended in an alarm: nothing could be derived or stated, and a person must act.
pub(crate) static ALARMS: LazyLock<Counter> = LazyLock::new(Counter::default);

/// Adds the numbers to the process's registry, once.
pub(crate) fn register() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        api::metrics::register(|registry| {
            let (drift, statements, alarms) = (DRIFT.clone(), STATEMENTS.clone(), ALARMS.clone());
            registry.register("billing_drift", "Acknowledged entitlements found changed", drift);
            registry.register("billing_statements", "Entitlements stated", statements);
            registry.register("billing_alarms", "Entitlements that need a person", alarms);
        });
    });
}
