//! Keeps the routing table true: the whole table at first, then each change, for as long as the edge runs.
//!
//! While the instance-service is away the last table holds: tenants need not notice.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use backon::{ExponentialBuilder, Retryable};
use contract::client::{Events, InstanceClient, ServerEvent};
use contract::instance::{Route, Routes};
use tokio::time::{MissedTickBehavior, interval, timeout};

use crate::table::Table;

/// A quiet stream may be a dead one: after this long the table is read again.
const REFRESH: Duration = Duration::from_secs(300);

/// How long the first event may take: it is sent at once.
const FIRST_EVENT: Duration = Duration::from_secs(10);

/// Never asks more often than this, whatever the other side does.
const PACE: Duration = Duration::from_millis(250);

pub(crate) struct Feed {
    pub(crate) routes: InstanceClient,
    pub(crate) table: Arc<Table>,
}

impl Feed {
    /// Follows for ever.
    pub(crate) async fn follow(self) -> Infallible {
        let mut pace = interval(PACE);
        pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            pace.tick().await;
            let events = self.connect_at_last().await;
            self.table.set_followed(true);
            tracing::info!(routes = self.table.len(), "the routing table is followed");
            if let Err(error) = self.read(events).await {
                tracing::warn!(
                    error = format!("{error:#}"),
                    "the routing table is no longer followed"
                );
            }
            self.table.set_followed(false);
        }
    }

    async fn connect_at_last(&self) -> Events {
        let policy = ExponentialBuilder::default()
            .with_min_delay(PACE)
            .with_max_delay(Duration::from_secs(5))
            .with_jitter()
            .without_max_times();
        let attempt = || self.connect();
        let notify = |error: &anyhow::Error, _| {
            tracing::debug!(error = format!("{error:#}"), "the routing table cannot be read yet");
        };
        loop {
            if let Ok(events) = attempt.retry(policy).notify(notify).await {
                return events;
            }
        }
    }

    async fn connect(&self) -> anyhow::Result<Events> {
        let mut events =
            self.routes.route_events().await.context("the routes cannot be asked for")?;
        let first = timeout(FIRST_EVENT, events.next()).await.context("no table came")??;
        self.take(&first.context("the routes ended at once")?)?;
        if !self.table.is_known() {
            bail!("the routes did not begin with the table");
        }
        Ok(events)
    }

    /// Reads changes until the stream breaks (an error) or it is time to begin anew.
    async fn read(&self, mut events: Events) -> anyhow::Result<()> {
        loop {
            match timeout(REFRESH, events.next()).await {
                Err(_) => return Ok(()),
                Ok(event) => {
                    self.take(&event?.context("the instance-service has ended the stream")?)?
                }
            }
        }
    }

    fn take(&self, event: &ServerEvent) -> anyhow::Result<()> {
        match event.name.as_str() {
            "table" => self.table.replace(event.json::<Routes>()?.routes),
            "route" => self.table.change(event.json::<Route>()?),
            name => tracing::debug!(name, "an event of the routes that is not known"),
        }
        Ok(())
    }
}
