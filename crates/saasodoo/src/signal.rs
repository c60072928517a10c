//! How people and systems tell a process to stop.

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// A token that is cancelled by Ctrl-C and SIGTERM. A second one ends the process at once.
pub(crate) fn stop_token() -> anyhow::Result<CancellationToken> {
    let stop = CancellationToken::new();
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let told = stop.clone();
    tokio::spawn(async move {
        for () in [(), ()] {
            tokio::select! {
                _ = interrupt.recv() => (),
                _ = terminate.recv() => (),
            }
            if told.is_cancelled() {
                eprintln!(
                    "saasodoo: stopped at once; what ran goes on, and the next start adopts it"
                );
                std::process::exit(130);
            }
            told.cancel();
        }
    });
    Ok(stop)
}
