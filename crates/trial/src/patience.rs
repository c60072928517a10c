//! Waiting from outside, where nothing wakes us: a look at a steady pace, with an end.

use std::time::Duration;

use anyhow::{Result, bail};
use contract::client::CallError;
use tokio::time::Instant;

/// How often to look.
const PACE: Duration = Duration::from_millis(100);

/// Lets time pass. What is tried here is time itself, so this is no wait for luck.
pub(crate) async fn pass(time: Duration) {
    tokio::time::sleep(time).await;
}

/// Looks until something is there.
pub(crate) async fn until<T>(
    what: &str,
    patience: Duration,
    look: impl AsyncFnMut() -> Result<Option<T>>,
) -> Result<T> {
    at_pace(PACE, what, patience, look).await
}

/// The same at a pace that a measurement of seconds can stand.
pub(crate) async fn closely<T>(
    what: &str,
    patience: Duration,
    look: impl AsyncFnMut() -> Result<Option<T>>,
) -> Result<T> {
    at_pace(PACE / 10, what, patience, look).await
}

async fn at_pace<T>(
    pace: Duration,
    what: &str,
    patience: Duration,
    mut look: impl AsyncFnMut() -> Result<Option<T>>,
) -> Result<T> {
    let end = Instant::now() + patience;
    loop {
        if let Some(found) = look().await? {
            return Ok(found);
        }
        if end < Instant::now() {
            bail!("{what}: not within {} s", patience.as_secs());
        }
        pass(pace).await;
    }
}

/// Calls until there is an answer, as a client does whose platform is being killed: what got lost, came too late or
/// is refused *for now* is asked again. Anything else is an error, a 500 above all.
pub(crate) async fn insist<T>(
    what: &str,
    patience: Duration,
    mut call: impl AsyncFnMut() -> Result<T, CallError>,
) -> Result<T> {
    let end = Instant::now() + patience;
    loop {
        match call().await {
            Ok(answer) => return Ok(answer),
            Err(error) if is_for_now(&error) && Instant::now() < end => pass(PACE * 2).await,
            Err(error) => return Err(anyhow::Error::new(error).context(what.to_owned())),
        }
    }
}

fn is_for_now(error: &CallError) -> bool {
    matches!(error.status(), None | Some(409 | 429 | 502 | 503 | 504))
}
