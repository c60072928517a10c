//! The proxy itself: what pingora asks on a request's way, in the order in which it asks.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use contract::correlation;
use http::header::{HOST, SERVER, UPGRADE};
use pingora::Error;
use pingora::ErrorType::{ConnectError, HTTPStatus};
use pingora::http::{RequestHeader, ResponseHeader};
use pingora::protocols::l4::socket::SocketAddr;
use pingora::proxy::{FailToProxy, ProxyHttp, Session};
use pingora::upstreams::peer::HttpPeer;
use tokio::net::lookup_host;
use vocabulary::CorrelationId;

use crate::answer::{Answer, PAGE_HEADER};
use crate::failure;
use crate::forwarded::{self, Origin};
use crate::page::Visitor;
use crate::routing::{Decision, Forward, Routing};
use crate::status::{Counters, Kind};

const CONNECT: Duration = Duration::from_secs(2);
/// Long polls and reports of an Odoo take their time; Odoo's own guide says 720 s.
const TENANT_READ: Duration = Duration::from_secs(720);
/// Longer than a service's own deadline, and than the pause between an event stream's signs of life.
const SERVICE_READ: Duration = Duration::from_secs(100);
const WRITE: Duration = Duration::from_secs(60);
const IDLE: Duration = Duration::from_secs(30);
const LARGEST_HEADERS: usize = 64 * 1024;

pub(crate) struct Proxy {
    pub(crate) routing: Routing,
    pub(crate) counters: Arc<Counters>,
}

/// One request on its way.
pub(crate) struct Visit {
    kind: Kind,
    host: String,
    forward: Option<Forward>,
    correlation: Option<CorrelationId>,
}

#[async_trait]
impl ProxyHttp for Proxy {
    type CTX = Visit;

    fn new_ctx(&self) -> Visit {
        self.counters.begin();
        Visit { kind: Kind::Nobody, host: String::new(), forward: None, correlation: None }
    }

    async fn request_filter(
        &self,
        session: &mut Session,
        visit: &mut Visit,
    ) -> pingora::Result<bool> {
        // A websocket is silent for as long as nothing happens.
        let is_upgrade = session.req_header().headers.contains_key(UPGRADE);
        session.set_read_timeout(Some(if is_upgrade { TENANT_READ } else { WRITE }));
        session.set_write_timeout(Some(WRITE));
        match self.decide(session.req_header(), visit) {
            Decision::Forward(forward) => visit.forward = Some(forward),
            Decision::Answer(answer) => {
                self.send(&answer, session, visit).await?;
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn upstream_peer(
        &self,
        _: &mut Session,
        visit: &mut Visit,
    ) -> pingora::Result<Box<HttpPeer>> {
        let Some(forward) = &visit.forward else {
            return Error::e_explain(HTTPStatus(500), "a request goes on that was not decided");
        };
        let found = tokio::time::timeout(CONNECT, lookup_host(&forward.upstream)).await;
        let Ok(Some(address)) = found.map(|found| found.ok().and_then(|mut all| all.next())) else {
            return Err(
                Error::explain(ConnectError, "the upstream's name has no address").into_up()
            );
        };
        let mut peer = HttpPeer::new(address, false, String::new());
        let read = if visit.kind == Kind::Tenant { TENANT_READ } else { SERVICE_READ };
        peer.options.connection_timeout = Some(CONNECT);
        peer.options.total_connection_timeout = Some(CONNECT);
        peer.options.read_timeout = Some(read);
        peer.options.write_timeout = Some(WRITE);
        peer.options.idle_timeout = Some(IDLE);
        Ok(Box::new(peer))
    }

    async fn upstream_request_filter(
        &self,
        session: &mut Session,
        request: &mut RequestHeader,
        visit: &mut Visit,
    ) -> pingora::Result<()> {
        forwarded::state(request, &Origin { ip: client(session), host: &visit.host })?;
        if let Some(forward) = &visit.forward {
            request.set_uri(forward.target.clone());
        }
        match visit.correlation {
            Some(id) => request.insert_header(correlation::HEADER, id.to_string()),
            None => {
                request.remove_header(correlation::HEADER);
                Ok(())
            }
        }
    }

    async fn response_filter(
        &self,
        _: &mut Session,
        response: &mut ResponseHeader,
        visit: &mut Visit,
    ) -> pingora::Result<()> {
        response.remove_header(&SERVER);
        // Only we say that an answer is a page of ours.
        response.remove_header(PAGE_HEADER);
        match visit.correlation {
            Some(id) => response.insert_header(correlation::HEADER, id.to_string()),
            None => Ok(()),
        }
    }

    async fn fail_to_proxy(
        &self,
        session: &mut Session,
        error: &Error,
        visit: &mut Visit,
    ) -> FailToProxy {
        let error_code = match failure::answer(session, error, visit.kind) {
            Some(answer) if session.response_written().is_none() => {
                session.set_keepalive(None);
                if let Err(error) = self.send(&answer, session, visit).await {
                    tracing::debug!(%error, "the visitor went away before the answer");
                }
                session.response_written().map_or(0, |written| written.status.as_u16())
            }
            _ => 0,
        };
        let upstream = visit.forward.as_ref().map(|forward| forward.upstream.as_str());
        failure::note(error, &visit.host, upstream, error_code);
        FailToProxy { error_code, can_reuse_downstream: false }
    }

    fn suppress_error_log(&self, _: &Session, _: &Visit, _: &Error) -> bool {
        true
    }

    async fn logging(&self, session: &mut Session, _: Option<&Error>, visit: &mut Visit) {
        let status = session.response_written().map_or(0, |written| written.status.as_u16());
        self.counters.end(visit.kind, status);
        tracing::debug!(
            host = visit.host,
            method = %session.req_header().method,
            path = session.req_header().uri.path(),
            status,
            correlation_id = visit.correlation.map(tracing::field::display),
            "a request is over"
        );
    }
}

impl Proxy {
    async fn send(
        &self,
        answer: &Answer,
        session: &mut Session,
        visit: &Visit,
    ) -> pingora::Result<()> {
        let console = self.routing.console_url(&visit.host);
        answer.send(session, Visitor { host: &visit.host, console: &console }).await
    }

    fn decide(&self, request: &RequestHeader, visit: &mut Visit) -> Decision {
        let size: usize =
            request.headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
        if LARGEST_HEADERS < size {
            return Decision::Answer(Answer::TOO_LARGE_HEADERS);
        }
        let Some(host) = host(request) else { return Decision::Answer(Answer::NO_HOST) };
        visit.host = host;
        let (kind, decision) = self.routing.decide(&visit.host, &request.uri);
        visit.kind = kind;
        visit.correlation = (kind == Kind::Api).then(|| correlation_of(request));
        decision
    }
}

/// The host that is asked for. Pingora has refused requests whose target and header disagree.
fn host(request: &RequestHeader) -> Option<String> {
    let in_target = request.uri.authority().map(|authority| authority.as_str());
    let in_header = || request.headers.get(HOST).and_then(|value| value.to_str().ok());
    let host = in_target.or_else(in_header)?;
    let is_plain =
        host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_:[]".contains(&byte));
    (!host.is_empty() && is_plain).then(|| host.to_owned())
}

/// A caller of the API may name the cause itself, so that its own logs can be joined with ours.
fn correlation_of(request: &RequestHeader) -> CorrelationId {
    let named = request.headers.get(correlation::HEADER).and_then(|value| value.to_str().ok());
    named.and_then(|text| text.parse().ok()).unwrap_or_else(CorrelationId::new)
}

fn client(session: &Session) -> IpAddr {
    match session.client_addr() {
        Some(SocketAddr::Inet(address)) => address.ip().to_canonical(),
        _ => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
    }
}
