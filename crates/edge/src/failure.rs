//! What becomes of a request that could not be proxied: what the visitor is told, and what the log says.

use pingora::ErrorType::{
    ConnectError, ConnectNoRoute, ConnectRefused, ConnectTimedout, HTTPStatus, InvalidHTTPHeader,
    ReadTimedout, SocketError,
};
use pingora::proxy::Session;
use pingora::{Error, ErrorSource};

use crate::answer::Answer;
use crate::page::Page;
use crate::status::Kind;

/// What the visitor is told about a failure; nothing where the visitor is the one who left.
pub(crate) fn answer(session: &Session, error: &Error, kind: Kind) -> Option<Answer> {
    let has_no_effect = session.req_header().method.is_safe();
    match (error.etype(), error.esource()) {
        (HTTPStatus(413), _) => Some(Answer::TOO_LARGE),
        (HTTPStatus(_), _) | (_, ErrorSource::Internal | ErrorSource::Unset) => {
            Some(Answer::INTERNAL)
        }
        (
            ConnectRefused | ConnectTimedout | ConnectNoRoute | ConnectError | SocketError,
            ErrorSource::Upstream,
        ) => Some(absent(kind)),
        (ReadTimedout, ErrorSource::Upstream) => Some(Answer::TOO_LATE),
        (_, ErrorSource::Upstream) if has_no_effect => Some(absent(kind)),
        (_, ErrorSource::Upstream) => Some(Answer::NO_ANSWER),
        (InvalidHTTPHeader, ErrorSource::Downstream) => Some(Answer::MALFORMED),
        (ReadTimedout, ErrorSource::Downstream) => Some(Answer::TOO_SLOW),
        (_, ErrorSource::Downstream) => None,
    }
}

/// An Odoo that the table has and that is not there is one that comes back.
fn absent(kind: Kind) -> Answer {
    Answer::Page(if kind == Kind::Tenant { Page::Starting } else { Page::Unavailable })
}

/// Notes it, as loudly as it deserves.
pub(crate) fn note(error: &Error, host: &str, upstream: Option<&str>, status: u16) {
    match error.esource() {
        ErrorSource::Upstream => {
            tracing::warn!(%error, host, upstream, status, "an upstream has failed");
        }
        ErrorSource::Downstream => tracing::debug!(%error, host, "a visitor has left"),
        ErrorSource::Internal | ErrorSource::Unset => {
            tracing::error!(%error, host, upstream, status, "the proxy itself has failed");
        }
    }
}
