//! The interface, prefix `/api/database`.

mod allocation;
mod examination;
mod pool;

use api::{Caller, Origin};
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use work::Desk;

use crate::desk::Books;
use crate::store::audit::Actor;
use crate::{Context, QUEUE, number};

#[derive(OpenApi)]
#[openapi(info(
    title = "database-service",
    description = "The tenants' PostgreSQL servers, and which instance has which database on them."
))]
struct Document;

/// The role.
const NAME: &str = "database-service";

/// All routes and what is around them.
pub(crate) fn service(context: Context) -> api::ServiceServer {
    let pool = context.pool.clone();
    let verifier = context.verifier.clone();
    let numbers = pool.clone();
    api::ServiceServer::new(NAME, routes(context), verifier)
        .needs_database(pool)
        .numbers(move |registry| number::read(numbers.clone(), registry))
}

fn routes(context: Context) -> OpenApiRouter {
    let desk = Desk::new(context.pool.clone(), QUEUE, NAME, Books).routes();
    OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(allocation::allocate))
        .routes(routes!(allocation::find, allocation::release))
        .routes(routes!(allocation::rotate))
        .routes(routes!(allocation::provision_dedicated))
        .routes(routes!(pool::list))
        .routes(routes!(pool::find, pool::remove))
        .routes(routes!(pool::stats))
        .routes(routes!(examination::findings, examination::take_inventory))
        .routes(routes!(examination::violations))
        .routes(routes!(examination::sweep))
        .routes(routes!(pool::check_health))
        .routes(routes!(pool::drain))
        .routes(routes!(pool::resume))
        .routes(routes!(pool::resize))
        .routes(routes!(pool::provision))
        .with_state(context)
        .nest("/api/database/admin/operations", desk)
}

fn actor(caller: impl Into<Caller>, origin: Origin) -> Actor {
    Actor { name: caller.into().to_string(), origin: origin.0.map(|address| address.to_string()) }
}
