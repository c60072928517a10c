//! Numbers that are read when somebody asks for them. They are kept for a moment, so that many who ask are no load, and
//! when they can't be read the rest is served without them.

use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use prometheus_client::metrics::gauge::Gauge;
use tokio::sync::Mutex;
use tokio::time::timeout;
use tracing::warn;

use super::{Registry, encode, registry};

/// How old what is served may be.
const FRESH: Duration = Duration::from_secs(3);
/// How long reading may take: a monitor gives up after ten seconds.
const DEADLINE: Duration = Duration::from_secs(5);

type Read = Arc<
    dyn Fn(Registry) -> Pin<Box<dyn Future<Output = anyhow::Result<Registry>> + Send>>
        + Send
        + Sync,
>;

/// Where numbers are read, and what was read last.
pub(crate) struct Readings {
    read: Read,
    kept: Mutex<Option<(Instant, String)>>,
}

impl Readings {
    pub(crate) fn new<F, A>(read: F) -> Self
    where
        F: Fn(Registry) -> A + Send + Sync + 'static,
        A: Future<Output = anyhow::Result<Registry>> + Send + 'static,
    {
        Self { read: Arc::new(move |empty| Box::pin(read(empty))), kept: Mutex::new(None) }
    }

    /// The numbers as text; who comes while they are being read waits for the same.
    pub(super) async fn text(&self, service: &'static str) -> String {
        let mut kept = self.kept.lock().await;
        if let Some((at, text)) = &*kept
            && at.elapsed() < FRESH
        {
            return text.clone();
        }
        let read = timeout(DEADLINE, (self.read)(registry(service))).await;
        let read = read.unwrap_or_else(|_| Err(anyhow::anyhow!("it takes too long")));
        let text = written(service, read);
        *kept = Some((Instant::now(), text.clone()));
        text
    }
}

fn written(service: &'static str, read: anyhow::Result<Registry>) -> String {
    let (mut text, is_complete) = (String::new(), Gauge::<i64>::default());
    match read {
        Ok(numbers) => {
            is_complete.set(1);
            encode(&mut text, &numbers);
        }
        Err(error) => {
            warn!(service, error = format!("{error:#}"), "the numbers of {service} can't be read");
        }
    }
    let mut about = registry(service);
    let help = "Whether the numbers that are read from the database are there";
    about.register("readings_complete", help, is_complete);
    encode(&mut text, &about);
    text
}
