//! The overview, live: sent again whenever it looks different.

use std::convert::Infallible;
use std::time::Duration;

use api::Stopping;
use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures::{Stream, StreamExt, stream};
use tokio::time::{Interval, MissedTickBehavior, interval};

use crate::overview::Overview;
use crate::session::Session;
use crate::{Context, view};

/// How often it is looked at. Seconds count while an Odoo starts.
const PACE: Duration = Duration::from_secs(1);

/// A page that is being kept up to date.
struct Viewer {
    context: Context,
    session: Session,
    pace: Interval,
    shown: String,
}

pub(crate) async fn follow(
    State(context): State<Context>,
    session: Session,
    Stopping(stop): Stopping,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let mut pace = interval(PACE);
    pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let viewer = Viewer { context, session, pace, shown: String::new() };
    let events = stream::unfold(viewer, |mut viewer| async move {
        let event = viewer.next().await?;
        Some((Ok(event), viewer))
    });
    let events = events.take_until(stop.cancelled_owned());
    Sse::new(events).keep_alive(KeepAlive::default())
}

impl Viewer {
    /// What has changed; nothing once there is nothing more to say.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if self.session.is_over() {
                return None;
            }
            self.pace.tick().await;
            let overview = Overview::read(&self.context, &self.session).await;
            if overview.is_logged_out() {
                return None;
            }
            let looks = view::overview(&self.session, &overview).into_string();
            if looks != self.shown {
                self.shown.clone_from(&looks);
                return Some(Event::default().event("overview").data(looks));
            }
        }
    }
}
