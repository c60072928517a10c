//! Preparing the schema, sweeping, housekeeping, and what monitors see.

use crate::world::{Database, QUEUE, Toy, World, connect, eventually, run, slow};
use async_trait::async_trait;
use sqlx::Executor;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use work::{Attempt, Next, Reconcile};

#[tokio::test(flavor = "multi_thread")]
async fn preparing_is_idempotent_also_at_the_same_time() {
    let database = Database::empty().await;
    let pool = connect(&database.0).await;
    let (one, two) = tokio::join!(QUEUE.prepare(&pool), QUEUE.prepare(&pool));
    one.unwrap();
    two.unwrap();
    QUEUE.prepare(&pool).await.unwrap();
    QUEUE.wake::<Toy>(&mut pool.acquire().await.unwrap(), &"a".to_owned()).await.unwrap();
    QUEUE.prepare(&pool).await.unwrap();
    let loads = QUEUE.loads(&mut pool.acquire().await.unwrap()).await.unwrap();
    assert_eq!(loads.iter().map(|load| load.waiting).sum::<i64>(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_queue_that_is_not_prepared_is_an_error_and_not_a_wait() {
    let database = Database::empty().await;
    let pool = connect(&database.0).await;
    let error = work::Worker::new(pool, QUEUE, 1).settle().await.unwrap_err();
    assert_eq!(error.to_string(), "beginning to work on toy_work");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sweep_wakes_what_nobody_woke_and_two_workers_do_not_sweep_twice() {
    let world = World::new().await;
    let toys = [0, 1].map(|_| Toy::idle().keys(&["a", "b"]));
    let diaries = toys.each_ref().map(|toy| Arc::clone(&toy.diary));
    let workers = toys.map(|toy| run(world.worker().reconcile(toy)));
    let sweeps = || diaries.iter().map(|diary| diary.sweeps.load(Ordering::SeqCst)).sum::<usize>();
    let began = Instant::now();
    eventually("six sweeps passed", || async { sweeps() >= 6 }).await;
    // Each worker may begin with one; then there is one in each period, and not one for each worker.
    assert!(began.elapsed() >= Toy::SWEEP * 4, "six sweeps in {:?}", began.elapsed());
    let runs = |key| diaries.iter().map(|diary| diary.runs(key)).sum::<usize>();
    eventually("each sweep woke both", || async { runs("a") >= 5 && runs("b") >= 5 }).await;
    for worker in workers {
        worker.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sweep_leaves_what_failed_to_its_back_off() {
    let world = World::new().await;
    let toy = Toy::new(|_, _| Box::pin(async { anyhow::bail!("no") })).keys(&["a"]);
    let diary = Arc::clone(&toy.diary);
    let worker = run(world.worker().pace(slow()).reconcile(toy));
    eventually("several sweeps passed", || async { diary.sweeps.load(Ordering::SeqCst) >= 4 })
        .await;
    assert_eq!(diary.runs("a"), 1);
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_lost_its_job_is_brought_back() {
    let world = World::new().await;
    let toy = Toy::new(|_, attempt| {
        Box::pin(async move {
            attempt.did("began").await?;
            Ok(Next::After(Duration::from_secs(60)))
        })
    });
    let worker = world.worker().reconcile(toy);
    world.wake("a").await;
    worker.settle().await.unwrap();
    world.pool.execute("delete from toy_work._private_jobs").await.unwrap();
    assert_eq!(world.jobs().await, 0);
    world.worker().reconcile(Toy::idle()).settle().await.unwrap();
    assert_eq!(world.jobs().await, 1, "its job is there again, for when it was to be looked at");
}

#[tokio::test(flavor = "multi_thread")]
async fn monitors_see_how_much_there_is_to_do() {
    let world = World::new().await;
    world.wake("a").await;
    QUEUE
        .wake_after::<Toy>(&mut world.conn().await, &"b".to_owned(), Duration::from_secs(60))
        .await
        .unwrap();
    tokio::time::sleep(Duration::from_millis(50)).await;
    let load = world.load("toy").await;
    assert_eq!((load.waiting, load.due, load.running, load.failing, load.stuck), (2, 1, 0, 0, 0));
    assert!(load.oldest_due_seconds >= 0.05, "{load:?}");
    let worker = world.worker().reconcile(Toy::idle());
    worker.settle().await.unwrap();
    let load = world.load("toy").await;
    assert_eq!((load.due, load.oldest_due_seconds), (0, 0.0));
    assert_eq!(world.ended("toy", "settled").await, 1);
    world.wake("a").await;
    world.worker().reconcile(Toy::idle()).settle().await.unwrap();
    assert_eq!(world.ended("toy", "settled").await, 2, "the counts of all workers add up");
}

/// As many settled things as a platform may have.
struct Many(Arc<AtomicUsize>);

#[async_trait]
impl Reconcile for Many {
    const NAME: &'static str = "many";
    type Key = usize;
    const SWEEP: Duration = Duration::from_secs(3600);

    async fn keys(&self) -> anyhow::Result<Vec<usize>> {
        Ok((0..2000).collect())
    }

    async fn reconcile(&self, _key: &usize, _attempt: &Attempt) -> anyhow::Result<Next> {
        self.0.fetch_add(1, Ordering::SeqCst);
        Ok(Next::Settled)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_thousand_settled_things_are_looked_at_within_seconds() {
    let world = World::new().await;
    let runs = Arc::new(AtomicUsize::new(0));
    let began = Instant::now();
    work::Worker::new(world.pool.clone(), QUEUE, 16)
        .reconcile(Many(Arc::clone(&runs)))
        .settle()
        .await
        .unwrap();
    println!("2000 things looked at in {:?}", began.elapsed());
    assert_eq!(runs.load(Ordering::SeqCst), 2000);
    assert!(began.elapsed() < Duration::from_secs(30));
}
