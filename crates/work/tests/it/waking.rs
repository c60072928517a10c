//! Wake-ups: none is lost, none is delayed, and no two attempts at one thing overlap.

use crate::world::{QUEUE, Toy, World, eventually, run};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;
use work::{Next, Pace, Reconcile};

/// Copies `wanted` to `found`, slowly, and notices when it meets itself.
fn copier(pool: sqlx::PgPool, busy: Arc<Mutex<BTreeSet<String>>>) -> Toy {
    Toy::new(move |key, _| {
        let (pool, busy) = (pool.clone(), Arc::clone(&busy));
        Box::pin(async move {
            assert!(busy.lock().unwrap().insert(key.clone()), "two attempts at {key} overlap");
            let wanted: i32 = sqlx::query_scalar("select wanted from toy.things where name = $1")
                .bind(&key)
                .fetch_one(&pool)
                .await?;
            tokio::time::sleep(Duration::from_millis(3)).await;
            sqlx::query("update toy.things set found = $2 where name = $1")
                .bind(&key)
                .bind(wanted)
                .execute(&pool)
                .await?;
            busy.lock().unwrap().remove(&key);
            Ok(Next::Settled)
        })
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_wake_up_is_lost_and_no_two_attempts_overlap_on_two_workers() {
    let world = World::new().await;
    let busy = Arc::new(Mutex::new(BTreeSet::new()));
    sqlx::query("insert into toy.things (name) select 'thing-' || n from generate_series(0, 4) n")
        .execute(&world.pool)
        .await
        .unwrap();
    let workers = [0, 1]
        .map(|_| run(world.worker().reconcile(copier(world.pool.clone(), Arc::clone(&busy)))));
    let writers = (0..4).map(|writer| {
        let pool = world.pool.clone();
        tokio::spawn(async move {
            for n in 0..60 {
                let name = format!("thing-{}", (n + writer) % 5);
                let mut tx = pool.begin().await.unwrap();
                sqlx::query("update toy.things set wanted = wanted + 1 where name = $1")
                    .bind(&name)
                    .execute(&mut *tx)
                    .await
                    .unwrap();
                QUEUE.wake::<Toy>(&mut tx, &name).await.unwrap();
                tx.commit().await.unwrap();
            }
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.unwrap();
    }
    eventually("all jobs are done", || async { world.jobs().await == 0 }).await;
    let behind: i64 =
        sqlx::query_scalar("select count(*) from toy.things where wanted <> found or wanted <> 48")
            .fetch_one(&world.pool)
            .await
            .unwrap();
    assert_eq!(behind, 0);
    assert!(busy.lock().unwrap().is_empty());
    for worker in workers {
        worker.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wake_up_during_an_attempt_makes_one_more_attempt_at_once() {
    let world = World::new().await;
    let gate = Arc::new(Semaphore::new(0));
    let gate_of_toy = Arc::clone(&gate);
    let toy = Toy::new(move |_, _| {
        let gate = Arc::clone(&gate_of_toy);
        Box::pin(async move {
            gate.acquire().await?.forget();
            Ok(Next::Settled)
        })
    });
    let diary = Arc::clone(&toy.diary);
    let worker = run(world.worker().reconcile(toy));
    world.wake("a").await;
    eventually("it began", || async { diary.runs("a") == 1 }).await;
    for _ in 0..5 {
        world.wake("a").await;
    }
    gate.add_permits(10);
    eventually("all is done", || async { world.jobs().await == 0 }).await;
    let times = diary.times("a");
    assert_eq!(times.len(), 2, "five wake-ups during one attempt make one more attempt");
    // Sooner than a look without being told.
    assert!(times[1] - times[0] < Pace::quick().poll, "{:?}", times[1] - times[0]);
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wake_up_is_taken_within_milliseconds() {
    let world = World::new().await;
    let toy = Toy::idle();
    let diary = Arc::clone(&toy.diary);
    let worker = run(world.worker().reconcile(toy));
    let mut conn = world.conn().await;
    let mut waits = Vec::new();
    for n in 0..30 {
        let (key, began) = (format!("key-{n}"), Instant::now());
        QUEUE.wake::<Toy>(&mut conn, &key).await.unwrap();
        eventually("it began", || async { diary.runs(&key) == 1 }).await;
        waits.push(diary.times(&key)[0] - began);
    }
    waits.sort_unstable();
    println!(
        "from before the wake-up's transaction to the attempt: median {:?}, worst {:?}",
        waits[15], waits[29]
    );
    assert!(waits[15] < Duration::from_millis(250), "median {:?}", waits[15]);
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn looking_again_after_a_while_happens_close_to_then() {
    let world = World::new().await;
    let toy = Toy::new(|_, _| Box::pin(async { Ok(Next::After(Duration::from_millis(100))) }));
    let diary = Arc::clone(&toy.diary);
    let worker = run(world.worker().reconcile(toy));
    world.wake("a").await;
    eventually("it ran ten times", || async { diary.runs("a") >= 10 }).await;
    let times = diary.times("a");
    let mut gaps: Vec<Duration> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
    gaps.sort_unstable();
    println!("After(100 ms): median {:?}, worst {:?}", gaps[gaps.len() / 2], gaps[gaps.len() - 1]);
    assert!(
        gaps[0] >= Duration::from_millis(99) && gaps[gaps.len() / 2] < Duration::from_millis(250),
        "{gaps:?}"
    );
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_later_wake_up_never_delays_an_earlier_one() {
    let world = World::new().await;
    let mut conn = world.conn().await;
    let due = || async {
        let sql = "select extract(epoch from run_at - now())::float8 from toy_work._private_jobs where key = 'toy/a'";
        sqlx::query_scalar::<_, f64>(sql).fetch_one(&world.pool).await.unwrap()
    };
    let key = "a".to_owned();
    QUEUE.wake_after::<Toy>(&mut conn, &key, Duration::from_secs(60)).await.unwrap();
    assert!(due().await > 50.0);
    QUEUE.wake_after::<Toy>(&mut conn, &key, Duration::from_secs(10)).await.unwrap();
    assert!(due().await < 11.0);
    QUEUE.wake_after::<Toy>(&mut conn, &key, Duration::from_secs(60)).await.unwrap();
    assert!(due().await < 11.0);
    QUEUE.wake::<Toy>(&mut conn, &key).await.unwrap();
    assert!(due().await <= 0.0);
    assert_eq!(world.jobs().await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wake_up_takes_effect_with_its_transaction() {
    let world = World::new().await;
    let toy = Toy::idle();
    let diary = Arc::clone(&toy.diary);
    let worker = run(world.worker().reconcile(toy));
    world.wake("first").await;
    eventually("the worker is there", || async { diary.runs("first") == 1 }).await;
    let mut tx = world.pool.begin().await.unwrap();
    QUEUE.wake::<Toy>(&mut tx, &"kept".to_owned()).await.unwrap();
    let mut other = world.pool.begin().await.unwrap();
    QUEUE.wake::<Toy>(&mut other, &"dropped".to_owned()).await.unwrap();
    other.rollback().await.unwrap();
    world.wake("marker").await;
    eventually("the marker ran", || async { diary.runs("marker") == 1 }).await;
    assert_eq!(diary.runs("kept"), 0);
    tx.commit().await.unwrap();
    eventually("it ran", || async { diary.runs("kept") == 1 }).await;
    assert_eq!(diary.runs("dropped"), 0);
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_cause_of_a_wake_up_reaches_the_attempt() {
    let world = World::new().await;
    let seen = Arc::new(Mutex::new(Vec::new()));
    let notes = Arc::clone(&seen);
    let toy = Toy::new(move |_, attempt| {
        notes.lock().unwrap().push((attempt.correlation(), contract::correlation::current()));
        Box::pin(async { Ok(Next::Settled) })
    });
    let cause = vocabulary::CorrelationId::new();
    contract::correlation::scope(cause, world.wake("a")).await;
    world.worker().reconcile(toy).settle().await.unwrap();
    assert_eq!(*seen.lock().unwrap(), [(cause, cause)]);
    assert_eq!(Toy::NAME, "toy");
}
