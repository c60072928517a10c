//! Whose request it is, by the host that it asks for.

use std::net::{Ipv4Addr, Ipv6Addr};

/// What a host stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Host {
    /// The services: `api.<base>`, or a plain address.
    Api,
    /// The console: `app.<base>`.
    Console,
    /// The base name itself.
    Base,
    /// The Odoo of this subdomain, if there is one.
    Tenant(String),
    /// Nobody that we know.
    Nobody,
}

impl Host {
    /// Reads the value of a `Host` header, with or without a port, in any case.
    pub(crate) fn of(host: &str, base: &str) -> Self {
        let name = without_port(host).trim_end_matches('.').to_ascii_lowercase();
        if is_address(&name) {
            return Self::Api;
        }
        if name == base {
            return Self::Base;
        }
        match name.strip_suffix(base).and_then(|rest| rest.strip_suffix('.')) {
            Some("api") => Self::Api,
            Some("app") => Self::Console,
            Some(label) if is_label(label) => Self::Tenant(label.to_owned()),
            _ => Self::Nobody,
        }
    }
}

/// The port that a `Host` header names.
pub(crate) fn port(host: &str) -> Option<u16> {
    let rest = &host[without_port(host).len()..];
    rest.strip_prefix(':')?.parse().ok()
}

fn without_port(host: &str) -> &str {
    let after_brackets = host.find(']').map_or(0, |end| end + 1);
    match host[after_brackets..].find(':') {
        Some(colon) => &host[..after_brackets + colon],
        None => host,
    }
}

fn is_address(name: &str) -> bool {
    let bare = name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    name.parse::<Ipv4Addr>().is_ok() || bare.is_some_and(|bare| bare.parse::<Ipv6Addr>().is_ok())
}

fn is_label(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_told_apart_in_any_spelling() {
        let tenant = |label: &str| Host::Tenant(label.to_owned());
        for (host, base, expected) in [
            ("api.localhost", "localhost", Host::Api),
            ("API.LocalHost:8080", "localhost", Host::Api),
            ("127.0.0.1:8080", "localhost", Host::Api),
            ("[::1]:8080", "localhost", Host::Api),
            ("app.localhost.", "localhost", Host::Console),
            ("localhost:8080", "localhost", Host::Base),
            ("demo.localhost:8080", "localhost", tenant("demo")),
            ("Demo.203.0.113.10.nip.io", "203.0.113.10.nip.io", tenant("demo")),
            ("203.0.113.10", "203.0.113.10.nip.io", Host::Api),
            ("a.b.localhost", "localhost", Host::Nobody),
            ("demolocalhost", "localhost", Host::Nobody),
            (".localhost", "localhost", Host::Nobody),
            ("demo.localhost.example.com", "localhost", Host::Nobody),
            ("de_mo.localhost", "localhost", Host::Nobody),
            ("", "localhost", Host::Nobody),
        ] {
            assert_eq!(Host::of(host, base), expected, "{host}");
        }
    }

    #[test]
    fn the_port_is_what_follows_the_name() {
        assert_eq!(port("demo.localhost:8080"), Some(8080));
        assert_eq!(port("[::1]:81"), Some(81));
        assert_eq!(port("demo.localhost"), None);
        assert_eq!(port("demo.localhost:x"), None);
    }
}
