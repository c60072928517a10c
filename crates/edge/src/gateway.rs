//! The prefixes of `api.<base>`, and the paths that are let through to the services.

use crate::closed::unescape;

/// A service behind the gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Prefix {
    User,
    Instance,
    Billing,
    Database,
    Notification,
}

/// Why a path goes nowhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// It could be read in two ways, so it is not read at all.
    NotPlain,
    /// No service has this prefix.
    NobodysPrefix,
    /// It is for the platform's own services, who do not come this way.
    Inside,
}

impl Prefix {
    const ALL: [(&'static str, Self); 5] = [
        ("user", Self::User),
        ("instance", Self::Instance),
        ("billing", Self::Billing),
        ("database", Self::Database),
        ("notification", Self::Notification),
    ];

    /// The service that a path names, and the path that it gets.
    pub(crate) fn of(path: &str) -> Result<(Self, &str), Refusal> {
        if !is_plain(path) {
            return Err(Refusal::NotPlain);
        }
        let trimmed = path.strip_prefix('/').ok_or(Refusal::NotPlain)?;
        let (name, rest) = match trimmed.find('/') {
            Some(slash) => trimmed.split_at(slash),
            None => (trimmed, "/"),
        };
        let known = Self::ALL.iter().find(|(prefix, _)| *prefix == name);
        let (_, prefix) = known.ok_or(Refusal::NobodysPrefix)?;
        if is_inside(rest) { Err(Refusal::Inside) } else { Ok((*prefix, rest)) }
    }
}

/// Whether a service's path is for the inside: its numbers, and what services ask each other.
fn is_inside(path: &str) -> bool {
    let first = path.split('/').nth(1).unwrap_or_default();
    matches!(unescape(first).as_str(), "metrics" | "internal")
}

/// Whether every reader of the path sees the same segments in it: nothing empty, no dots that climb, nothing
/// escaped that would matter when unescaped, whoever unescapes it and how often.
fn is_plain(path: &str) -> bool {
    let has_odd_bytes =
        path.bytes().any(|byte| !byte.is_ascii_graphic() || b"\\<>\"^`{|};".contains(&byte));
    let has_odd_segments =
        path.contains("//") || path.split('/').any(|segment| matches!(segment, "." | ".."));
    !has_odd_bytes && !has_odd_segments && path.split('%').skip(1).all(is_harmless_escape)
}

fn is_harmless_escape(after_percent: &str) -> bool {
    let byte = after_percent.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok());
    byte.is_some_and(|byte| byte >= 0x20 && byte != 0x7f && !b"/\\.%;".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_is_stripped() {
        assert_eq!(
            Prefix::of("/database/api/database/admin/pools"),
            Ok((Prefix::Database, "/api/database/admin/pools"))
        );
        assert_eq!(Prefix::of("/user"), Ok((Prefix::User, "/")));
        assert_eq!(Prefix::of("/billing/"), Ok((Prefix::Billing, "/")));
        assert_eq!(Prefix::of("/user/a%20b"), Ok((Prefix::User, "/a%20b")));
    }

    #[test]
    fn a_prefix_is_a_whole_segment() {
        for path in ["/", "/users", "/databases/x", "/User/x", "/instance-service"] {
            assert_eq!(Prefix::of(path), Err(Refusal::NobodysPrefix), "{path}");
        }
    }

    #[test]
    fn the_inside_of_a_service_is_closed_in_every_spelling() {
        for path in [
            "/user/metrics",
            "/billing/metrics/",
            "/user/internal/customers/x",
            "/user/internal",
            "/user/Internal/x",
            "/user/%69nternal/x",
            "/user/%6dETRICS",
        ] {
            assert_eq!(Prefix::of(path), Err(Refusal::Inside), "{path}");
        }
        assert_eq!(Prefix::of("/user/internals"), Ok((Prefix::User, "/internals")));
        assert_eq!(Prefix::of("/user/x/metrics"), Ok((Prefix::User, "/x/metrics")));
    }

    #[test]
    fn a_path_with_two_readings_is_refused() {
        for path in [
            "//user/auth/login",
            "/user//auth",
            "/user/../database/api",
            "/user/./auth",
            "/user/..",
            "/user/%2e%2e/database",
            "/user/%2E./database",
            "/user%2fauth",
            "/user/%2Fetc",
            "/user/%5c..",
            "/user/\\..\\database",
            "/user/%252e%252e/database",
            "/user/%00",
            "/user/%0d%0aX:y",
            "/user/%",
            "/user/%+2",
            "/user/%zz",
            "/user/..;/internal/customers/x",
            "/user/auth;a=b/login",
            "/user/ä",
            "user/auth",
            "*",
        ] {
            assert_eq!(Prefix::of(path), Err(Refusal::NotPlain), "{path}");
        }
    }
}
