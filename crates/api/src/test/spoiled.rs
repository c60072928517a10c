//! A right body, spoiled in every way that its schema forbids, one at a time.

use serde_json::{Value, json};

use crate::document::resolved;

/// A body that breaks one rule.
pub(super) struct Spoiled {
    /// What was done to it.
    pub(super) how: String,
    /// The field that breaks the rule, as its path.
    pub(super) field: String,
    /// The body.
    pub(super) body: Value,
}

/// No name, sentence or secret of the interfaces is nearly as long.
const LONG: usize = 20_000;

/// Every body that breaks one rule of the schema.
pub(super) fn spoil(schemas: &Value, schema: &Value, right: &Value) -> Vec<Spoiled> {
    let mut all = Vec::new();
    object(schemas, schema, right, &mut all);
    all
}

fn object(schemas: &Value, schema: &Value, right: &Value, all: &mut Vec<Spoiled>) {
    let schema = resolved(schemas, schema).expect("a reference leads somewhere");
    if schema["additionalProperties"] == false {
        add(all, "one field too many", "surprise", with(right, "surprise", json!(true)));
    }
    let required = schema["required"].as_array().cloned().unwrap_or_default();
    for name in required.iter().filter_map(Value::as_str) {
        add(all, "a field is missing", name, without(right, name));
    }
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        let is_needed = required.iter().any(|needed| needed == name);
        for (how, value) in wrong_values(schemas, property, is_needed) {
            add(all, how, name, with(right, name, value));
        }
        if let Some(inner) = right.get(name).filter(|inner| inner.is_object()) {
            let mut below = Vec::new();
            object(schemas, property, inner, &mut below);
            all.extend(below.into_iter().map(|spoiled| Spoiled {
                field: format!("{name}.{}", spoiled.field),
                body: with(right, name, spoiled.body),
                ..spoiled
            }));
        }
    }
}

/// Values that a property must not have.
fn wrong_values(schemas: &Value, property: &Value, is_needed: bool) -> Vec<(&'static str, Value)> {
    let mut wrong = Vec::new();
    if is_needed {
        wrong.push(("null", Value::Null));
    }
    let property = without_null(property);
    let schema = resolved(schemas, property).expect("a reference leads somewhere");
    match type_of(schema) {
        "string" => {
            if !accepts(schema, "number") {
                wrong.push(("a number for a text", json!(7)));
            }
            wrong.push(("a list for a text", json!(["x"])));
            wrong.push(("a text that is too long", json!("x".repeat(LONG))));
            wrong.push(("a text with a null character", json!("a\u{0}b")));
        }
        "integer" => {
            wrong.push(("a text for a number", json!("seven")));
            wrong.push(("a number with a fraction", json!(1.5)));
            wrong.push(("a number beyond all sizes", json!(1e30)));
            if schema["minimum"] == 0 {
                wrong.push(("a number below zero", json!(-1)));
            }
        }
        "boolean" => wrong.push(("a text for yes or no", json!("perhaps"))),
        "object" => {
            wrong.push(("a text for an object", json!("x")));
            wrong.push(("a list for an object", json!([])));
        }
        "array" => wrong.push(("an object for a list", json!({"x": 1}))),
        _ => {}
    }
    if schema["format"] == "uuid" {
        wrong.push(("a text that is no id", json!("1")));
    }
    if schema["enum"].is_array() {
        wrong.push(("a word that is none of those", json!("none_of_those")));
    }
    wrong
}

/// What may be left out may often be null too.
fn without_null(property: &Value) -> &Value {
    let choices = property["oneOf"].as_array();
    let real = choices.and_then(|all| all.iter().find(|choice| choice["type"] != "null"));
    real.unwrap_or(property)
}

fn type_of(schema: &Value) -> &str {
    match &schema["type"] {
        Value::Array(types) => {
            types.iter().filter_map(Value::as_str).find(|kind| *kind != "null").unwrap_or_default()
        }
        kind => kind.as_str().unwrap_or_default(),
    }
}

fn accepts(schema: &Value, kind: &str) -> bool {
    schema["type"].as_array().is_some_and(|types| types.iter().any(|known| known == kind))
}

fn add(all: &mut Vec<Spoiled>, how: &str, field: &str, body: Value) {
    all.push(Spoiled { how: format!("{how} ({field})"), field: field.to_owned(), body });
}

fn with(right: &Value, name: &str, value: Value) -> Value {
    let mut body = right.clone();
    body[name] = value;
    body
}

fn without(right: &Value, name: &str) -> Value {
    let mut body = right.clone();
    body.as_object_mut().expect("a body is an object").remove(name);
    body
}
