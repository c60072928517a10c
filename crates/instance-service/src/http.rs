//! The interface, prefix `/api/v1/instances`.

mod act;
mod admin;
mod entitle;
mod examination;
mod live;
mod look;

use api::{ServiceServer, StaffOrService};
use axum::routing::get;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use work::Desk;

use crate::context::Context;
use crate::desk::Books;
use crate::wish::Who;
use crate::{QUEUE, number};

/// The role.
const NAME: &str = "instance-service";

/// The service.
#[must_use]
pub fn service(context: Context) -> ServiceServer {
    let (pool, verifier) = (context.pool.clone(), context.verifier.clone());
    let numbers = pool.clone();
    ServiceServer::new(NAME, routes(context), verifier)
        .needs_database(pool)
        .numbers(move |registry| number::read(numbers.clone(), registry))
}

fn routes(context: Context) -> OpenApiRouter {
    let desk = Desk::new(context.pool.clone(), QUEUE, NAME, Books).routes();
    OpenApiRouter::new()
        .routes(routes!(look::list, entitle::create))
        .routes(routes!(look::one, act::rename, act::delete))
        .routes(routes!(look::by_subscription))
        .routes(routes!(look::status))
        .routes(routes!(look::logs))
        .routes(routes!(look::admin_login))
        .routes(routes!(look::check_subdomain))
        .routes(routes!(entitle::entitle))
        .routes(routes!(act::act))
        .routes(routes!(live::events))
        .routes(routes!(admin::routes))
        .routes(routes!(admin::route_events))
        .routes(routes!(examination::violations))
        .routes(routes!(examination::sweep))
        .routes(routes!(examination::statements))
        // The same without its last slash, as people type it.
        .route("/api/v1/instances", get(look::list).post(entitle::create))
        .with_state(context)
        .nest("/api/v1/instances/admin/operations", desk)
}

impl Who {
    fn new(caller: impl Into<api::Caller>, origin: api::Origin) -> Self {
        Self { caller: caller.into(), origin }
    }
}

/// Staff and services see everything here.
type Insider = StaffOrService;
