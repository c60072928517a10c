//! Numbers about instances: what they do, and how many are not what they should be. Both are counted by each sweep, so
//! they are as old as that.

use std::sync::LazyLock;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use vocabulary::InstanceStatus;

use crate::instance::Instance;

static NUMBERS: LazyLock<Numbers> = LazyLock::new(Numbers::registered);

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Doing {
    status: &'static str,
}

struct Numbers {
    by_status: Family<Doing, Gauge>,
    unsettled: Gauge,
}

impl Numbers {
    fn registered() -> Self {
        let numbers = Self { by_status: Family::default(), unsettled: Gauge::default() };
        api::metrics::register(|registry| {
            registry.register("instances", "Instances by status", numbers.by_status.clone());
            registry.register(
                "instances_unsettled",
                "Instances that are not what they should be",
                numbers.unsettled.clone(),
            );
        });
        numbers
    }
}

/// Counts what a sweep found: everything that is not gone, and how many of it have to change.
pub(crate) fn count(alive: &[Instance], unsettled: usize) {
    for status in InstanceStatus::ALL {
        let doing = alive.iter().filter(|instance| instance.state.status == *status).count();
        let gauge = NUMBERS.by_status.get_or_create(&Doing { status: status.as_str() });
        gauge.set(i64::try_from(doing).unwrap_or(i64::MAX));
    }
    NUMBERS.unsettled.set(i64::try_from(unsettled).unwrap_or(i64::MAX));
}
