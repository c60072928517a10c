//! The instances: what each is doing, as a sentence, and what can be done about it.

use contract::instance::Instance;
use maud::{Markup, html};
use vocabulary::{DatabaseType, InstanceStatus};

use crate::overview::Part;
use crate::session::Session;

pub(super) fn section(instances: &Part<Instance>, session: &Session) -> Markup {
    let title = if session.is_staff() { "All Odoos" } else { "Your Odoos" };
    super::section(title, instances, &empty(session), |instances| {
        html! { ul.instances { @for instance in instances { (card(instance, session)) } } }
    })
}

fn empty(session: &Session) -> Markup {
    html! {
        p.lead { "There is no Odoo yet." }
        @if session.is_staff() {
            p { "Order one with " code { "saasodoo order --plan basic-monthly --subdomain NAME --customer EMAIL" } "." }
        } @else {
            p { "As soon as one is ordered, it appears here and is running seconds later." }
        }
    }
}

fn card(instance: &Instance, session: &Session) -> Markup {
    html! {
        li.instance data-tone=(tone(instance.status)) id=(format!("i{}", instance.id)) {
            div.what {
                h3 { (instance.name) }
                a.address href=(instance.url) { (address(&instance.url)) }
            }
            p.state { span.dot aria-hidden="true" {} (instance.status_text) }
            dl.facts {
                (fact("Plan", &instance.plan_name))
                (fact("Odoo", &instance.odoo_version))
                (fact("Database", database(instance.db_type)))
                @if session.is_staff() { (fact("Administrator", &instance.admin_email)) }
            }
            div.actions {
                @if instance.status == InstanceStatus::Running {
                    a.button.primary href=(instance.url) { "Open" }
                }
                @for (action, label) in actions(instance.status) { (button(instance, action, label)) }
            }
        }
    }
}

fn fact(name: &str, value: &str) -> Markup {
    html! { div { dt { (name) } dd { (value) } } }
}

fn button(instance: &Instance, action: &str, label: &str) -> Markup {
    html! {
        form method="post" action={ "/instances/" (instance.id) "/" (action) } {
            button type="submit" id={ (action) (instance.id) } aria-label={ (label) " " (instance.name) } { (label) }
        }
    }
}

fn actions(status: InstanceStatus) -> &'static [(&'static str, &'static str)] {
    match status {
        InstanceStatus::Running => &[("restart", "Restart"), ("stop", "Stop")],
        InstanceStatus::Starting => &[("stop", "Stop")],
        InstanceStatus::Stopped | InstanceStatus::Sleeping => &[("start", "Start")],
        InstanceStatus::Error => &[("restart", "Try again"), ("stop", "Stop")],
        _ => &[],
    }
}

fn tone(status: InstanceStatus) -> &'static str {
    match status {
        InstanceStatus::Running => "good",
        InstanceStatus::Creating
        | InstanceStatus::WaitingForDatabase
        | InstanceStatus::Starting
        | InstanceStatus::Stopping
        | InstanceStatus::Maintenance
        | InstanceStatus::Migrating
        | InstanceStatus::Terminating => "busy",
        InstanceStatus::AwaitingPayment | InstanceStatus::Suspended => "warn",
        InstanceStatus::Error => "bad",
        InstanceStatus::Sleeping | InstanceStatus::Stopped | InstanceStatus::Terminated => "calm",
    }
}

fn database(db_type: DatabaseType) -> &'static str {
    match db_type {
        DatabaseType::Shared => "in a shared pool",
        DatabaseType::Dedicated => "on a server of its own",
    }
}

fn address(url: &str) -> &str {
    url.split_once("://").map_or(url, |(_, rest)| rest).trim_end_matches('/')
}
