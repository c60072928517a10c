//! Following what happens to an instance, event by event.

use contract::client::CallError;
use contract::instance::Event;
use vocabulary::InstanceId;

use crate::client::Platform;
use crate::failure::Outcome;

/// Whether to go on after an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Go {
    /// There is more to see.
    On,
    /// That was what was waited for.
    Home,
}

/// Calls `see` with each event of the instance, from its first one on, until it says that it has seen enough.
/// A stream that breaks is taken up after the last event; a platform that is gone is an error.
pub(crate) async fn instance(
    platform: &Platform,
    instance: InstanceId,
    mut see: impl FnMut(&Event) -> anyhow::Result<Go>,
) -> Outcome {
    let mut last: Option<String> = None;
    loop {
        let mut events = platform.instance.events(instance, last.as_deref()).await?;
        loop {
            match events.next().await {
                Ok(Some(event)) => {
                    if see(&event.json()?)? == Go::Home {
                        return Ok(());
                    }
                    last = event.id;
                }
                Ok(None) | Err(CallError::Unreachable(_) | CallError::TooLate) => break,
                Err(error) => return Err(error.into()),
            }
        }
    }
}
