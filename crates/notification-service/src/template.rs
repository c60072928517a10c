//! The kinds of mails, and how one is rendered. A template is a file whose first line is the subject.

use std::collections::{BTreeMap, BTreeSet};

use api::{ApiError, ApiResult};
use contract::error::FieldError;
use contract::notification::Template;

/// Longer values are no names, links or sentences.
const LONGEST_VALUE: usize = 2000;

macro_rules! templates {
    ($($name:literal),+ $(,)?) => {
        &[$(($name, include_str!(concat!("../templates/", $name, ".txt")))),+]
    };
}

/// By name.
const TEMPLATES: &[(&str, &str)] = templates![
    "already_registered",
    "instance_ready",
    "instance_resumed",
    "instance_suspended",
    "password_reset",
    "verify_email",
];

/// A mail's words.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Rendered {
    pub(crate) subject: String,
    pub(crate) text: String,
}

/// Every template, by name.
pub(crate) fn all() -> Vec<Template> {
    TEMPLATES.iter().map(|(name, source)| describe(name, source)).collect()
}

/// The words of a mail. Every variable of the template must be given, and no other.
pub(crate) fn render(name: &str, variables: &BTreeMap<String, String>) -> ApiResult<Rendered> {
    let (_, source) = TEMPLATES.iter().find(|(known, _)| *known == name).ok_or_else(|| {
        let names: Vec<&str> = TEMPLATES.iter().map(|(name, _)| *name).collect();
        ApiError::invalid("template", format!("the templates are {}", names.join(", ")))
    })?;
    check(source, variables)?;
    let (subject, text) = parts(source);
    Ok(Rendered { subject: fill(subject, variables), text: fill(text, variables) })
}

fn describe(name: &str, source: &str) -> Template {
    let (subject, text) = parts(source);
    Template {
        name: name.to_owned(),
        subject: subject.to_owned(),
        text: text.to_owned(),
        variables: needed(source).into_iter().map(str::to_owned).collect(),
    }
}

fn parts(source: &str) -> (&str, &str) {
    let (subject, text) = source.split_once('\n').unwrap_or((source, ""));
    (subject.trim(), text.trim_start())
}

fn check(source: &str, variables: &BTreeMap<String, String>) -> ApiResult<()> {
    let needed = needed(source);
    let broken: Vec<FieldError> =
        needed
            .iter()
            .filter(|name| !variables.contains_key(**name))
            .map(|name| (*name, "is needed"))
            .chain(variables.iter().filter_map(|(name, value)| {
                Some((name.as_str(), broken_rule(&needed, name, value)?))
            }))
            .map(|(name, rule)| FieldError {
                field: format!("variables.{name}"),
                rule: rule.to_owned(),
            })
            .collect();
    if broken.is_empty() { Ok(()) } else { Err(ApiError::Invalid(broken)) }
}

/// A line's end in a subject would begin another header.
fn broken_rule(needed: &BTreeSet<&str>, name: &str, value: &str) -> Option<&'static str> {
    if !needed.contains(name) {
        Some("is not a variable of this template")
    } else if LONGEST_VALUE < value.len() || value.chars().any(char::is_control) {
        Some("has at most 2000 bytes and no control characters")
    } else {
        None
    }
}

fn needed(source: &str) -> BTreeSet<&str> {
    source.split("{{").skip(1).filter_map(|rest| Some(rest.split_once("}}")?.0)).collect()
}

/// In one pass: a value that looks like a variable stays as it is.
fn fill(source: &str, variables: &BTreeMap<String, String>) -> String {
    let mut pieces = source.split("{{");
    let mut text = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let (name, rest) = piece.split_once("}}").unwrap_or((piece, ""));
        text.push_str(variables.get(name).map(String::as_str).unwrap_or_default());
        text.push_str(rest);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variables(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn every_template_has_a_subject_and_a_text_and_can_be_filled() {
        for template in all() {
            let values = template.variables.iter().map(|name| (name.clone(), "x".to_owned()));
            let mail = render(&template.name, &values.collect()).unwrap();
            assert!(!mail.subject.is_empty() && !mail.text.is_empty(), "{}", template.name);
            assert!(!format!("{mail:?}").contains("{{"), "{}", template.name);
        }
    }

    #[test]
    fn a_value_is_never_read_as_a_template() {
        let mail =
            render("verify_email", &variables(&[("name", "{{link}}"), ("link", "http://x")]));
        assert!(mail.unwrap().text.contains("Hello {{link}},"));
    }

    #[test]
    fn wrong_variables_are_refused_by_name() {
        let bad = variables(&[("name", "a\r\nBcc: all@example.com"), ("colour", "red")]);
        let Err(ApiError::Invalid(fields)) = render("verify_email", &bad) else { panic!() };
        let fields: Vec<_> = fields.into_iter().map(|field| field.field).collect();
        assert_eq!(fields, ["variables.link", "variables.colour", "variables.name"]);
    }
}
