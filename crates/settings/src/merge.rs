//! Lays a file and the environment over the defaults, and says of everything that is wrong where it stands.

use std::collections::BTreeMap;
use std::path::Path;

use toml::{Table, Value};

use crate::error::{InvalidSettings, UnknownKey};
use crate::services::WELL_KNOWN;
use crate::{DEFAULT, Settings};

const PREFIX: &str = "SAASODOO__";

/// Keys whose value no message shows.
const SECRETS: [&str; 1] = ["postgres.password"];

/// Which file or variable gave which key.
type Origins = BTreeMap<String, String>;

pub(crate) fn load(
    file: Option<&Path>,
    environment: impl IntoIterator<Item = (String, String)>,
) -> Result<Settings, InvalidSettings> {
    let defaults: Table = DEFAULT.parse().expect("the default file is TOML, which a test shows");
    let mut effective = defaults.clone();
    let (mut origins, mut unknown) = (Origins::new(), Vec::new());
    if let Some(path) = file {
        let table = read(path)?;
        let from = path.display().to_string();
        find_unknown(&defaults, &table, "", &from, &mut unknown);
        note(&table, "", &from, &mut origins);
        lay_over(&mut effective, table);
    }
    for (variable, key, text) in variables(environment) {
        let Some(default) = find(&defaults, &key) else {
            unknown.push(UnknownKey { known: known(&defaults, &key), key, from: variable });
            continue;
        };
        let value = typed(default, &text).map_err(|rule| InvalidSettings::Value {
            key: key.clone(),
            from: variable.clone(),
            rule,
        })?;
        let table = nested(&key, value);
        find_unknown(&defaults, &table, "", &variable, &mut unknown);
        note(&table, "", &variable, &mut origins);
        lay_over(&mut effective, table);
    }
    if unknown.is_empty() {
        read_in(effective, &origins)
    } else {
        Err(InvalidSettings::UnknownKeys(unknown))
    }
}

/// Every variable that sets a key, with the key's path; the well-known names first, so that ours win.
fn variables(
    environment: impl IntoIterator<Item = (String, String)>,
) -> Vec<(String, String, String)> {
    let mut found: Vec<_> = environment
        .into_iter()
        .filter_map(|(variable, text)| {
            let well_known = WELL_KNOWN.iter().find(|(name, _)| *name == variable);
            let key = match (well_known, variable.strip_prefix(PREFIX)) {
                (Some((_, key)), _) => (*key).to_owned(),
                (None, Some(rest)) => rest.to_lowercase().replace("__", "."),
                (None, None) => return None,
            };
            Some((variable, key, text))
        })
        .collect();
    found.sort_by_key(|(variable, _, _)| variable.starts_with(PREFIX));
    found
}

fn read(path: &Path) -> Result<Table, InvalidSettings> {
    let text = std::fs::read_to_string(path)
        .map_err(|source| InvalidSettings::Unreadable { path: path.to_owned(), source })?;
    // The error's own text quotes the line, which may hold a password.
    text.parse().map_err(|error: toml::de::Error| {
        let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
        InvalidSettings::Syntax {
            path: path.to_owned(),
            line: before.matches('\n').count() + 1,
            message: error.message().to_owned(),
        }
    })
}

/// The text of a variable as a value of the default's kind.
fn typed(default: &Value, text: &str) -> Result<Value, String> {
    let parse = || {
        let table: Table = format!("value = {text}").parse().ok()?;
        table.get("value").filter(|value| value.same_type(default)).cloned()
    };
    match default {
        Value::String(_) => Ok(Value::String(text.to_owned())),
        _ => parse().ok_or_else(|| format!("is to be written like {default}")),
    }
}

fn find_unknown(
    defaults: &Table,
    given: &Table,
    section: &str,
    from: &str,
    unknown: &mut Vec<UnknownKey>,
) {
    for (name, value) in given {
        let key = join(section, name);
        match (defaults.get(name), value) {
            (None, _) => {
                let known = names(defaults);
                unknown.push(UnknownKey { key, from: from.to_owned(), known });
            }
            (Some(Value::Table(defaults)), Value::Table(given)) => {
                find_unknown(defaults, given, &key, from, unknown);
            }
            (Some(_), _) => (),
        }
    }
}

fn note(table: &Table, section: &str, from: &str, origins: &mut Origins) {
    for (name, value) in table {
        let key = join(section, name);
        if let Value::Table(table) = value {
            note(table, &key, from, origins);
        }
        origins.insert(key, from.to_owned());
    }
}

fn lay_over(below: &mut Table, above: Table) {
    for (name, value) in above {
        match (below.get_mut(&name), value) {
            (Some(Value::Table(below)), Value::Table(above)) => lay_over(below, above),
            (_, value) => {
                below.insert(name, value);
            }
        }
    }
}

fn read_in(effective: Table, origins: &Origins) -> Result<Settings, InvalidSettings> {
    let settings = serde_path_to_error::deserialize(Value::Table(effective)).map_err(|error| {
        let key = error.path().to_string();
        let rule = if SECRETS.contains(&key.as_str()) {
            "is to be a text".to_owned()
        } else {
            error.inner().message().trim_end().to_owned()
        };
        InvalidSettings::Value { from: origin(origins, &key), key, rule }
    })?;
    match crate::rule::broken(&settings) {
        Some((key, rule)) => Err(InvalidSettings::Value {
            from: origin(origins, key),
            key: key.to_owned(),
            rule: rule.to_owned(),
        }),
        None => Ok(settings),
    }
}

/// Who gave a key, or the section that it is in.
fn origin(origins: &Origins, key: &str) -> String {
    let mut key = key;
    loop {
        if let Some(from) = origins.get(key) {
            return from.clone();
        }
        match key.rfind(['.', '[']) {
            Some(end) => key = &key[..end],
            None => return "the defaults".to_owned(),
        }
    }
}

fn find<'a>(table: &'a Table, key: &str) -> Option<&'a Value> {
    match key.split_once('.') {
        Some((section, rest)) => find(table.get(section)?.as_table()?, rest),
        None => table.get(key),
    }
}

/// The names in the deepest section of the key that there is.
fn known(table: &Table, key: &str) -> String {
    let section = key.split_once('.').and_then(|(name, rest)| Some((table.get(name)?, rest)));
    match section {
        Some((Value::Table(table), rest)) => known(table, rest),
        _ => names(table),
    }
}

fn names(table: &Table) -> String {
    table.keys().cloned().collect::<Vec<_>>().join(", ")
}

fn nested(key: &str, value: Value) -> Table {
    match key.split_once('.') {
        Some((section, rest)) => nested(section, Value::Table(nested(rest, value))),
        None => Table::from_iter([(key.to_owned(), value)]),
    }
}

fn join(section: &str, name: &str) -> String {
    if section.is_empty() { name.to_owned() } else { format!("{section}.{name}") }
}
