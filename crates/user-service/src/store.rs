//! The SQL of this service, one file for each table.

pub(crate) mod all;
pub(crate) mod attempt;
pub(crate) mod audit;
pub(crate) mod customer;
pub(crate) mod mail;
pub(crate) mod member;
pub(crate) mod one_time_link;
pub(crate) mod person;
pub(crate) mod session;
pub(crate) mod staff;
pub(crate) mod violation;

use api::Origin;

/// An origin as it stands in the database.
fn text(from: Origin) -> Option<String> {
    from.0.map(|address| address.to_string())
}
