//! This service's numbers for `/metrics`.

use std::sync::LazyLock;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;

use crate::state::AllocationState;
use crate::store::server::Supply;

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Kind {
    kind: String,
}

type Numbers = Family<Kind, Gauge>;

static SLOTS: LazyLock<Numbers> = LazyLock::new(|| {
    registered("database_slots", "Slots of shared servers, and who waits for one")
});
static ALLOCATIONS: LazyLock<Numbers> =
    LazyLock::new(|| registered("database_allocations", "Allocations by state"));
static FINDINGS: LazyLock<Numbers> =
    LazyLock::new(|| registered("database_findings", "What the inventory can't explain"));

fn registered(name: &'static str, help: &'static str) -> Numbers {
    let numbers = Numbers::default();
    api::metrics::register(|registry| registry.register(name, help, numbers.clone()));
    numbers
}

fn set(numbers: &Numbers, kind: &str, value: i64) {
    numbers.get_or_create(&Kind { kind: kind.to_owned() }).set(value);
}

pub(crate) fn supply(supply: Supply) {
    set(&SLOTS, "free", supply.free);
    set(&SLOTS, "coming", supply.coming);
    set(&SLOTS, "waiting", supply.waiting);
}

pub(crate) fn allocations(counts: &[(AllocationState, i64)]) {
    for state in AllocationState::ALL.iter().filter(|state| **state != AllocationState::Released) {
        let count = counts.iter().find(|(s, _)| s == state).map_or(0, |(_, count)| *count);
        set(&ALLOCATIONS, state.as_str(), count);
    }
}

pub(crate) fn findings(count: usize) {
    set(&FINDINGS, "all", i64::try_from(count).unwrap_or(i64::MAX));
}
