//! Decides what becomes of a request, from its host, its path and the table, and from nothing else.

use std::sync::Arc;

use contract::instance::RouteTarget;
use http::Uri;

use crate::Upstreams;
use crate::answer::Answer;
use crate::closed;
use crate::gateway::{Prefix, Refusal};
use crate::host::Host;
use crate::page::Page;
use crate::status::Kind;
use crate::table::{Found, Table};

/// What is to become of a request.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    /// It goes on.
    Forward(Forward),
    /// The edge answers it.
    Answer(Answer),
}

/// Where a request goes on to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Forward {
    /// `host:port`.
    pub(crate) upstream: String,
    /// What it asks for there: path and query.
    pub(crate) target: Uri,
}

pub(crate) struct Routing {
    base: String,
    upstreams: Upstreams,
    table: Arc<Table>,
}

impl Routing {
    pub(crate) fn new(base: &str, upstreams: &Upstreams, table: Arc<Table>) -> Self {
        let base = base.trim_end_matches('.').to_ascii_lowercase();
        Self { base, upstreams: upstreams.without_schemes(), table }
    }

    /// The console's address, for a visitor who has asked for `host`.
    pub(crate) fn console_url(&self, host: &str) -> String {
        let port = crate::host::port(host).map(|port| format!(":{port}")).unwrap_or_default();
        format!("//app.{}{port}/", self.base)
    }

    pub(crate) fn decide(&self, host: &str, uri: &Uri) -> (Kind, Decision) {
        match Host::of(host, &self.base) {
            Host::Api => (Kind::Api, self.api(uri)),
            Host::Console => (Kind::Console, forward(&self.upstreams.console, uri, uri.path())),
            Host::Tenant(subdomain) => (Kind::Tenant, self.tenant(&subdomain, uri)),
            Host::Base if uri.path() == "/" => {
                (Kind::Nobody, Decision::Answer(Answer::Redirect(self.console_url(host))))
            }
            Host::Base | Host::Nobody => (Kind::Nobody, page(Page::NobodysHost)),
        }
    }

    fn api(&self, uri: &Uri) -> Decision {
        match uri.path() {
            "/health" => return Decision::Answer(Answer::Healthy),
            "/ready" => return Decision::Answer(self.readiness()),
            _ => {}
        }
        match Prefix::of(uri.path()) {
            Ok((prefix, rest)) => forward(self.upstreams.of(prefix), uri, rest),
            Err(Refusal::NobodysPrefix) => Decision::Answer(Answer::NO_SERVICE),
            Err(Refusal::Inside) => Decision::Answer(Answer::CLOSED),
            Err(Refusal::NotPlain) => Decision::Answer(Answer::NOT_PLAIN),
        }
    }

    fn readiness(&self) -> Answer {
        if self.table.is_known() { Answer::Healthy } else { Answer::NOT_READY }
    }

    fn tenant(&self, subdomain: &str, uri: &Uri) -> Decision {
        let target = match self.table.find(subdomain) {
            Found::Target(target) => target,
            Found::Nothing => return page(Page::NobodysHost),
            Found::Unknown => return page(Page::Unavailable),
        };
        match target {
            RouteTarget::Odoo { .. } if closed::is_closed(uri.path()) => {
                Decision::Answer(Answer::CLOSED)
            }
            RouteTarget::Odoo { http, websocket } => {
                let upstream = websocket.filter(|_| is_websocket(uri.path())).unwrap_or(http);
                forward(&upstream, uri, uri.path())
            }
            RouteTarget::Starting => page(Page::Starting),
            RouteTarget::Stopped => page(Page::Stopped),
            RouteTarget::Suspended { reason } => page(Page::Suspended(reason)),
            RouteTarget::Failing => page(Page::Failing),
            RouteTarget::Gone => page(Page::NobodysHost),
        }
    }
}

impl Upstreams {
    fn of(&self, prefix: Prefix) -> &str {
        match prefix {
            Prefix::User => &self.user,
            Prefix::Instance => &self.instance,
            Prefix::Billing => &self.billing,
            Prefix::Database => &self.database,
            Prefix::Notification => &self.notification,
        }
    }

    fn without_schemes(&self) -> Self {
        let bare =
            |url: &str| url.strip_prefix("http://").unwrap_or(url).trim_end_matches('/').to_owned();
        Self {
            user: bare(&self.user),
            instance: bare(&self.instance),
            billing: bare(&self.billing),
            database: bare(&self.database),
            notification: bare(&self.notification),
            console: bare(&self.console),
        }
    }
}

/// Odoo answers these on a port of their own when it has workers.
fn is_websocket(path: &str) -> bool {
    path == "/websocket" || path.starts_with("/websocket/")
}

fn page(page: Page) -> Decision {
    Decision::Answer(Answer::Page(page))
}

/// A target that names its host itself (`GET http://…`) goes on without it: the host is in its header.
fn forward(upstream: &str, uri: &Uri, path: &str) -> Decision {
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    match format!("{path}{query}").parse() {
        Ok(target) => Decision::Forward(Forward { upstream: upstream.to_owned(), target }),
        Err(_) => Decision::Answer(Answer::NOT_PLAIN),
    }
}
