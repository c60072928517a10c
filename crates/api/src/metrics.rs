//! Numbers about this process, in the text format of OpenMetrics. One registry for all roles of a process:
//! labels say which service a number belongs to.

use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;

/// What `/metrics` is served as.
pub(crate) const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

static REGISTRY: LazyLock<Mutex<Registry>> = LazyLock::new(Mutex::default);
static REQUESTS: LazyLock<Requests> = LazyLock::new(Requests::registered);

/// Adds numbers of one's own: `register(|registry| registry.register("name", "Help", metric.clone()))`.
pub fn register<T>(add: impl FnOnce(&mut Registry) -> T) -> T {
    add(&mut REGISTRY.lock().unwrap_or_else(PoisonError::into_inner))
}

/// Everything as text.
#[must_use]
pub fn text() -> String {
    let mut text = String::new();
    let encoded = register(|registry| encode(&mut text, registry));
    encoded.expect("writing to a string can't fail");
    text
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Request {
    service: &'static str,
    method: String,
    path: String,
    status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Timed {
    service: &'static str,
}

struct Requests {
    count: Family<Request, Counter>,
    seconds: Family<Timed, Histogram, fn() -> Histogram>,
}

impl Requests {
    fn registered() -> Self {
        let count = Family::default();
        let seconds = Family::new_with_constructor(histogram as fn() -> Histogram);
        register(|registry| {
            registry.register("http_requests", "Requests that were answered", count.clone());
            registry.register(
                "http_request_seconds",
                "Time from a request to the beginning of its answer",
                seconds.clone(),
            );
        });
        Self { count, seconds }
    }
}

fn histogram() -> Histogram {
    Histogram::new(exponential_buckets(0.001, 2.5, 12))
}

/// Counts one answered request; `path` is the route and not what was asked for, so that there are few.
pub(crate) fn count_request(
    service: &'static str,
    method: &str,
    path: &str,
    status: u16,
    took: Duration,
) {
    let labels = Request { service, method: method.to_owned(), path: path.to_owned(), status };
    REQUESTS.count.get_or_create(&labels).inc();
    REQUESTS.seconds.get_or_create(&Timed { service }).observe(took.as_secs_f64());
}
