//! The paths of an Odoo that are closed to the world: those that list, make, copy and drop databases.
//!
//! The platform alone manages databases. Odoo itself refuses them too (`list_db = False`), which also covers the
//! `db` service of `/jsonrpc`, whose calls are told apart only by their bodies, which the edge does not read.

/// Whether a tenant's path is closed, whatever way it is spelled.
pub(crate) fn is_closed(path: &str) -> bool {
    let decoded = unescape(path);
    let segments: Vec<&str> =
        decoded.split(['/', '\\']).filter(|segment| !matches!(*segment, "" | ".")).collect();
    // A website's Odoo also answers below a language, as in `/de/web/database`.
    let below_language = segments.get(1..).unwrap_or_default();
    names_databases(&segments) || names_databases(below_language)
}

fn names_databases(segments: &[&str]) -> bool {
    match segments {
        ["web", "database", ..] | ["xmlrpc", "db", ..] | ["xmlrpc", _, "db", ..] => true,
        // Whoever climbs does it to get past a check like this one.
        _ => segments.contains(&".."),
    }
}

/// The text with its escapes read, once, in lower case.
pub(crate) fn unescape(path: &str) -> String {
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let escaped = (*first == b'%').then(|| after.get(..2).and_then(hex_byte)).flatten();
        bytes.push(escaped.unwrap_or(*first).to_ascii_lowercase());
        rest = if escaped.is_some() { &after[2..] } else { after };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn hex_byte(digits: &[u8]) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    u8::try_from(digit(digits[0])? * 16 + digit(digits[1])?).ok()
}

#[cfg(test)]
mod tests {
    use super::is_closed;

    #[test]
    fn database_pages_are_closed_in_every_spelling() {
        for path in [
            "/web/database",
            "/web/database/manager",
            "//web//database/selector",
            "/web/./database/drop",
            "/web/%64atabase/manager",
            "/WEB/Database/manager",
            "/web%2fdatabase/manager",
            "/de/web/database/manager",
            "/xmlrpc/2/db",
            "/xmlrpc/db",
            "/web/static/../database/manager",
        ] {
            assert!(is_closed(path), "{path}");
        }
    }

    #[test]
    fn everything_else_is_open() {
        for path in [
            "/",
            "/web",
            "/web/login",
            "/web/databases",
            "/xmlrpc/2/common",
            "/web/content/12/database.pdf",
            "/shop/web-database",
            "/100%",
            "/web/image/..png",
        ] {
            assert!(!is_closed(path), "{path}");
        }
    }
}
