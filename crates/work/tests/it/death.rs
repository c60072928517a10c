//! Workers that stop, crash, freeze, or lose their database.

use crate::world::{QUEUE, Toy, World, admin, eventually, run};
use sqlx::{Connection, PgConnection};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;
use work::{Crashed, Faults, Next, Pace};

/// Never ends.
fn hanging() -> Toy {
    Toy::new(|_, _| Box::pin(std::future::pending()))
}

/// Ends when it is told to.
fn held() -> (Toy, CancellationToken) {
    let finish = CancellationToken::new();
    let finished = finish.clone();
    let toy = Toy::new(move |_, _| {
        let finished = finished.clone();
        Box::pin(async move {
            finished.cancelled().await;
            Ok(Next::Settled)
        })
    });
    (toy, finish)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_work_of_a_worker_that_is_gone_goes_to_another_at_once() {
    let world = World::new().await;
    world.wake("a").await;
    let gone = hanging();
    let diary = Arc::clone(&gone.diary);
    let first = run(world.worker().reconcile(gone));
    eventually("it began", || async { diary.runs("a") == 1 }).await;
    first.task.abort();
    assert!(first.task.await.unwrap_err().is_cancelled());

    let toy = Toy::idle();
    let (diary, began) = (Arc::clone(&toy.diary), Instant::now());
    let second = run(world.worker().reconcile(toy));
    eventually("another took it", || async { diary.runs("a") == 1 }).await;
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
    second.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_lives_keeps_its_work() {
    let world = World::new().await;
    world.wake("a").await;
    let (first, finish) = held();
    let diary = Arc::clone(&first.diary);
    let first = run(world.worker().reconcile(first));
    eventually("it began", || async { diary.runs("a") == 1 }).await;
    let toy = Toy::idle();
    let others = Arc::clone(&toy.diary);
    let second = run(world.worker().reconcile(toy));
    // Longer than what makes a worker dead whose connection has closed.
    let later = world.later(Pace::quick().closed * 3).await;
    eventually("both went on living", || async { world.beats(later).await == 2 }).await;
    finish.cancel();
    eventually("it is done", || async { world.jobs().await == 0 }).await;
    assert_eq!((diary.runs("a"), others.runs("a")), (1, 0));
    first.stop().await;
    second.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_takes_a_thing_whose_transaction_is_not_over() {
    let world = World::new().await;
    world.wake("a").await;
    let (holds, commit) = (Arc::new(AtomicBool::new(false)), CancellationToken::new());
    let (pool, holding, committing) = (world.pool.clone(), Arc::clone(&holds), commit.clone());
    let first = Toy::new(move |_, attempt| {
        let (pool, holding, committing) = (pool.clone(), Arc::clone(&holding), committing.clone());
        Box::pin(async move {
            let mut tx = pool.begin().await?;
            attempt.hold(&mut tx).await?;
            holding.store(true, Ordering::SeqCst);
            committing.cancelled().await;
            tx.commit().await?;
            Ok(Next::Settled)
        })
    });
    // It says that it lives once an hour, so the other one takes it for dead. It has one hand, so the marker is not for it.
    let pace = Pace { heartbeat: Duration::from_secs(3600), ..Pace::quick() };
    let first = run(work::Worker::new(world.pool.clone(), QUEUE, 1).pace(pace).reconcile(first));
    eventually("it holds", || async { holds.load(Ordering::SeqCst) }).await;
    let toy = Toy::idle();
    let diary = Arc::clone(&toy.diary);
    let second = run(world
        .worker()
        .pace(Pace { silent: Duration::from_millis(100), ..Pace::quick() })
        .reconcile(toy));
    world.wake("marker").await;
    eventually("the other one works", || async { diary.runs("marker") == 1 }).await;
    let later = world.later(Duration::from_millis(400)).await;
    eventually("it looked for the dead", || async { world.beats(later).await == 1 }).await;
    // Who wakes it doesn't have to wait, either.
    world.wake("a").await;
    assert_eq!(diary.runs("a"), 0);
    commit.cancel();
    eventually("it was looked at again", || async { world.jobs().await == 0 }).await;
    first.stop().await;
    second.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_ends_within_its_grace_ends_well() {
    let world = World::new().await;
    world.wake("a").await;
    let toy = Toy::new(|_, attempt| {
        Box::pin(async {
            attempt.stopping().cancelled().await;
            attempt.did("something more").await?;
            Ok(Next::Settled)
        })
    });
    let diary = Arc::clone(&toy.diary);
    let worker = run(world.worker().reconcile(toy));
    eventually("it began", || async { diary.runs("a") == 1 }).await;
    worker.stop().await;
    assert_eq!(world.jobs().await, 0);
    assert_eq!(world.workers().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_end_is_returned_and_taken_by_the_next() {
    let world = World::new().await;
    world.wake("a").await;
    let toy = hanging();
    let diary = Arc::clone(&toy.diary);
    let worker = run(world
        .worker()
        .pace(Pace { grace: Duration::from_millis(200), ..Pace::quick() })
        .reconcile(toy));
    eventually("it began", || async { diary.runs("a") == 1 }).await;
    let began = Instant::now();
    worker.stop().await;
    assert!(began.elapsed() < Duration::from_millis(600), "{:?}", began.elapsed());
    assert_eq!((world.jobs().await, world.locked().await, world.workers().await), (1, 0, 0));
    let toy = Toy::idle();
    let diary = Arc::clone(&toy.diary);
    let next = run(world.worker().reconcile(toy));
    eventually("the next took it", || async { diary.runs("a") == 1 }).await;
    next.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_is_told_to_crash_records_nothing() {
    let world = World::new().await;
    world.wake("a").await;
    let effects = Arc::new(AtomicUsize::new(0));
    let toy = |effects: Arc<AtomicUsize>| {
        Toy::new(move |_, attempt| {
            effects.fetch_add(1, Ordering::SeqCst);
            Box::pin(async move {
                attempt.did("an effect").await?;
                Ok(Next::Settled)
            })
        })
    };
    let faults = Faults::crash_at(1);
    let crashed =
        world.worker().reconcile(toy(Arc::clone(&effects))).faults(faults.clone()).settle().await;
    assert!(crashed.unwrap_err().is::<Crashed>() && faults.has_crashed());
    assert_eq!((world.jobs().await, world.locked().await, world.attempts().await), (1, 1, 0));
    world.worker().reconcile(toy(Arc::clone(&effects))).settle().await.unwrap();
    assert_eq!((world.jobs().await, effects.load(Ordering::SeqCst)), (0, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_outlives_its_connections() {
    let world = World::new().await;
    let (toy, finish) = held();
    let diary = Arc::clone(&toy.diary);
    let worker = run(world.worker().reconcile(toy));
    world.wake("a").await;
    eventually("it began", || async { diary.runs("a") == 1 }).await;
    let mut conn = PgConnection::connect_with(&admin()).await.unwrap();
    sqlx::query("select pg_terminate_backend(pid) from pg_stat_activity where datname = $1")
        .bind(world.name())
        .execute(&mut conn)
        .await
        .unwrap();
    finish.cancel();
    eventually("its end was recorded", || async { world.jobs().await == 0 }).await;
    world.wake("b").await;
    eventually("it hears again", || async { diary.runs("b") == 1 }).await;
    worker.stop().await;
}

impl World {
    pub(crate) fn name(&self) -> String {
        self.pool.connect_options().get_database().unwrap().to_owned()
    }

    async fn count(&self, sql: &'static str) -> i64 {
        sqlx::query_scalar(sql).fetch_one(&self.pool).await.unwrap()
    }

    pub(crate) async fn locked(&self) -> i64 {
        self.count("select count(*) from toy_work._private_jobs where locked_at is not null and key like 'toy/%'").await
    }

    pub(crate) async fn workers(&self) -> i64 {
        self.count("select count(*) from toy_work._private_workers").await
    }

    pub(crate) async fn attempts(&self) -> i64 {
        self.count("select count(*) from toy_work.attempts").await
    }
}
