//! What a service says at `/metrics`, read as a monitor reads it.

use std::collections::{BTreeMap, BTreeSet};

use axum::Router;
use axum::body::to_bytes;
use axum::http::StatusCode;

/// The numbers of a service at one moment.
#[derive(Debug)]
pub struct Numbers {
    families: BTreeSet<String>,
    samples: Vec<Sample>,
}

#[derive(Debug)]
struct Sample {
    name: String,
    labels: BTreeMap<String, String>,
    value: f64,
}

/// Asks a service for its numbers.
///
/// # Panics
/// The answer is not what a monitor reads.
pub async fn numbers(router: &Router) -> Numbers {
    let response = super::send(router, "GET", "/metrics", None, None).await;
    assert_eq!(response.status(), StatusCode::OK);
    let bytes = to_bytes(response.into_body(), usize::MAX).await.expect("the answer has an end");
    Numbers::read(std::str::from_utf8(&bytes).expect("numbers are text"))
}

impl Numbers {
    fn read(text: &str) -> Self {
        let body = text.strip_suffix("# EOF\n").expect("the text is whole");
        let (comments, samples): (Vec<_>, Vec<_>) =
            body.lines().partition(|line| line.starts_with('#'));
        let mut families = BTreeSet::new();
        for name in comments.iter().filter_map(|line| line.strip_prefix("# TYPE ")) {
            let name = name.split(' ').next().unwrap_or_default();
            assert!(families.insert(name.to_owned()), "{name} is there twice");
        }
        Self { families, samples: samples.into_iter().map(sample).collect() }
    }

    /// The names of what is measured: a counter's without `_total`, a histogram's without `_bucket`.
    #[must_use]
    pub fn families(&self) -> &BTreeSet<String> {
        &self.families
    }

    /// The only sample of this name with these labels, whatever other labels it has.
    ///
    /// # Panics
    /// There is none, or more than one.
    #[must_use]
    pub fn get(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        let found: Vec<_> = self.matching(name, labels).collect();
        assert_eq!(found.len(), 1, "{name} {labels:?}: {:?}", self.of(name));
        found[0].value
    }

    /// All samples of this name with these labels, added up.
    #[must_use]
    pub fn sum(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        self.matching(name, labels).map(|sample| sample.value).sum()
    }

    fn matching(&self, name: &str, labels: &[(&str, &str)]) -> impl Iterator<Item = &Sample> {
        let is_it = move |sample: &&Sample| {
            let has = |(key, value): &(&str, &str)| {
                sample.labels.get(*key).map(String::as_str) == Some(*value)
            };
            labels.iter().all(has)
        };
        self.of(name).into_iter().filter(is_it)
    }

    fn of(&self, name: &str) -> Vec<&Sample> {
        self.samples.iter().filter(|sample| sample.name == name).collect()
    }

    /// Asserts that the table of `docs/operations/metrics.md` names exactly what this service measures.
    ///
    /// # Panics
    /// Something is missing in either.
    pub fn are_documented(&self, service: &str, document: &str) {
        let rows = document.lines().filter(|line| line.starts_with("| `saasodoo_"));
        let documented: BTreeSet<String> = rows
            .map(|row| row.split('|').map(str::trim).collect::<Vec<_>>())
            .filter(|cells| ["all", "those with a queue", service].contains(&cells[3]))
            .map(|cells| cells[1].trim_matches('`').trim_end_matches("_total").to_owned())
            .collect();
        assert_eq!(&documented, self.families(), "the document and {service} differ");
    }
}

fn sample(line: &str) -> Sample {
    let (series, value) = line.rsplit_once(' ').unwrap_or_else(|| panic!("no sample: {line}"));
    let value = value.parse().unwrap_or_else(|_| panic!("no number: {line}"));
    let (name, labels) = series.split_once('{').unwrap_or((series, "}"));
    let labels = labels.strip_suffix('}').unwrap_or_else(|| panic!("no labels: {line}"));
    let labels = labels.split("\",").filter(|pair| !pair.is_empty());
    let labels = labels
        .map(|pair| pair.split_once("=\"").unwrap_or_else(|| panic!("no label: {line}")))
        .map(|(key, value)| (key.to_owned(), value.trim_end_matches('"').to_owned()))
        .collect();
    Sample { name: name.to_owned(), labels, value }
}
