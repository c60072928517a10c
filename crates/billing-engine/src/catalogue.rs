//! What is sold, and since when at which price. Versions are never changed: a subscription keeps the price that its plan
//! had on the day it began.

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use std::collections::BTreeMap;
use vocabulary::PlanName;

/// What a billing engine must know of a plan: a free trial (or none), then a price each month, in advance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CataloguePlan {
    /// The plan's key.
    pub name: PlanName,
    /// ISO 4217.
    pub currency: String,
    /// Days of free trial; 0 for none.
    pub trial_days: u32,
    /// What a month costs.
    pub price: Decimal,
}

/// Every version of every plan.
#[derive(Debug, Clone, Default)]
pub struct Catalogue {
    versions: BTreeMap<PlanName, BTreeMap<DateTime<Utc>, CataloguePlan>>,
}

impl Catalogue {
    /// Adds a version of a plan that holds from `effective_at` on.
    pub fn add(&mut self, effective_at: DateTime<Utc>, plan: CataloguePlan) {
        self.versions.entry(plan.name.clone()).or_default().insert(effective_at, plan);
    }

    /// The plan as it was at that time; the newest version that had come into effect.
    #[must_use]
    pub fn at(&self, name: &PlanName, time: DateTime<Utc>) -> Option<&CataloguePlan> {
        let versions = self.versions.get(name)?;
        versions.range(..=time).next_back().map(|(_, plan)| plan)
    }
}
