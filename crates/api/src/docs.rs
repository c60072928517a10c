//! The page `/docs`: what a service offers, without a line of script.

use maud::{DOCTYPE, Markup, html};
use utoipa::openapi::path::{Operation, Parameter, PathItem};
use utoipa::openapi::{OpenApi, RefOr};

const STYLE: &str = "
    body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
    section { border-top: 1px solid #ccc; padding: .5rem 0; }
    code { font-size: .95em; } .method { display: inline-block; min-width: 5ch; font-weight: 600; }
    table { border-collapse: collapse; } td { padding: .1rem 1rem .1rem 0; vertical-align: top; }
    @media (prefers-color-scheme: dark) { body { background: #16181d; color: #e6e6e6; } }";

pub(crate) fn page(openapi: &OpenApi) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (openapi.info.title) }
                style { (STYLE) }
            }
            body {
                h1 { (openapi.info.title) }
                p {
                    "The same for programs: " a href="openapi.json" { "openapi.json" } ". "
                    "Send a token as " code { "Authorization: Bearer …" } "."
                }
                @for (path, item) in &openapi.paths.paths {
                    @for (method, operation) in operations(item) { (section(method, path, operation)) }
                }
            }
        }
    }
}

/// The operations of one path, with their methods.
pub(crate) fn operations(item: &PathItem) -> Vec<(&'static str, &Operation)> {
    let all = [
        ("GET", &item.get),
        ("POST", &item.post),
        ("PUT", &item.put),
        ("PATCH", &item.patch),
        ("DELETE", &item.delete),
    ];
    all.into_iter().filter_map(|(method, operation)| Some((method, operation.as_ref()?))).collect()
}

fn section(method: &str, path: &str, operation: &Operation) -> Markup {
    html! {
        section {
            h3 { span.method { (method) } " " code { (path) } }
            @if let Some(summary) = &operation.summary { p { (summary) } }
            @if let Some(text) = &operation.description { p { (text) } }
            table {
                @for parameter in operation.parameters.iter().flatten() {
                    @if let RefOr::T(parameter) = parameter { (row(parameter)) }
                }
                @if let Some(body) = body(operation) { tr { td { "body" } td { code { (body) } } } }
                @for (status, _) in &operation.responses.responses {
                    tr { td { "answers" } td { (status) } }
                }
            }
        }
    }
}

fn row(parameter: &Parameter) -> Markup {
    html! {
        tr {
            td { code { (parameter.name) } }
            td { (parameter.description.as_deref().unwrap_or_default()) }
        }
    }
}

/// The name of the body's schema.
fn body(operation: &Operation) -> Option<String> {
    let body = serde_json::to_value(operation.request_body.as_ref()?).ok()?;
    let schema = body.pointer("/content/application~1json/schema/$ref")?.as_str()?;
    schema.rsplit('/').next().map(str::to_owned)
}
