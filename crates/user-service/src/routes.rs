//! What user-service offers over HTTP.

mod auth;
mod customers;
mod examination;
mod page;
mod profile;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::context::Context;

pub(crate) fn all(context: Context) -> OpenApiRouter {
    OpenApiRouter::default()
        .routes(routes!(auth::register))
        .routes(routes!(auth::verify_email, auth::open_verification_link))
        .routes(routes!(auth::resend_verification))
        .routes(routes!(auth::login))
        .routes(routes!(auth::logout))
        .routes(routes!(auth::password_reset))
        .routes(routes!(auth::password_reset_complete))
        .routes(routes!(auth::me))
        .routes(routes!(profile::read, profile::change))
        .routes(routes!(customers::list, customers::ensure))
        .routes(routes!(customers::read))
        .routes(routes!(customers::read_internally))
        .routes(routes!(examination::violations))
        .with_state(context)
}
