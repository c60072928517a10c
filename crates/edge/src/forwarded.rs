//! What the request's next reader is told about where it comes from. What the client says about that itself is
//! removed first, in every spelling that somebody behind us might read.

use std::net::IpAddr;

use pingora::http::RequestHeader;

use crate::host;

const CLIENTS_CLAIMS: [&str; 8] = [
    "forwarded",
    "x-real-ip",
    "x-client-ip",
    "x-original-url",
    "x-rewrite-url",
    "true-client-ip",
    "cf-connecting-ip",
    "proxy",
];

/// Where a request comes from, as we see it.
pub(crate) struct Origin<'a> {
    /// Who has connected.
    pub(crate) ip: IpAddr,
    /// The host that was asked for, with its port.
    pub(crate) host: &'a str,
    /// How people reach us.
    pub(crate) scheme: &'a str,
}

/// Replaces the client's claims by what is so.
pub(crate) fn state(request: &mut RequestHeader, origin: &Origin<'_>) -> pingora::Result<()> {
    remove_claims(request);
    let Origin { ip, host, scheme } = origin;
    let usual_port = if *scheme == "https" { 443 } else { 80 };
    let node = if ip.is_ipv6() { format!("[{ip}]") } else { ip.to_string() };
    request.insert_header("x-forwarded-for", ip.to_string())?;
    request.insert_header("x-real-ip", ip.to_string())?;
    request.insert_header("x-forwarded-host", *host)?;
    request.insert_header("x-forwarded-proto", *scheme)?;
    request
        .insert_header("x-forwarded-port", host::port(host).unwrap_or(usual_port).to_string())?;
    request.insert_header("forwarded", format!("for=\"{node}\";host=\"{host}\";proto={scheme}"))
}

fn remove_claims(request: &mut RequestHeader) {
    let claims: Vec<_> =
        request.headers.keys().filter(|name| is_claim(name.as_str())).cloned().collect();
    for name in claims {
        request.remove_header(&name);
    }
}

/// WSGI cannot tell `_` from `-` in a name, so a header with `_` can pose as any other.
fn is_claim(name: &str) -> bool {
    name.starts_with("x-forwarded") || name.contains('_') || CLIENTS_CLAIMS.contains(&name)
}
