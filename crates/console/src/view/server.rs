//! The database servers, for staff.

use contract::database::Pool;
use maud::{Markup, html};

use crate::overview::Part;

pub(super) fn section(servers: &Part<Pool>) -> Markup {
    let empty = html! {
        p.lead { "There is no database server yet." }
        p { "The first one is made by itself." }
    };
    super::section("Database servers", servers, &empty, |servers| {
        html! {
            table {
                thead {
                    tr { th { "Server" } th { "State" } th { "Health" } th { "In use" } th.number { "In stock" } }
                }
                tbody { @for server in servers { (row(server)) } }
            }
        }
    })
}

fn row(server: &Pool) -> Markup {
    html! {
        tr {
            td { strong { (server.name) } " " span.soft { (server.server_type) } }
            td data-tone=(status_tone(&server.status)) {
                span.dot aria-hidden="true" {} (server.status)
                @if let Some(reason) = &server.status_reason { " " span.soft { (reason) } }
            }
            td data-tone=(health_tone(&server.health_status)) {
                span.dot aria-hidden="true" {} (server.health_status)
            }
            td {
                meter min="0" max=(server.max_instances) value=(server.current_instances)
                    aria-label={ "databases on " (server.name) } {}
                " " (server.current_instances) " of " (server.max_instances)
            }
            td.number { (server.stock) }
        }
    }
}

fn status_tone(status: &str) -> &'static str {
    match status {
        "active" => "good",
        "provisioning" | "initializing" | "draining" | "deprovisioning" => "busy",
        "full" | "maintenance" => "warn",
        "error" => "bad",
        _ => "calm",
    }
}

fn health_tone(health: &str) -> &'static str {
    match health {
        "healthy" => "good",
        "degraded" => "warn",
        "unhealthy" => "bad",
        _ => "calm",
    }
}
