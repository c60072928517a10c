//! What happens to an instance, live: first everything after the last event that the client knows, then each event as
//! it happens.

use std::collections::VecDeque;
use std::convert::Infallible;

use api::{ApiError, ApiResult, Caller, Path, Stopping};
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::sse::{Event as Sent, KeepAlive, Sse};
use contract::error::ErrorBody;
use contract::instance::Event;
use futures::{Stream, StreamExt, stream};
use tracing::warn;
use vocabulary::{InstanceId, InstanceStatus};

use crate::bell::{Ear, Ring};
use crate::context::Context;
use crate::store::event;
use crate::wish;

/// So many are read at a time.
const BATCH: i64 = 200;

/// Tells what happens to an instance, as server-sent events; with `Last-Event-ID`, only what comes after.
#[utoipa::path(
    get, path = "/api/v1/instances/{id}/events",
    params(("id" = InstanceId, Path), ("last-event-id" = Option<i64>, Header)), security(("bearer" = [])),
    responses(
        (status = 200, content_type = "text/event-stream", body = Event), (status = 404, body = ErrorBody),
        (status = 422, body = ErrorBody)
    )
)]
pub(super) async fn events(
    caller: Caller,
    Stopping(stop): Stopping,
    State(context): State<Context>,
    Path(id): Path<InstanceId>,
    headers: HeaderMap,
) -> ApiResult<Sse<impl Stream<Item = Result<Sent, Infallible>>>> {
    wish::find(&mut *context.pool.acquire().await?, &caller, id).await?;
    let after = last_event(&headers)?;
    let told = Telling::begin(context, id, after).take_until(stop.cancelled_owned());
    Ok(Sse::new(told).keep_alive(KeepAlive::default()))
}

fn last_event(headers: &HeaderMap) -> ApiResult<i64> {
    match headers.get("last-event-id").map(|value| value.to_str().unwrap_or("?")) {
        None | Some("") => Ok(0),
        Some(text) => text
            .parse()
            .map_err(|_| ApiError::invalid("last-event-id", "the id of an event is a number")),
    }
}

struct Telling {
    context: Context,
    instance: InstanceId,
    after: i64,
    read: VecDeque<Event>,
    ear: Ear,
    is_over: bool,
}

impl Telling {
    /// The bell is heard before the table is read, so that nothing falls between.
    fn begin(
        context: Context,
        instance: InstanceId,
        after: i64,
    ) -> impl Stream<Item = Result<Sent, Infallible>> {
        let ear = context.bell.hear();
        let telling = Self { context, instance, after, read: VecDeque::new(), ear, is_over: false };
        stream::unfold(telling, |mut telling| async move {
            let event = telling.next().await?;
            let sent = Sent::default().event("event").id(event.id.to_string());
            let sent = sent.json_data(&event).expect("an event is plain data");
            Some((Ok(sent), telling))
        })
    }

    /// Ends after the instance's last event, and when the database fails: the client comes again and goes on after
    /// what it has.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.read.pop_front() {
                self.after = event.id;
                self.is_over = event.status == InstanceStatus::Terminated;
                return Some(event);
            }
            if self.is_over {
                return None;
            }
            self.read = match self.batch().await {
                Ok(batch) => batch.into(),
                Err(error) => {
                    warn!(%error, "events can't be read");
                    return None;
                }
            };
            if self.read.is_empty() {
                self.wait().await;
            }
        }
    }

    async fn batch(&self) -> sqlx::Result<Vec<Event>> {
        let mut conn = self.context.pool.acquire().await?;
        event::after(&mut conn, self.instance, self.after, BATCH).await
    }

    async fn wait(&mut self) {
        loop {
            match self.ear.next().await {
                Ring::Lost => return,
                Ring::Event(instance) if instance == self.instance => return,
                Ring::Event(_) | Ring::Route(_) => {}
            }
        }
    }
}
