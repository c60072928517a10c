//! The worker's ear: one connection on which wake-ups are heard, and by whose end others learn that the worker is gone.

use serde_json::{Value, json};
use sqlx::PgPool;
use sqlx::postgres::PgListener;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;

/// What the ear shares with the worker.
#[derive(Debug, Default)]
pub(super) struct Ear {
    /// Something may be due.
    pub(super) woken: Notify,
    /// Which connection it is: process and start.
    session: Mutex<Option<Value>>,
}

/// How long to wait before connecting again.
const PAUSE: Duration = Duration::from_millis(500);

impl Ear {
    /// What the worker's heartbeat says about it.
    pub(super) fn metadata(&self) -> Value {
        let session = self.session.lock().unwrap_or_else(PoisonError::into_inner).clone();
        session.unwrap_or_else(|| json!({ "pid": std::process::id() }))
    }

    /// Connects and listens.
    pub(super) async fn open(
        self: &Arc<Self>,
        pool: &PgPool,
        channel: &str,
    ) -> sqlx::Result<PgListener> {
        let mut listener = PgListener::connect_with(pool).await?;
        listener.listen(channel).await?;
        self.note(&mut listener).await?;
        Ok(listener)
    }

    /// Listens for ever, and connects again when it must.
    pub(super) async fn listen(
        self: Arc<Self>,
        mut listener: PgListener,
        pool: PgPool,
        channel: &'static str,
    ) {
        loop {
            match listener.try_recv().await {
                Ok(Some(_)) => self.woken.notify_one(),
                // The connection was lost and is there again. What was said meanwhile was not heard.
                Ok(None) => match self.note(&mut listener).await {
                    Ok(()) => self.woken.notify_one(),
                    Err(_) => listener = self.reopen(&pool, channel).await,
                },
                Err(_) => listener = self.reopen(&pool, channel).await,
            }
        }
    }

    /// A listener whose connection broke in certain ways stays broken, so a new one is made.
    async fn reopen(self: &Arc<Self>, pool: &PgPool, channel: &'static str) -> PgListener {
        tracing::warn!(
            channel,
            "the connection that hears wake-ups is lost; looking every few seconds until it is back"
        );
        loop {
            tokio::time::sleep(PAUSE).await;
            if let Ok(listener) = self.open(pool, channel).await {
                self.woken.notify_one();
                return listener;
            }
        }
    }

    async fn note(&self, listener: &mut PgListener) -> sqlx::Result<()> {
        let own = "select jsonb_build_object('backend', pid, 'since', backend_start) from pg_stat_activity \
                   where pid = pg_backend_pid()";
        let mut session: Value = sqlx::query_scalar(own).fetch_one(listener).await?;
        session["pid"] = json!(std::process::id());
        *self.session.lock().unwrap_or_else(PoisonError::into_inner) = Some(session);
        Ok(())
    }
}
