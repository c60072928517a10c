//! How attempts ended, counted for monitors.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// A handle on the counts of a worker.
#[derive(Debug, Clone)]
pub struct Counts(pub(super) Arc<Tally>);

#[derive(Debug, Default)]
pub(super) struct Tally {
    counts: Mutex<BTreeMap<(String, &'static str), u64>>,
}

impl Counts {
    /// How many attempts of each kind ended in each way (`settled`, `after`, `requeued`, `failed`, `superseded`) since the worker
    /// was made.
    #[must_use]
    pub fn by_outcome(&self) -> BTreeMap<(String, &'static str), u64> {
        self.0.counts.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Tally {
    pub(super) fn count(&self, kind: &str, outcome: &'static str) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        *counts.entry((kind.to_owned(), outcome)).or_default() += 1;
    }
}
