//! What the edge and staff ask.

use std::convert::Infallible;

use api::{ApiResult, Json, Stopping};
use axum::extract::State;
use axum::response::sse::{Event as Sent, KeepAlive, Sse};
use contract::error::ErrorBody;
use contract::instance::{Route, Routes};
use futures::{Stream, StreamExt, stream};
use tracing::warn;
use vocabulary::InstanceId;

use super::Insider;
use crate::bell::{Ear, Ring};
use crate::context::Context;
use crate::route;
use crate::store::all;

/// The routing table.
#[utoipa::path(
    get, path = "/api/v1/instances/admin/routes", security(("bearer" = [])),
    responses((status = 200, body = Routes), (status = 403, body = ErrorBody))
)]
pub(super) async fn routes(
    _insider: Insider,
    State(context): State<Context>,
) -> ApiResult<Json<Routes>> {
    Ok(Json(table(&context).await?))
}

/// The routing table as server-sent events: the whole as `table`, again when something was missed, and each change
/// of it as `route`.
#[utoipa::path(
    get, path = "/api/v1/instances/admin/routes/events", security(("bearer" = [])),
    responses(
        (status = 200, content_type = "text/event-stream", body = Routes), (status = 403, body = ErrorBody)
    )
)]
pub(super) async fn route_events(
    _insider: Insider,
    Stopping(stop): Stopping,
    State(context): State<Context>,
) -> Sse<impl Stream<Item = Result<Sent, Infallible>>> {
    let told = Telling::begin(context).take_until(stop.cancelled_owned());
    Sse::new(told).keep_alive(KeepAlive::default())
}

async fn table(context: &Context) -> sqlx::Result<Routes> {
    let alive = all::instance::alive(&mut *context.pool.acquire().await?).await?;
    Ok(Routes { routes: alive.iter().map(route::of).collect() })
}

async fn one(context: &Context, id: InstanceId) -> sqlx::Result<Option<Route>> {
    let found = all::instance::find(&mut *context.pool.acquire().await?, id).await?;
    Ok(found.as_ref().map(route::of))
}

struct Telling {
    context: Context,
    ear: Ear,
    has_begun: bool,
}

impl Telling {
    /// The bell is heard before the table is read, so that nothing falls between.
    fn begin(context: Context) -> impl Stream<Item = Result<Sent, Infallible>> {
        let ear = context.bell.hear();
        let telling = Self { context, ear, has_begun: false };
        stream::unfold(telling, |mut telling| async move {
            match telling.next().await {
                Ok(sent) => Some((Ok(sent), telling)),
                Err(error) => {
                    // The client comes again and begins with the whole table.
                    warn!(%error, "routes can't be read");
                    None
                }
            }
        })
    }

    async fn next(&mut self) -> sqlx::Result<Sent> {
        if !std::mem::replace(&mut self.has_begun, true) {
            return self.table().await;
        }
        loop {
            match self.ear.next().await {
                Ring::Lost => return self.table().await,
                Ring::Route(instance) => {
                    if let Some(route) = one(&self.context, instance).await? {
                        let sent = Sent::default().event("route").json_data(&route);
                        return Ok(sent.expect("a route is plain data"));
                    }
                }
                Ring::Event(_) => {}
            }
        }
    }

    async fn table(&self) -> sqlx::Result<Sent> {
        let table = table(&self.context).await?;
        Ok(Sent::default().event("table").json_data(&table).expect("a table is plain data"))
    }
}
