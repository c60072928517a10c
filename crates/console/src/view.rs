//! What the pages look like.

mod instance;
mod invoice;
pub(crate) mod login;
mod server;

use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS,
};
use axum::response::{IntoResponse, Response};
use maud::{DOCTYPE, Markup, html};

use crate::overview::{Overview, Part};
use crate::session::Session;

const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src data:; \
                      base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// The overview as a page, with a sentence on top where there is something to say.
pub(crate) fn page(session: &Session, overview: &Overview, sentence: Option<&str>) -> Response {
    let body = html! {
        header.bar {
            a.brand href="/" { (mark()) "SaaSOdoo" @if session.is_staff() { small { "Staff" } } }
            form method="post" action="/logout" {
                span.who { (session.email()) }
                button.quiet type="submit" { "Log out" }
            }
        }
        main {
            @if let Some(sentence) = sentence { p.notice role="alert" { (sentence) } }
            div id="overview" aria-live="polite" { (self::overview(session, overview)) }
        }
        script src="/assets/live.js" defer {}
    };
    document("Your Odoos", &body)
}

/// The part of the page that is kept up to date.
pub(crate) fn overview(session: &Session, overview: &Overview) -> Markup {
    html! {
        (invoice::section(&overview.invoices))
        (instance::section(&overview.instances, session))
        @if let Some(servers) = &overview.servers { (server::section(servers)) }
    }
}

/// A part of the overview: its title, and its rows, or why there are none.
fn section<T>(
    title: &str,
    part: &Part<T>,
    empty: &Markup,
    rows: impl Fn(&[T]) -> Markup,
) -> Markup {
    html! {
        section {
            h2 { (title) @if let Ok(things) = part { @if !things.is_empty() { span.count { (things.len()) } } } }
            @match part {
                Ok(things) if things.is_empty() => { div.empty { (empty) } }
                Ok(things) => { (rows(things)) }
                Err(_) => {
                    p.notice role="status" { "This part cannot be read at the moment. It comes back by itself." }
                }
            }
        }
    }
}

/// A whole page.
fn document(title: &str, body: &Markup) -> Response {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) " · SaaSOdoo" }
                link rel="icon" href="data:,";
                link rel="stylesheet" href="/assets/console.css";
            }
            body { (body) }
        }
    };
    let headers = [
        (CONTENT_SECURITY_POLICY, POLICY),
        (CACHE_CONTROL, "no-store"),
        (REFERRER_POLICY, "same-origin"),
        (X_FRAME_OPTIONS, "DENY"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, page).into_response()
}

fn mark() -> Markup {
    html! {
        svg.mark viewBox="0 0 24 24" aria-hidden="true" {
            circle cx="9" cy="12" r="6" {}
            circle cx="15" cy="12" r="6" {}
        }
    }
}
