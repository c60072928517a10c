//! What an operator may set of this service.

use std::time::Duration;

use vocabulary::{OdooVersion, Subdomain};

/// The options of this service and its worker.
#[derive(Debug, Clone)]
pub struct Options {
    /// Under which addresses instances are reached.
    pub public: PublicAddress,
    /// Between two looks for a database that is not there.
    pub look_every: Duration,
    /// After so many looks people are told that there is no database.
    pub looks: u32,
    /// How long an instance that waits for its first payment keeps its slot.
    pub reserve_for: Duration,
    /// How long an Odoo may start before people are told that it fails.
    pub start_patience: Duration,
    /// How long one attempt waits for an Odoo to answer; under ten seconds.
    pub probe_within: Duration,
    /// Between two looks at an Odoo that fails or a runtime that can't be seen.
    pub look_again: Duration,
    /// How long the first initialisation of an empty database may take.
    pub install_deadline: Duration,
    /// How many instances are worked on at a time.
    pub concurrency: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            public: PublicAddress::default(),
            look_every: Duration::from_secs(10),
            looks: 30,
            reserve_for: Duration::from_secs(24 * 3600),
            start_patience: Duration::from_secs(120),
            probe_within: Duration::from_secs(9),
            look_again: Duration::from_secs(5),
            install_deadline: Duration::from_secs(300),
            concurrency: 16,
        }
    }
}

/// Under which addresses instances are reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicAddress {
    /// `http` or `https`.
    pub scheme: String,
    /// What stands after the subdomain, such as `localhost`.
    pub base: String,
    /// The port, where the scheme does not say it.
    pub port: Option<u16>,
}

impl Default for PublicAddress {
    fn default() -> Self {
        Self { scheme: "http".to_owned(), base: "localhost".to_owned(), port: Some(8080) }
    }
}

impl PublicAddress {
    /// Where the instance with this subdomain is reached.
    #[must_use]
    pub fn url(&self, subdomain: &Subdomain) -> String {
        let port = self.port.map(|port| format!(":{port}")).unwrap_or_default();
        format!("{}://{subdomain}.{}{port}", self.scheme, self.base)
    }
}

/// The template that an instance's database is cloned from, where there is one.
pub(crate) fn template(version: &OdooVersion) -> String {
    format!("odoo-{version}")
}
