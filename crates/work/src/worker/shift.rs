//! One run of a worker, from its first heartbeat to its last: the loop that takes what is due.

use super::Worker;
use super::hands::Hands;
use super::listen::Ear;
use crate::{Crashed, Pace};
use anyhow::Context;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::{Interval, MissedTickBehavior, interval, timeout};
use tokio_util::sync::CancellationToken;

/// One run of a worker. Dropping it drops everything that it runs.
pub(super) struct Shift {
    hands: Arc<Hands>,
    ear: Arc<Ear>,
    listening: JoinSet<()>,
    running: JoinSet<()>,
    /// Which job each running task has.
    jobs: HashMap<Id, i64>,
    concurrency: usize,
    kinds: Vec<String>,
    /// The kinds without chores: what a test waits for.
    work: Vec<String>,
    /// When this worker last said that it lives.
    last_beat: Instant,
}

/// When the shift ends.
pub(super) enum Until {
    /// When told to.
    Stopped(CancellationToken),
    /// When nothing runs and nothing is due within this long.
    Quiet(Duration),
}

/// How long to wait after an error of the database.
const PAUSE: Duration = Duration::from_millis(500);

/// How long to wait for a job that is due and can't be taken because a transaction holds it. Its end is heard, too.
const HELD: Duration = Duration::from_millis(20);

/// How long taking leave may take.
const FAREWELL: Duration = Duration::from_secs(2);

impl Shift {
    /// Connects, says that the worker lives, and wakes its chores.
    pub(super) async fn begin(
        worker: &Worker,
        stopping: CancellationToken,
    ) -> anyhow::Result<Self> {
        let hands = Arc::new(Hands::of(worker, stopping));
        let (ear, channel) = (Arc::new(Ear::default()), worker.queue.schema());
        let listener = ear.open(&hands.desk, channel).await.context("listening for wake-ups")?;
        let mut listening = JoinSet::new();
        listening.spawn(Arc::clone(&ear).listen(listener, hands.desk.clone(), channel));
        let kinds = worker.tasks.keys().cloned().collect();
        let work = worker.kinds().map(str::to_owned).collect();
        hands
            .heartbeat(ear.metadata())
            .await
            .with_context(|| format!("beginning to work on {channel}"))?;
        hands.introduce().await.with_context(|| format!("naming the work of {channel}"))?;
        hands.wake_chores().await.with_context(|| format!("waking the chores of {channel}"))?;
        let (running, jobs, concurrency) = (JoinSet::new(), HashMap::new(), worker.concurrency);
        let last_beat = Instant::now();
        Ok(Self { hands, ear, listening, running, jobs, concurrency, kinds, work, last_beat })
    }

    /// Takes every job that any other worker has. For tests, where there is no other that lives.
    pub(super) async fn bury_the_dead(&self) -> sqlx::Result<()> {
        self.hands.recover(Duration::ZERO, Duration::ZERO).await
    }

    /// Takes what is due until it is time to end.
    pub(super) async fn work(mut self, until: Until) -> anyhow::Result<()> {
        let mut beat = interval(self.hands.pace.heartbeat);
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let ended = loop {
            let due = match self.take().await {
                Ok(due) => due,
                Err(error) if matches!(until, Until::Quiet(_)) => break Err(error.into()),
                Err(error) => {
                    tracing::warn!(%error, "taking work failed; trying again");
                    Some(PAUSE)
                }
            };
            match self.is_quiet(&until).await {
                Ok(false) => {}
                Ok(true) => break Ok(()),
                Err(error) => break Err(error.into()),
            }
            if let Some(end) = self.wait(&until, due, &mut beat).await {
                break end;
            }
        };
        self.end(ended).await
    }

    /// Takes what is due, as far as hands are free. Returns how long until the next is due, if that is known.
    async fn take(&mut self) -> sqlx::Result<Option<Duration>> {
        let free = self.concurrency - self.running.len();
        if free == 0 {
            return Ok(None);
        }
        let claims = self.hands.claim(&self.kinds, free).await?;
        let took_all = claims.len() < free;
        for claim in claims {
            let (job, hands) = (claim.job, Arc::clone(&self.hands));
            let task = self.running.spawn(async move { hands.attempt(claim).await });
            self.jobs.insert(task.id(), job);
        }
        if took_all { self.next_due(&self.kinds).await } else { Ok(None) }
    }

    async fn next_due(&self, kinds: &[String]) -> sqlx::Result<Option<Duration>> {
        let seconds: Option<f64> =
            sqlx::query_scalar(self.hands.queue.sql("select {schema}.next_due($1)"))
                .bind(kinds)
                .fetch_one(&self.hands.desk)
                .await?;
        Ok(seconds.map(|seconds| Duration::try_from_secs_f64(seconds).unwrap_or(HELD)))
    }

    /// Waits until there may be something to take. Some: the shift is over.
    async fn wait(
        &mut self,
        until: &Until,
        due: Option<Duration>,
        beat: &mut Interval,
    ) -> Option<anyhow::Result<()>> {
        let has_free_hand = self.running.len() < self.concurrency;
        let sleep = due.unwrap_or(self.hands.pace.poll).min(self.hands.pace.poll);
        tokio::select! {
            biased;
            () = self.hands.faults.gone() => return Some(Err(Crashed.into())),
            () = stopped(until) => return Some(Ok(())),
            Some(ended) = self.running.join_next_with_id() => self.joined(ended),
            () = self.ear.woken.notified(), if has_free_hand => {}
            _ = beat.tick() => self.tick().await,
            () = tokio::time::sleep(sleep), if has_free_hand => {}
        }
        // What ended meanwhile is replaced by one claim and not by many.
        while let Some(ended) = self.running.try_join_next_with_id() {
            self.joined(ended);
        }
        None
    }

    fn joined(&mut self, ended: Result<(Id, ()), JoinError>) {
        let id = match ended {
            Ok((id, ())) => id,
            Err(error) => {
                // Panics of the work are caught where it is run, so this one is ours. The job is found again as a stray.
                tracing::error!(%error, "an attempt ended in a panic of the worker");
                error.id()
            }
        };
        self.jobs.remove(&id);
    }

    /// Says that the worker lives, and looks after what others and it itself may have left.
    async fn tick(&mut self) {
        if let Err(error) = self.beat().await {
            tracing::warn!(%error, "a heartbeat failed; trying again");
        }
    }

    async fn beat(&mut self) -> sqlx::Result<()> {
        let Pace { heartbeat, silent, closed, .. } = self.hands.pace;
        self.hands.heartbeat(self.ear.metadata()).await?;
        // After a time in which the database was away, or this process, the others may only not have spoken yet.
        let was_away = self.last_beat.elapsed() > closed + heartbeat;
        self.last_beat = Instant::now();
        if !was_away {
            self.hands.recover(silent, closed).await?;
        }
        let known: Vec<i64> = self.jobs.values().copied().collect();
        self.hands.return_strays(&known).await?;
        self.hands.hand_in().await
    }

    async fn is_quiet(&self, until: &Until) -> sqlx::Result<bool> {
        match until {
            Until::Quiet(horizon) if self.running.is_empty() => {
                Ok(self.next_due(&self.work).await?.is_none_or(|due| due > *horizon))
            }
            _ => Ok(false),
        }
    }

    /// Gives what runs its time and takes leave; after a crash there is neither.
    async fn end(mut self, ended: anyhow::Result<()>) -> anyhow::Result<()> {
        if !self.hands.faults.has_crashed() {
            let grace = self.hands.pace.grace;
            if timeout(grace, async { while self.running.join_next().await.is_some() {} })
                .await
                .is_err()
            {
                tracing::warn!(
                    left = self.running.len(),
                    "stopping with work unfinished; it is returned to the queue"
                );
            }
        }
        self.running.shutdown().await;
        self.listening.shutdown().await;
        if self.hands.faults.has_crashed() {
            return Err(Crashed.into());
        }
        match timeout(FAREWELL, self.hands.leave()).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                tracing::warn!(%error, "taking leave of the queue failed; its work is taken over soon")
            }
            Err(_) => tracing::warn!(
                "taking leave of the queue took too long; its work is taken over soon"
            ),
        }
        ended
    }
}

async fn stopped(until: &Until) {
    match until {
        Until::Stopped(stop) => stop.cancelled().await,
        Until::Quiet(_) => std::future::pending().await,
    }
}
