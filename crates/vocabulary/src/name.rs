//! Names that people type. Each is checked once, on its way in.

mod language;

use std::sync::LazyLock;

/// Why a name is refused: the rule that it breaks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidName(pub &'static str);

macro_rules! name {
    ($($(#[$doc:meta])* $name:ident, $check:expr;)+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[derive(serde::Serialize, serde::Deserialize, sqlx::Type, utoipa::ToSchema)]
        #[serde(try_from = "String", into = "String")]
        #[sqlx(transparent)]
        #[schema(value_type = String)]
        pub struct $name(String);

        impl $name {
            /// The name as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidName;

            fn try_from(text: String) -> Result<Self, InvalidName> {
                let check: fn(String) -> Result<String, InvalidName> = $check;
                check(text).map(Self)
            }
        }

        impl std::str::FromStr for $name {
            type Err = InvalidName;

            fn from_str(text: &str) -> Result<Self, InvalidName> {
                text.to_owned().try_into()
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> String {
                name.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }
    )+};
}

name! {
    /// What people call a thing: free text of 1 to 100 characters, without control characters.
    DisplayName, display_name;
    /// An e-mail address, in lower case.
    EmailAddress, email_address;
    /// A language that Odoo has, such as `de_DE`.
    Language, language::known;
    /// The Odoo series that an instance runs, such as `19.0`.
    OdooVersion, odoo_version;
    /// The key of a plan in `plans.toml`, such as `basic-monthly`.
    PlanName, plan_name;
    /// The label before the base name under which an instance is reached.
    Subdomain, subdomain;
    /// A name in the form of the time zone database, such as `Europe/Berlin`.
    TimeZone, time_zone;
}

impl Subdomain {
    /// Whether the platform keeps this name for itself.
    #[must_use]
    pub fn is_reserved(&self) -> bool {
        RESERVED.contains(&self.0.as_str())
    }
}

/// Names that would shadow the platform, or that a customer could use to deceive others.
const RESERVED: [&str; 28] = [
    "admin",
    "api",
    "app",
    "auth",
    "billing",
    "billing-admin",
    "console",
    "database",
    "docs",
    "edge",
    "ftp",
    "help",
    "imap",
    "localhost",
    "login",
    "mail",
    "metrics",
    "notification",
    "ns1",
    "ns2",
    "postgres",
    "registry",
    "root",
    "smtp",
    "staff",
    "status",
    "support",
    "www",
];

fn display_name(text: String) -> Result<String, InvalidName> {
    let text = text.trim().to_owned();
    let length = text.chars().count();
    if length == 0 || 100 < length || text.chars().any(char::is_control) {
        return Err(InvalidName("a name has 1 to 100 characters and no control characters"));
    }
    Ok(text)
}

fn email_address(text: String) -> Result<String, InvalidName> {
    static RULE: InvalidName = InvalidName(
        "an e-mail address has the form name@host.domain, at most 254 characters, and no spaces",
    );
    let text = text.trim().to_lowercase();
    let (local, host) = text.rsplit_once('@').ok_or_else(|| RULE.clone())?;
    let local_is_good = !local.is_empty()
        && local.len() <= 64
        && local.chars().all(|c| c.is_ascii_alphanumeric() || "!#$%&'*+/=?^_`{|}~.-".contains(c));
    let host_is_good = host.split('.').count() >= 2 && host.split('.').all(is_host_label);
    if local_is_good && host_is_good && text.len() <= 254 { Ok(text) } else { Err(RULE.clone()) }
}

fn odoo_version(text: String) -> Result<String, InvalidName> {
    static KNOWN: LazyLock<[&str; 2]> = LazyLock::new(|| ["19.0", "14.0"]);
    let text = if text.contains('.') { text } else { format!("{text}.0") };
    if KNOWN.contains(&text.as_str()) {
        Ok(text)
    } else {
        Err(InvalidName("the Odoo versions on offer are 19.0 and 14.0"))
    }
}

fn plan_name(text: String) -> Result<String, InvalidName> {
    if text.len() <= 50 && is_host_label(&text) {
        Ok(text)
    } else {
        Err(InvalidName("a plan name has 1 to 50 lower-case letters, digits and inner hyphens"))
    }
}

fn subdomain(text: String) -> Result<String, InvalidName> {
    let text = text.trim().to_lowercase();
    if (3..=50).contains(&text.len()) && is_host_label(&text) && !text.starts_with("xn--") {
        Ok(text)
    } else {
        Err(InvalidName(
            "a subdomain has 3 to 50 letters, digits and hyphens, with no hyphen at either end",
        ))
    }
}

fn time_zone(text: String) -> Result<String, InvalidName> {
    let is_part = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_alphabetic())
            && part.chars().all(|c| c.is_ascii_alphanumeric() || "_+-".contains(c))
    };
    if text.len() <= 50 && text.split('/').count() <= 3 && text.split('/').all(is_part) {
        Ok(text)
    } else {
        Err(InvalidName("a time zone has the form UTC or Europe/Berlin"))
    }
}

fn is_host_label(text: &str) -> bool {
    (1..=63).contains(&text.len())
        && !text.starts_with('-')
        && !text.ends_with('-')
        && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_text_is_no_name() {
        let long = "x".repeat(300);
        for text in [
            "",
            "a",
            "-ab",
            "ab-",
            "a b",
            "a.b",
            "DROP TABLE instances;--",
            "xn--abc",
            long.as_str(),
        ] {
            assert!(text.parse::<Subdomain>().is_err(), "{text}");
        }
        for text in
            ["", "x", "a@b", "a@b@c.de", "a b@c.de", "a@-c.de", "'; drop table x@c", long.as_str()]
        {
            assert!(text.parse::<EmailAddress>().is_err(), "{text}");
        }
        assert!("two\nlines".parse::<DisplayName>().is_err());
        assert!(long.parse::<DisplayName>().is_err());
        assert!("99.0".parse::<OdooVersion>().is_err());
        assert!("Basic Monthly".parse::<PlanName>().is_err());
        for text in ["", "/", "Europe/", "../etc/passwd", "DROP TABLE x", "a/b/c/d", &long] {
            assert!(text.parse::<TimeZone>().is_err(), "{text}");
        }
    }

    #[test]
    fn good_names_are_brought_into_one_form() {
        assert_eq!("  Demo ".parse::<Subdomain>().unwrap().as_str(), "demo");
        assert_eq!("Ann@Example.COM".parse::<EmailAddress>().unwrap().as_str(), "ann@example.com");
        assert_eq!("19".parse::<OdooVersion>().unwrap().as_str(), "19.0");
        assert!("api".parse::<Subdomain>().unwrap().is_reserved());
        for text in ["UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires", "Etc/GMT+5"] {
            assert_eq!(text.parse::<TimeZone>().unwrap().as_str(), text);
        }
    }

    #[test]
    fn json_goes_the_same_way_in() {
        let error = serde_json::from_str::<Subdomain>("\"a b\"").unwrap_err();
        assert!(error.to_string().contains("3 to 50 letters"), "{error}");
    }
}
