//! notification-service: the platform's mails. A mail is a row of the outbox first. There is no SMTP yet: every
//! mail is `held`, and staff read the outbox.

mod email;
mod routes;
mod store;
mod template;

use api::ServiceServer;
use identity::Verifier;
use sqlx::PgPool;

/// The service's name, and the role that it runs as.
pub const NAME: &str = "notification-service";

/// What everything in this service has at hand. Cloning is cheap.
#[derive(Clone)]
pub struct Context {
    /// The database `communication`, as the role `notification_service`.
    pub pool: PgPool,
    /// Verifies the tokens of callers.
    pub verifier: Verifier,
}

/// The HTTP side.
#[must_use]
pub fn service(context: Context) -> ServiceServer {
    let verifier = context.verifier.clone();
    let pool = context.pool.clone();
    ServiceServer::new(NAME, routes::all(context), verifier).needs_database(pool)
}
