//! Rings when an instance has a new event or another route, in whichever process that came about. It listens on one
//! connection for all who wait here, from the first on, and never says what happened: that is read from the tables.

use std::sync::OnceLock;
use std::time::Duration;

use backon::{ConstantBuilder, Retryable};
use sqlx::PgPool;
use sqlx::postgres::PgListener;
use tokio::sync::broadcast;
use tokio_util::task::AbortOnDropHandle;
use tracing::warn;
use vocabulary::InstanceId;

use crate::store::event::{EVENTS, ROUTES};

/// More than this unheard, and whoever waits reads everything again.
const CAPACITY: usize = 1024;

/// What rang.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ring {
    /// There is a new event of this instance.
    Event(InstanceId),
    /// The route of this instance changed.
    Route(InstanceId),
    /// Something may have been missed: read everything again.
    Lost,
}

pub(crate) struct Bell {
    pool: PgPool,
    listening: OnceLock<Listening>,
}

struct Listening {
    rings: broadcast::Sender<Ring>,
    _task: AbortOnDropHandle<()>,
}

/// One who waits.
pub(crate) struct Ear(broadcast::Receiver<Ring>);

impl Bell {
    pub(crate) fn new(pool: PgPool) -> Self {
        Self { pool, listening: OnceLock::new() }
    }

    /// Hears everything from now on. When the listening has only begun, or begun again, that is a [`Ring::Lost`].
    pub(crate) fn hear(&self) -> Ear {
        let listening = self.listening.get_or_init(|| {
            let (rings, _) = broadcast::channel(CAPACITY);
            let task = tokio::spawn(listen(self.pool.clone(), rings.clone()));
            Listening { rings, _task: AbortOnDropHandle::new(task) }
        });
        Ear(listening.rings.subscribe())
    }
}

impl Ear {
    /// The next ring.
    pub(crate) async fn next(&mut self) -> Ring {
        match self.0.recv().await {
            Ok(ring) => ring,
            Err(broadcast::error::RecvError::Lagged(_)) => Ring::Lost,
            // The bell is gone, and with it the process.
            Err(broadcast::error::RecvError::Closed) => std::future::pending().await,
        }
    }
}

async fn listen(pool: PgPool, rings: broadcast::Sender<Ring>) {
    let policy = ConstantBuilder::default().with_delay(Duration::from_secs(1)).without_max_times();
    let listen = || async {
        let result = ring(&pool, &rings).await;
        if let Err(error) = &result {
            warn!(%error, "the bell has lost its connection and connects again");
        }
        result
    };
    // Never ends well, so never ends.
    let _: sqlx::Result<()> = listen.retry(policy).await;
}

async fn ring(pool: &PgPool, rings: &broadcast::Sender<Ring>) -> sqlx::Result<()> {
    let mut listener = PgListener::connect_with(pool).await?;
    listener.listen_all([EVENTS, ROUTES]).await?;
    // Nobody may be there to hear: no matter.
    let _ = rings.send(Ring::Lost);
    loop {
        let ring = match listener.try_recv().await? {
            None => Some(Ring::Lost),
            Some(told) => told.payload().parse().ok().map(|instance| match told.channel() {
                EVENTS => Ring::Event(instance),
                _ => Ring::Route(instance),
            }),
        };
        if let Some(ring) = ring {
            let _ = rings.send(ring);
        }
    }
}
