//! Rules that a value keeps beyond its kind, and those between two values.

use std::time::Duration;

use crate::{Scheme, Settings};

/// The first rule that is broken: the key's path, and the rule.
pub(crate) fn broken(settings: &Settings) -> Option<(&'static str, &'static str)> {
    let (database, billing) = (&settings.database, &settings.billing);
    [
        (
            "platform.base",
            is_host_name(&settings.platform.base),
            "is a host name in lower case, such as example.com",
        ),
        ("postgres.connections", settings.postgres.connections >= 2, "is 2 at least"),
        ("postgres.max_connections", settings.postgres.max_connections >= 50, "is 50 at least"),
        ("edge.threads", settings.edge.threads >= 1, "is 1 at least"),
        ("user.hashes_at_once", settings.user.hashes_at_once >= 1, "is 1 at least"),
        ("user.login_tries", settings.user.login_tries >= 1, "is 1 at least"),
        ("user.mail_asks", settings.user.mail_asks >= 1, "is 1 at least"),
        (
            "billing.blocked_after_days",
            billing.warning_after_days <= billing.blocked_after_days,
            "is not before the warning",
        ),
        (
            "billing.cancelled_after_days",
            billing.blocked_after_days <= billing.cancelled_after_days,
            "is not before the suspension",
        ),
        ("instance.looks", settings.instance.looks >= 1, "is 1 at least"),
        (
            "instance.probe_within",
            settings.instance.probe_within < Duration::from_secs(10),
            "is under ten seconds",
        ),
        ("instance.concurrency", settings.instance.concurrency >= 1, "is 1 at least"),
        ("database.pool_size", (1..=1000).contains(&database.pool_size), "is from 1 to 1000"),
        (
            "database.health_deadline",
            database.health_deadline < database.health_every,
            "is shorter than health_every",
        ),
        ("database.tenant.connections", database.tenant.connections >= 2, "is 2 at least"),
        (
            "database.templates",
            database.templates.iter().all(|t| t.modules.iter().any(|module| module == "base")),
            "each have the module base",
        ),
        (
            "services",
            settings.services.urls().into_iter().all(is_url),
            "have urls that begin with http:// or https:// and have no slash at the end",
        ),
    ]
    .into_iter()
    .find_map(|(key, holds, rule)| (!holds).then_some((key, rule)))
}

fn is_host_name(text: &str) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
    };
    text.len() <= 190 && text.split('.').all(is_label)
}

fn is_url(text: &str) -> bool {
    let rest = [Scheme::Http, Scheme::Https]
        .iter()
        .find_map(|scheme| text.strip_prefix(scheme.as_str())?.strip_prefix("://"));
    rest.is_some_and(|rest| {
        !rest.is_empty() && !rest.ends_with('/') && !rest.contains([' ', '?', '#'])
    })
}
