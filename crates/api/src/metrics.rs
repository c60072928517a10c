//! The numbers of a service, in the text format of OpenMetrics. What a process counts itself stands in a registry of
//! the service; what can be counted in the service's database is read from there when somebody asks, so that several
//! processes say the same and a restart changes nothing. Every name begins with `saasodoo_`, and every number says by
//! a label whose it is.

mod distribution;
mod reading;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::{encode_eof, encode_registry};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;

pub use distribution::{Distribution, SECONDS};
pub use prometheus_client::registry::Registry;
pub(crate) use reading::Readings;

/// What `/metrics` is served as.
pub(crate) const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// One entry for each role of this process.
static SERVICES: LazyLock<Mutex<BTreeMap<&'static str, Arc<Counted>>>> =
    LazyLock::new(Mutex::default);

/// What this process counts for one service.
struct Counted {
    registry: Mutex<Registry>,
    requests: Family<Request, Counter>,
    seconds: Family<Route, Histogram, fn() -> Histogram>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Request {
    method: String,
    route: String,
    status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Route {
    route: String,
}

impl Counted {
    fn of(service: &'static str) -> Arc<Self> {
        let mut services = SERVICES.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(services.entry(service).or_insert_with(|| Arc::new(Self::registered(service))))
    }

    fn registered(service: &'static str) -> Self {
        let mut registry = registry(service);
        let requests = Family::default();
        let seconds = Family::new_with_constructor(histogram as fn() -> Histogram);
        registry.register("http_requests", "Requests that were answered", requests.clone());
        let help = "Time from a request to the beginning of its answer";
        registry.register("http_request_seconds", help, seconds.clone());
        Self { registry: Mutex::new(registry), requests, seconds }
    }
}

fn histogram() -> Histogram {
    Histogram::new(SECONDS)
}

/// An empty registry of this service, whose numbers have its prefix and its label.
#[must_use]
pub fn registry(service: &'static str) -> Registry {
    let label = (Cow::Borrowed("service"), Cow::Borrowed(service));
    Registry::with_prefix_and_labels("saasodoo", [label].into_iter())
}

/// Adds numbers that this process counts itself to those of a service:
/// `register("billing-service", |registry| registry.register("name", "Help", metric.clone()))`.
pub fn register<T>(service: &'static str, add: impl FnOnce(&mut Registry) -> T) -> T {
    let counted = Counted::of(service);
    add(&mut counted.registry.lock().unwrap_or_else(PoisonError::into_inner))
}

/// Everything that a service says, as text; and what this process counts for the roles that it shows.
pub(crate) async fn text(
    service: &'static str,
    shown: &[&'static str],
    readings: Option<&Readings>,
) -> String {
    let mut text = String::new();
    for role in shown {
        register(role, |registry| encode(&mut text, registry));
    }
    if let Some(readings) = readings {
        text.push_str(&readings.text(service).await);
    }
    encode_eof(&mut text).expect("writing to a string can't fail");
    text
}

fn encode(text: &mut String, registry: &Registry) {
    encode_registry(text, registry).expect("writing to a string can't fail");
}

/// Counts one answered request; `route` is not what was asked for but what it matched, so that there are few.
pub(crate) fn count_request(
    service: &'static str,
    method: &str,
    route: &str,
    status: u16,
    took: Duration,
) {
    let counted = Counted::of(service);
    let (method, route) = (method.to_owned(), route.to_owned());
    counted.requests.get_or_create(&Request { method, route: route.clone(), status }).inc();
    counted.seconds.get_or_create(&Route { route }).observe(took.as_secs_f64());
}
