//! What is true of every operation, said in the document: who may be refused and why, and what a body may be.
//! A handler's own words say only what is special about it.

use serde_json::{Map, Value, json};
use utoipa::openapi::OpenApi;
use utoipa::{PartialSchema, ToSchema};

use contract::error::ErrorBody;

const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

/// The document with everything that holds for all operations.
pub(crate) fn complete(openapi: &OpenApi) -> OpenApi {
    let mut document = serde_json::to_value(openapi).expect("a document is plain data");
    document["security"] = json!([{"bearer": []}]);
    add_error_schemas(&mut document);
    flatten_schemas(&mut document["components"]["schemas"]);
    for item in members(&mut document["paths"]) {
        for (_, operation) in object(item).filter(|(name, _)| METHODS.contains(&name.as_str())) {
            add_answers(operation);
        }
    }
    serde_json::from_value(document).expect("the document is still one")
}

fn add_answers(operation: &mut Value) {
    let answers = refusals(operation);
    let Some(known) = operation["responses"].as_object_mut() else { return };
    for (status, why) in answers {
        let body = json!({"schema": {"$ref": "#/components/schemas/ErrorBody"}});
        let answer = json!({"description": why, "content": {"application/json": body}});
        let said = known.entry(status).or_insert_with(|| answer.clone());
        // A page may be refused in our format too, and an answer without a word about its body is one of ours.
        if status.starts_with('4') && said["content"].get("application/json").is_none() {
            said["content"]["application/json"] = answer["content"]["application/json"].clone();
        }
    }
}

fn refusals(operation: &Value) -> Vec<(&'static str, &'static str)> {
    let has_body = operation.get("requestBody").is_some();
    let speaks = has_body || operation["parameters"].as_array().is_some_and(|all| !all.is_empty());
    let is_public = operation["security"] == json!([{}]);
    let all = [
        (true, "400", "The request is not in the form that it claims"),
        (!is_public, "401", "There is no token, or none that holds"),
        (!is_public, "403", "This is not for callers of this kind"),
        (!is_public && speaks, "404", "There is no such thing, or it is somebody else's"),
        (has_body, "413", "The body is too large"),
        (has_body, "415", "The body does not say that it is JSON"),
        (speaks, "422", "A field breaks a rule"),
        (is_public && has_body, "429", "Too many tries"),
        (true, "503", "Something that this needs is down"),
    ];
    all.into_iter().filter_map(|(holds, status, why)| holds.then_some((status, why))).collect()
}

fn add_error_schemas(document: &mut Value) {
    let mut schemas = vec![(ErrorBody::name().into_owned(), ErrorBody::schema())];
    ErrorBody::schemas(&mut schemas);
    for (name, schema) in schemas {
        document["components"]["schemas"][name] =
            serde_json::to_value(schema).expect("a schema is plain data");
    }
}

/// A body with another's fields among its own is written as one object: as two that both must hold, each would
/// refuse the fields of the other.
fn flatten_schemas(schemas: &mut Value) {
    let all = schemas.clone();
    for schema in members(schemas) {
        let Some(parts) = schema.get("allOf").and_then(Value::as_array) else { continue };
        let parts: Option<Vec<&Value>> = parts.iter().map(|part| resolved(&all, part)).collect();
        if let Some(parts) = parts
            && parts.iter().all(|part| part["type"] == "object")
        {
            let description = schema["description"].clone();
            *schema = one_object(&parts);
            schema["description"] = description;
        }
    }
}

fn one_object(parts: &[&Value]) -> Value {
    let mut properties = Map::new();
    let mut required = Vec::new();
    for part in parts {
        properties.extend(part["properties"].as_object().cloned().unwrap_or_default());
        required.extend(part["required"].as_array().cloned().unwrap_or_default());
    }
    let mut object = json!({"type": "object", "properties": properties, "required": required});
    if parts.iter().any(|part| part["additionalProperties"] == false) {
        object["additionalProperties"] = false.into();
    }
    object
}

/// The schema that a reference leads to, or the schema itself.
pub(crate) fn resolved<'a>(schemas: &'a Value, schema: &'a Value) -> Option<&'a Value> {
    match schema.get("$ref").and_then(Value::as_str) {
        Some(path) => schemas.get(path.rsplit('/').next()?),
        None => Some(schema),
    }
}

fn object(value: &mut Value) -> impl Iterator<Item = (&String, &mut Value)> {
    value.as_object_mut().into_iter().flat_map(Map::iter_mut)
}

fn members(value: &mut Value) -> impl Iterator<Item = &mut Value> {
    object(value).map(|(_, member)| member)
}
