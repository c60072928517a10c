//! The proxy itself: what pingora asks on a request's way, in the order in which it asks.

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use bytes::Bytes;
use contract::correlation;
use http::header::SERVER;
use pingora::ErrorType::{ConnectError, HTTPStatus, ReadTimedout};
use pingora::http::{RequestHeader, ResponseHeader};
use pingora::proxy::{FailToProxy, ProxyHttp, Session};
use pingora::upstreams::peer::HttpPeer;
use pingora::{Error, ErrorSource};
use tokio::net::lookup_host;
use vocabulary::CorrelationId;

use crate::answer::{Answer, PAGE_HEADER};
use crate::connection::{self, Limits};
use crate::failure;
use crate::forwarded::{self, Origin};
use crate::page::Visitor;
use crate::request;
use crate::routing::{Decision, Forward, Routing};
use crate::status::{Counters, Kind};

const CONNECT: Duration = Duration::from_secs(2);
/// Long polls and reports of an Odoo take their time; Odoo's own guide says 720 s.
const TENANT_READ: Duration = Duration::from_secs(720);
/// Longer than a service's own deadline, and than the pause between an event stream's signs of life.
const SERVICE_READ: Duration = Duration::from_secs(100);
const WRITE: Duration = Duration::from_secs(60);
const IDLE: Duration = Duration::from_secs(30);
/// What the services take. Tenants have no such limit: their files are streamed.
const LARGEST_BODY: u64 = 1 << 20;
/// How long what is left of a body is read after the answer, to use the connection again.
const DRAIN: Duration = Duration::from_secs(5);

pub(crate) struct Proxy {
    pub(crate) routing: Routing,
    pub(crate) counters: Arc<Counters>,
    pub(crate) scheme: &'static str,
    pub(crate) limits: Limits,
}

/// One request on its way.
pub(crate) struct Visit {
    kind: Kind,
    host: String,
    forward: Option<Forward>,
    correlation: Option<CorrelationId>,
    begun: Instant,
    body: u64,
}

#[async_trait]
impl ProxyHttp for Proxy {
    type CTX = Visit;

    fn new_ctx(&self) -> Visit {
        self.counters.begin();
        connection::request_begins();
        Visit {
            kind: Kind::Nobody,
            host: String::new(),
            forward: None,
            correlation: None,
            begun: Instant::now(),
            body: 0,
        }
    }

    async fn request_filter(
        &self,
        session: &mut Session,
        visit: &mut Visit,
    ) -> pingora::Result<bool> {
        let decision = self.decide(session.req_header(), visit);
        // A websocket is silent for as long as nothing happens.
        let silence = if request::is_websocket(session.req_header(), visit.kind) {
            TENANT_READ
        } else {
            self.limits.slow_body
        };
        session.set_read_timeout(Some(silence));
        session.set_write_timeout(Some(WRITE));
        session.set_total_drain_timeout(Some(DRAIN));
        match decision {
            Decision::Forward(forward) => visit.forward = Some(forward),
            Decision::Answer(answer) => {
                if answer == Answer::TOO_LARGE {
                    session.set_keepalive(None);
                }
                self.send(&answer, session, visit).await?;
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn request_body_filter(
        &self,
        session: &mut Session,
        body: &mut Option<Bytes>,
        _: bool,
        visit: &mut Visit,
    ) -> pingora::Result<()> {
        visit.body += body.as_ref().map_or(0, |bytes| bytes.len() as u64);
        if visit.kind != Kind::Tenant && LARGEST_BODY < visit.body {
            return Err(Error::explain(HTTPStatus(413), "a body without end").into_down());
        }
        // What goes over a websocket is slow by its nature.
        let is_slow = self.limits.is_slow(visit.body, visit.begun.elapsed());
        if is_slow && !request::is_websocket(session.req_header(), visit.kind) {
            return Err(Error::explain(ReadTimedout, "a body that takes too long").into_down());
        }
        Ok(())
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
        let origin =
            Origin { ip: request::client(session), host: &visit.host, scheme: self.scheme };
        forwarded::state(request, &origin)?;
        if !request::is_websocket(session.req_header(), visit.kind) {
            request::stay_on_http_1(request);
        }
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
        if *error.esource() == ErrorSource::Upstream {
            self.counters.upstream_failed(visit.kind);
        }
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
        connection::request_ends();
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
        if let Answer::Page(page) = answer {
            self.counters.page(page.code());
        }
        let console = self.routing.console_url(&visit.host);
        answer.send(session, Visitor { host: &visit.host, console: &console }).await
    }

    fn decide(&self, request: &RequestHeader, visit: &mut Visit) -> Decision {
        if let Some(refusal) = request::refusal(request) {
            return Decision::Answer(refusal);
        }
        let Some(host) = request::host(request) else { return Decision::Answer(Answer::NO_HOST) };
        visit.host = host;
        let (kind, decision) = self.routing.decide(&visit.host, &request.uri);
        visit.kind = kind;
        visit.correlation = (kind == Kind::Api).then(|| request::correlation(request));
        if kind != Kind::Tenant && LARGEST_BODY < request::length(request) {
            return Decision::Answer(Answer::TOO_LARGE);
        }
        decision
    }
}
