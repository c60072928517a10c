//! What a request says about itself, read with suspicion.

use std::net::{IpAddr, Ipv4Addr};

use contract::correlation;
use http::Method;
use http::header::{CONNECTION, CONTENT_LENGTH, HOST, UPGRADE};
use pingora::http::RequestHeader;
use pingora::protocols::l4::socket::SocketAddr;
use pingora::proxy::Session;
use vocabulary::CorrelationId;

use crate::answer::Answer;
use crate::status::Kind;

const LARGEST_HEADERS: usize = 64 * 1024;
const LONGEST_TARGET: usize = 16 * 1024;

/// Why a request goes nowhere, whoever it is for.
pub(crate) fn refusal(request: &RequestHeader) -> Option<Answer> {
    let size: usize =
        request.headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    let target = request.uri.path_and_query().map_or(0, |target| target.as_str().len());
    if LARGEST_HEADERS < size {
        Some(Answer::TOO_LARGE_HEADERS)
    } else if LONGEST_TARGET < target {
        Some(Answer::TOO_LONG_TARGET)
    } else if request.method == Method::TRACE || request.method.as_str() == "TRACK" {
        Some(Answer::NO_METHOD)
    } else {
        None
    }
}

/// What the request says about its body; pingora has refused lengths that contradict each other.
pub(crate) fn length(request: &RequestHeader) -> u64 {
    let length = request.headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    length.and_then(|text| text.trim().parse().ok()).unwrap_or_default()
}

/// Only tenants speak anything but HTTP, and only this.
pub(crate) fn is_websocket(request: &RequestHeader, kind: Kind) -> bool {
    let is_named = |value: &http::HeaderValue| value.as_bytes().eq_ignore_ascii_case(b"websocket");
    kind == Kind::Tenant && request.headers.get(UPGRADE).is_some_and(is_named)
}

/// Whoever behind us would change to another protocol would do so past every rule of ours.
pub(crate) fn stay_on_http_1(request: &mut RequestHeader) {
    if request.remove_header(&UPGRADE).is_some() {
        request.remove_header("http2-settings");
        request.remove_header(&CONNECTION);
    }
}

/// The host that is asked for. Pingora has refused requests whose target and header disagree.
pub(crate) fn host(request: &RequestHeader) -> Option<String> {
    let in_target = request.uri.authority().map(|authority| authority.as_str());
    let in_header = || request.headers.get(HOST).and_then(|value| value.to_str().ok());
    let host = in_target.or_else(in_header)?;
    let is_plain =
        host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_:[]".contains(&byte));
    (!host.is_empty() && is_plain).then(|| host.to_owned())
}

/// A caller of the API may name the cause itself, so that its own logs can be joined with ours.
pub(crate) fn correlation(request: &RequestHeader) -> CorrelationId {
    let named = request.headers.get(correlation::HEADER).and_then(|value| value.to_str().ok());
    named.and_then(|text| text.parse().ok()).unwrap_or_else(CorrelationId::new)
}

/// Who has connected.
pub(crate) fn client(session: &Session) -> IpAddr {
    match session.client_addr() {
        Some(SocketAddr::Inet(address)) => address.ip().to_canonical(),
        _ => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
    }
}
