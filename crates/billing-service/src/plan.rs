//! The plans that are for sale, as `plans.toml` defines them.

use anyhow::{Context as _, ensure};
use rust_decimal::Decimal;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;
use vocabulary::{CpuLimit, DatabaseType, MemorySize, PlanName};

const SHIPPED: &str = include_str!("../../../plans.toml");

/// The plans that are for sale, cheapest first.
#[derive(Debug, Clone)]
pub struct Plans {
    currency: String,
    plans: Vec<Plan>,
}

/// One plan.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Its key.
    pub name: PlanName,
    /// Its product.
    pub product: String,
    /// A sentence for people.
    pub description: String,
    /// What a subscription goes through.
    pub phases: Vec<Phase>,
    /// CPU cores.
    pub cpu_limit: CpuLimit,
    /// Memory.
    pub memory_limit: MemorySize,
    /// Storage.
    pub storage_limit: MemorySize,
    /// Where the database lies.
    pub db_type: DatabaseType,
}

/// What a subscription goes through.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Phase {
    /// Free for some days.
    Trial {
        /// How many.
        days: u32,
    },
    /// Paid in advance, for ever.
    Evergreen {
        /// How long a payment lasts.
        period: Period,
        /// What a period costs.
        price: Decimal,
    },
}

/// How long a payment lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Period {
    /// A month.
    Monthly,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    currency: String,
    plans: BTreeMap<PlanName, Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    product: String,
    description: String,
    phases: Vec<Phase>,
    cpu_limit: CpuLimit,
    memory_limit: MemorySize,
    storage_limit: MemorySize,
    db_type: DatabaseType,
}

impl Plans {
    /// The plans of a file, or those that are shipped.
    ///
    /// # Errors
    /// The file cannot be read, or breaks a rule.
    pub fn load(file: Option<&Path>) -> anyhow::Result<Self> {
        let Some(path) = file else {
            return Self::parse(SHIPPED).context("the shipped plans.toml");
        };
        let text = std::fs::read_to_string(path);
        let text = text.with_context(|| format!("cannot read the plans in {}", path.display()))?;
        Self::parse(&text).with_context(|| format!("the plans in {}", path.display()))
    }

    /// The plans of a text.
    ///
    /// # Errors
    /// The text breaks a rule.
    pub fn parse(text: &str) -> anyhow::Result<Self> {
        let file: File = toml::from_str(text)?;
        let is_code = file.currency.len() == 3
            && file.currency.chars().all(|letter| letter.is_ascii_uppercase());
        ensure!(is_code, "the currency is three capital letters, such as USD");
        ensure!(!file.plans.is_empty(), "there are no plans");
        let plans: anyhow::Result<Vec<_>> =
            file.plans.into_iter().map(|(name, entry)| Plan::checked(name, entry)).collect();
        let mut plans = plans?;
        plans.sort_by(|a, b| (a.price(), &a.name).cmp(&(b.price(), &b.name)));
        Ok(Self { currency: file.currency, plans })
    }

    /// ISO 4217.
    #[must_use]
    pub fn currency(&self) -> &str {
        &self.currency
    }

    /// All of them, cheapest first.
    #[must_use]
    pub fn all(&self) -> &[Plan] {
        &self.plans
    }

    /// The plan of this name.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&Plan> {
        self.plans.iter().find(|plan| plan.name.as_str() == name)
    }
}

impl Plan {
    fn checked(name: PlanName, entry: Entry) -> anyhow::Result<Self> {
        check(&entry).with_context(|| format!("plan {name}"))?;
        Ok(Self {
            name,
            product: entry.product,
            description: entry.description,
            phases: entry.phases,
            cpu_limit: entry.cpu_limit,
            memory_limit: entry.memory_limit,
            storage_limit: entry.storage_limit,
            db_type: entry.db_type,
        })
    }

    /// Days of free trial; 0 for none.
    #[must_use]
    pub fn trial_days(&self) -> u32 {
        self.phases.iter().map(|p| if let Phase::Trial { days } = p { *days } else { 0 }).sum()
    }

    /// What a month costs.
    #[must_use]
    pub fn price(&self) -> Decimal {
        let prices = self.phases.iter().filter_map(|phase| match phase {
            Phase::Evergreen { price, .. } => Some(*price),
            Phase::Trial { .. } => None,
        });
        prices.sum()
    }
}

fn check(entry: &Entry) -> anyhow::Result<()> {
    let are_in_order = matches!(
        entry.phases.as_slice(),
        [Phase::Evergreen { .. }] | [Phase::Trial { days: 1..=365 }, Phase::Evergreen { .. }]
    );
    ensure!(are_in_order, "the phases are at most one trial of 1 to 365 days, then evergreen");
    for phase in &entry.phases {
        if let Phase::Evergreen { price, .. } = phase {
            let is_price = *price >= Decimal::ZERO && price.normalize().scale() <= 2;
            ensure!(is_price, "a price is not negative and has at most two decimals");
        }
    }
    let cores = entry.cpu_limit.cores().normalize();
    ensure!(cores.scale() <= 2, "a CPU limit has at most two decimals");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_plans_are_those_of_the_specification() {
        let plans = Plans::load(None).unwrap();
        let told: Vec<_> = plans
            .all()
            .iter()
            .map(|p| {
                let sizes = format!("{} {} {}", p.cpu_limit, p.memory_limit, p.storage_limit);
                format!("{} {} {} {} {}", p.name, p.price(), p.trial_days(), sizes, p.db_type)
            })
            .collect();
        assert_eq!(
            told,
            [
                "basic-immediate 5.00 0 1 2G 10G shared",
                "basic-monthly 5.00 14 1 2G 10G shared",
                "basic-test-trial 5.00 1 1 2G 10G shared",
                "standard-monthly 8.00 14 2 4G 20G shared",
                "premium-monthly 10.00 14 4 8G 50G dedicated",
            ]
        );
    }

    #[test]
    fn a_file_that_breaks_a_rule_is_refused_with_the_rule() {
        let good = SHIPPED;
        for (from, to, rule) in [
            ("currency = \"USD\"", "currency = \"usd\"", "three capital letters"),
            ("days = 14", "days = 0", "1 to 365 days"),
            ("price = \"5.00\"", "price = \"-5.00\"", "not negative"),
            ("db_type = \"dedicated\"", "db_type = \"own\"", "dedicated"),
            ("memory_limit = \"2G\"", "memory_limit = \"-2G\"", "whole number"),
            ("product = \"Basic\"", "produkt = \"Basic\"", "produkt"),
        ] {
            let error = Plans::parse(&good.replace(from, to)).unwrap_err();
            assert!(format!("{error:#}").contains(rule), "{error:#}");
        }
    }
}
