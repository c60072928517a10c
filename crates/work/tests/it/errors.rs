//! What fails is tried again, slower each time, and everybody can read why.

use crate::world::{QUEUE, Toy, World, eventually, run, slow};
use anyhow::Context;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use work::{Next, Which};

/// Fails this often, then settles.
fn failing(times: usize) -> Toy {
    let left = AtomicUsize::new(times);
    Toy::new(move |_, attempt| {
        let fails =
            left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1)).is_ok();
        Box::pin(async move {
            attempt.did("looked").await?;
            if fails {
                return Err(anyhow::anyhow!("connection refused"))
                    .context("asking for the address");
            }
            Ok(Next::Settled)
        })
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_leaves_a_trace_that_people_can_read() {
    let world = World::new().await;
    world.wake("a").await;
    let worker = run(world.worker().pace(slow()).reconcile(failing(9)));
    let mut conn = world.conn().await;
    eventually("it failed", || async { world.failing().await == 1 }).await;
    let shown = QUEUE.operations(&mut conn, Which::UnderWay).await.unwrap();
    let [shown] = shown.as_slice() else { panic!("{shown:?}") };
    assert_eq!(
        (shown.kind.as_str(), shown.subject.as_str(), shown.state.as_str()),
        ("toy", "a", "queued")
    );
    assert_eq!((shown.step.as_str(), shown.tries), ("looked", 1));
    assert_eq!(shown.error.as_deref(), Some("asking for the address: connection refused"));
    let wait = (shown.next_try.unwrap() - chrono::Utc::now()).num_seconds();
    assert!((55..=60).contains(&wait), "{wait}");
    assert!(shown.is_reconcile && shown.correlation_id.is_some());
    let same = QUEUE.operation(&mut conn, shown.id).await.unwrap().unwrap();
    assert_eq!((same.id, same.subject.as_str()), (shown.id, "a"));

    assert!(QUEUE.look_now(&mut conn, "toy", "a").await.unwrap());
    assert!(!QUEUE.look_now(&mut conn, "toy", "nothing").await.unwrap());
    eventually("it was tried again by hand", || async {
        QUEUE.failures(&mut world.conn().await, "toy", "a").await.unwrap().len() == 2
    })
    .await;
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fails_is_tried_again_slower_and_forgotten_when_it_settles() {
    let world = World::new().await;
    let toy = failing(4);
    let diary = Arc::clone(&toy.diary);
    world.wake("a").await;
    let worker = world.worker().reconcile(toy);
    worker.settle().await.unwrap();
    let gaps: Vec<u128> =
        diary.times("a").windows(2).map(|pair| (pair[1] - pair[0]).as_millis()).collect();
    assert_eq!(gaps.len(), 4);
    for (gap, least) in gaps.iter().zip([20, 40, 80, 160]) {
        assert!(*gap >= least, "{gaps:?}");
    }
    let mut conn = world.conn().await;
    assert!(QUEUE.operations(&mut conn, Which::UnderWay).await.unwrap().is_empty());
    assert_eq!(QUEUE.failures(&mut conn, "toy", "a").await.unwrap().len(), 4);
    assert_eq!(world.jobs().await, 0);
    assert_eq!(world.ended("toy", "failed").await, 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_is_an_error() {
    let world = World::new().await;
    let panics = AtomicUsize::new(0);
    let toy = Toy::new(move |_, _| {
        let first = panics.fetch_add(1, Ordering::SeqCst) == 0;
        Box::pin(async move {
            assert!(!first, "the first one breaks");
            Ok(Next::Settled)
        })
    });
    world.wake("a").await;
    world.worker().reconcile(toy).settle().await.unwrap();
    let failures = QUEUE.failures(&mut world.conn().await, "toy", "a").await.unwrap();
    assert_eq!(failures.len(), 1);
    assert_eq!(failures[0].error, "panicked: the first one breaks");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_each_thing_the_latest_twenty_errors_are_kept() {
    let world = World::new().await;
    world.wake("a").await;
    let pace = work::Pace {
        last_retry: Duration::from_millis(1),
        first_retry: Duration::from_millis(1),
        ..work::Pace::quick()
    };
    world.worker().pace(pace).reconcile(failing(30)).settle().await.unwrap();
    assert_eq!(QUEUE.failures(&mut world.conn().await, "toy", "a").await.unwrap().len(), 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_wakes_itself_and_fails_does_not_spin() {
    let world = World::new().await;
    let pool = world.pool.clone();
    let toy = Toy::new(move |key, _| {
        let pool = pool.clone();
        Box::pin(async move {
            QUEUE.wake::<Toy>(&mut *pool.acquire().await?, &key).await?;
            anyhow::bail!("never")
        })
    });
    let diary = Arc::clone(&toy.diary);
    world.wake("a").await;
    let worker = run(world.worker().pace(slow()).reconcile(toy));
    tokio::time::sleep(Duration::from_millis(1500)).await;
    assert_eq!(diary.runs("a"), 2);
    worker.stop().await;
}

impl World {
    pub(crate) async fn failing(&self) -> i64 {
        self.load("toy").await.failing
    }
}
