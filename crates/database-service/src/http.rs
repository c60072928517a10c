//! The interface, prefix `/api/database`.

mod allocation;
mod operation;
mod pool;

use api::{Caller, Origin};
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::Context;
use crate::store::audit::Actor;

#[derive(OpenApi)]
#[openapi(info(
    title = "database-service",
    description = "The tenants' PostgreSQL servers, and which instance has which database on them."
))]
struct Document;

/// All routes and what is around them.
pub(crate) fn service(context: Context) -> api::ServiceServer {
    let pool = context.pool.clone();
    let verifier = context.verifier.clone();
    api::ServiceServer::new("database-service", routes(context), verifier).needs_database(pool)
}

fn routes(context: Context) -> OpenApiRouter {
    OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(allocation::allocate))
        .routes(routes!(allocation::find, allocation::release))
        .routes(routes!(allocation::rotate))
        .routes(routes!(allocation::provision_dedicated))
        .routes(routes!(pool::list))
        .routes(routes!(pool::find, pool::remove))
        .routes(routes!(pool::stats))
        .routes(routes!(pool::findings))
        .routes(routes!(pool::check_health))
        .routes(routes!(pool::drain))
        .routes(routes!(pool::resume))
        .routes(routes!(pool::resize))
        .routes(routes!(pool::provision))
        .routes(routes!(operation::list))
        .routes(routes!(operation::find))
        .routes(routes!(operation::retry))
        .routes(routes!(operation::cancel))
        .routes(routes!(operation::undo))
        .with_state(context)
}

fn actor(caller: impl Into<Caller>, origin: Origin) -> Actor {
    Actor { name: caller.into().to_string(), origin: origin.0.map(|address| address.to_string()) }
}
