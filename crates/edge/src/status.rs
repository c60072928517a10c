//! What the edge has done and what it knows, for metrics and readiness.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::table::Table;

/// What a request was for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A service.
    Api,
    /// The console.
    Console,
    /// A tenant's Odoo.
    Tenant,
    /// A host that is nobody's.
    Nobody,
}

impl Kind {
    /// The label of the metric.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Api => "api",
            Self::Console => "console",
            Self::Tenant => "tenant",
            Self::Nobody => "nobody",
        }
    }
}

/// How many requests of a kind were answered with a status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Requests {
    /// What they were for.
    pub kind: Kind,
    /// The HTTP status; 0 where the client went away before one was sent.
    pub status: u16,
    /// How many.
    pub count: u64,
}

/// What the edge has done so far and what it knows now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// Requests that are over, by kind and status.
    pub requests: Vec<Requests>,
    /// How often each page stood where an Odoo, or a part of the platform, could not be seen.
    pub pages: Vec<(&'static str, u64)>,
    /// How often what is behind the edge failed, by what the request was for.
    pub upstream_failures: Vec<(&'static str, u64)>,
    /// Connections that were closed as one too many.
    pub refused: usize,
    /// Requests under way.
    pub open: i64,
    /// Subdomains in the table.
    pub routes: usize,
    /// How often the table has changed, whole or in part.
    pub table_changes: u64,
    /// Whether the table has ever been read.
    pub is_table_known: bool,
    /// Whether changes of the table arrive at this moment.
    pub is_table_followed: bool,
}

#[derive(Default)]
pub(crate) struct Counters {
    over: Mutex<BTreeMap<(Kind, u16), u64>>,
    pages: Mutex<BTreeMap<&'static str, u64>>,
    failures: Mutex<BTreeMap<&'static str, u64>>,
    refused: AtomicUsize,
    open: AtomicI64,
}

impl Counters {
    /// Notes that a request has begun.
    pub(crate) fn begin(&self) {
        self.open.fetch_add(1, Ordering::Relaxed);
    }

    /// Notes that a request is over.
    pub(crate) fn end(&self, kind: Kind, status: u16) {
        self.open.fetch_sub(1, Ordering::Relaxed);
        *self
            .over
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .entry((kind, status))
            .or_default() += 1;
    }

    /// Notes that a page was shown.
    pub(crate) fn page(&self, code: &'static str) {
        add(&self.pages, code);
    }

    /// Notes that what is behind the edge has failed.
    pub(crate) fn upstream_failed(&self, kind: Kind) {
        add(&self.failures, kind.as_str());
    }

    /// Notes that a connection was closed as one too many.
    pub(crate) fn refuse(&self) {
        self.refused.fetch_add(1, Ordering::Relaxed);
    }

    /// Reads everything.
    pub(crate) fn read(&self, table: &Table) -> Status {
        let over = self.over.lock().unwrap_or_else(PoisonError::into_inner);
        Status {
            requests: over
                .iter()
                .map(|(&(kind, status), &count)| Requests { kind, status, count })
                .collect(),
            pages: all(&self.pages),
            upstream_failures: all(&self.failures),
            refused: self.refused.load(Ordering::Relaxed),
            open: self.open.load(Ordering::Relaxed),
            routes: table.len(),
            table_changes: table.changes(),
            is_table_known: table.is_known(),
            is_table_followed: table.is_followed(),
        }
    }
}

fn add(counts: &Mutex<BTreeMap<&'static str, u64>>, name: &'static str) {
    *counts.lock().unwrap_or_else(PoisonError::into_inner).entry(name).or_default() += 1;
}

fn all(counts: &Mutex<BTreeMap<&'static str, u64>>) -> Vec<(&'static str, u64)> {
    let counts = counts.lock().unwrap_or_else(PoisonError::into_inner);
    counts.iter().map(|(name, count)| (*name, *count)).collect()
}
