//! user-service: customers with their members, the operator's staff, and how they prove who they are.
//! It promises that whoever asks about an address learns nothing that its owner did not tell.

mod context;
mod customer;
mod even;
mod limit;
mod link;
mod login;
mod mail;
mod password;
mod registration;
mod reset;
mod routes;
mod staff;
mod store;

pub use context::{Context, Options};
pub use mail::{deliver, deliver_due};
pub use staff::ensure_first_staff;

use api::ServiceServer;

/// The service's name, and the role that it runs as.
pub const NAME: &str = "user-service";

/// The HTTP side.
#[must_use]
pub fn service(context: Context) -> ServiceServer {
    let verifier = context.key.verifier();
    let pool = context.pool.clone();
    ServiceServer::new(NAME, routes::all(context), verifier).needs_database(pool)
}
