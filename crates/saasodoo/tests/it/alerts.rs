//! The alerts of `docs/operations`: each measures what there is, and says what to do.

use std::collections::{BTreeMap, BTreeSet};

const RULES: &str = include_str!("../../../../docs/operations/alerts.yml");
const WHAT_TO_DO: &str = include_str!("../../../../docs/operations/alerts.md");
const METRICS: &str = include_str!("../../../../docs/operations/metrics.md");

/// Each alert with its fields. The file is written in one form, which this reads strictly.
fn rules() -> BTreeMap<&'static str, BTreeMap<&'static str, &'static str>> {
    let (_, rules) = RULES.split_once("    rules:\n").expect("there are rules");
    let rules = rules.split("      - alert: ").filter(|rule| !rule.is_empty());
    let all: Vec<_> = rules.clone().map(|rule| rule.lines().next().unwrap()).collect();
    let read: BTreeMap<_, _> = rules
        .map(|rule| {
            let (name, fields) = rule.split_once('\n').unwrap();
            let fields = fields.lines().filter(|line| !line.trim().is_empty());
            (name, fields.map(|line| line.trim().split_once(':').unwrap()).collect())
        })
        .collect();
    assert_eq!(read.len(), all.len(), "an alert is there twice");
    read
}

/// Every name in the table, with the names that its samples have.
fn samples() -> BTreeSet<String> {
    let rows = METRICS.lines().filter_map(|line| line.strip_prefix("| `"));
    let names = rows.map(|row| row.split('`').next().unwrap().to_owned());
    names.flat_map(|name| [format!("{name}_bucket"), format!("{name}_count"), name]).collect()
}

/// The names of ours that an expression measures.
fn measured(expr: &str) -> Vec<&str> {
    let words = expr.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    words.filter(|word| word.starts_with("saasodoo_")).collect()
}

#[test]
fn every_alert_measures_what_there_is() {
    let samples = samples();
    for (alert, fields) in rules() {
        let expr = fields["expr"];
        let measured = measured(expr);
        assert!(!measured.is_empty() || expr.contains("up{"), "{alert} measures nothing of ours");
        for name in measured {
            assert!(samples.contains(name), "{alert}: nothing is called {name}");
        }
        let count = |letter| expr.matches(letter).count();
        assert_eq!((count('('), count('{')), (count(')'), count('}')), "{alert}: {expr}");
    }
}

#[test]
fn every_alert_is_whole_and_says_what_to_do() {
    let rules = rules();
    for (alert, fields) in &rules {
        assert!(["{severity: page}", "{severity: ticket}"].contains(&fields["labels"].trim()));
        assert!(!fields["summary"].trim().is_empty(), "{alert} has no summary");
        let known = ["expr", "for", "labels", "annotations", "summary"];
        assert!(fields.keys().all(|field| known.contains(field)), "{alert}: {fields:?}");
    }
    let headings = WHAT_TO_DO.lines().filter_map(|line| line.strip_prefix("### "));
    let headings: BTreeSet<_> = headings.collect();
    assert_eq!(headings, rules.keys().copied().collect(), "alerts.md and alerts.yml differ");
}
