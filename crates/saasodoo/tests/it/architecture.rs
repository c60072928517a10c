//! Dependencies point down: the edges between crates are those that ARCHITECTURE.md allows, and no others.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap()
}

fn allowed() -> BTreeMap<String, BTreeSet<String>> {
    let text = std::fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let table = text.split("### Allowed edges").nth(1).unwrap();
    let rows = table.lines().take_while(|line| !line.starts_with("## "));
    rows.filter_map(|row| row.strip_prefix("| ")?.strip_suffix('|')?.split_once('|'))
        .filter(|(from, _)| *from != "crate ")
        .map(|(from, to)| {
            let to = to.split(',').map(|name| name.trim().to_owned());
            (from.trim().to_owned(), to.filter(|name| !name.is_empty()).collect())
        })
        .collect()
}

fn actual() -> BTreeMap<String, BTreeSet<String>> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(root())
        .output()
        .unwrap();
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    packages
        .iter()
        .map(|package| {
            let dependencies = package["dependencies"].as_array().unwrap();
            let ours = dependencies.iter().filter(|d| !d["path"].is_null() && d["kind"] != "dev");
            let names = ours.map(|d| d["name"].as_str().unwrap().to_owned()).collect();
            (package["name"].as_str().unwrap().to_owned(), names)
        })
        .collect()
}

#[test]
fn no_crate_depends_on_what_the_table_does_not_allow() {
    let allowed = allowed();
    let nothing = BTreeSet::new();
    let forbidden: Vec<String> = actual()
        .iter()
        .flat_map(|(from, to)| {
            to.difference(allowed.get(from).unwrap_or(&nothing))
                .map(move |to| format!("{from} -> {to}"))
        })
        .collect();
    assert!(forbidden.is_empty(), "not in ARCHITECTURE.md's table: {forbidden:?}");
}

#[test]
fn every_crate_stands_in_the_table() {
    let allowed: Vec<_> = allowed().into_keys().collect();
    let actual: Vec<_> = actual().into_keys().collect();
    let missing: Vec<_> = actual.iter().filter(|name| !allowed.contains(name)).collect();
    assert!(missing.is_empty() && allowed.len() == actual.len(), "{missing:?}");
}
