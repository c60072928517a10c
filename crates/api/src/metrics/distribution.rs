//! A histogram whose counts come from somewhere else: from rows that say when something began and when it was done.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use prometheus_client::encoding::{EncodeMetric, MetricEncoder, NoLabelSet};
use prometheus_client::metrics::{MetricType, TypedMetric};

/// The upper bounds of all our histograms of seconds, from a request to a night.
pub const SECONDS: [f64; 18] = [
    0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0, 20.0, 60.0, 300.0,
    1800.0, 7200.0,
];

/// A histogram over [`SECONDS`] that was counted elsewhere. Clones are the same one.
#[derive(Debug, Clone, Default)]
pub struct Distribution(Arc<Mutex<Counts>>);

#[derive(Debug, Default)]
struct Counts {
    sum: f64,
    /// One for each bound, and the rest.
    counts: [u64; SECONDS.len() + 1],
}

impl Distribution {
    /// Adds so many observations, of so many seconds in all, above the bound before this one and not above this one: as
    /// `width_bucket(seconds, bounds)` numbers them.
    pub fn add(&self, bucket: i32, count: i64, seconds: f64) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let bucket = usize::try_from(bucket).unwrap_or(0).min(SECONDS.len());
        counts.counts[bucket] += count.unsigned_abs();
        counts.sum += seconds;
    }
}

impl EncodeMetric for Distribution {
    fn encode(&self, mut encoder: MetricEncoder<'_>) -> fmt::Result {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let bounds = SECONDS.into_iter().chain([f64::INFINITY]);
        let buckets: Vec<_> = bounds.zip(counts.counts).collect();
        let count = counts.counts.iter().sum();
        encoder.encode_histogram::<NoLabelSet>(counts.sum, count, &buckets, None)
    }

    fn metric_type(&self) -> MetricType {
        Self::TYPE
    }
}

impl TypedMetric for Distribution {
    const TYPE: MetricType = MetricType::Histogram;
}
