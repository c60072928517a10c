//! Workers that are frozen for longer than their heartbeat and go on later: what they do then counts for nothing, neither in
//! PostgreSQL nor outside.

use crate::world::{QUEUE, Toy, World, connect, eventually, run};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use sqlx::PgPool;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;
use testkit::frozen::{Ice, alone};
use tokio_util::sync::CancellationToken;
use work::{Attempt, Next, Operation, Pace, Progress, Superseded, Worker};

/// Something outside that takes a generation with every change, and refuses one that is out of sequence.
#[derive(Default)]
struct Outside {
    generation: i64,
    value: String,
    refused: u32,
}

type Shared = Arc<Mutex<Outside>>;

fn set(outside: &Shared, generation: i64, value: &str) -> bool {
    let mut outside = outside.lock().unwrap();
    let is_refused = generation < outside.generation;
    if is_refused {
        outside.refused += 1;
    } else {
        (outside.generation, outside.value) = (generation, value.to_owned());
    }
    !is_refused
}

/// What a worker does of whom another has taken over, as its attempt goes on: outside, in PostgreSQL, and in its trace. Returns
/// what was refused because of that.
async fn go_on(
    pool: &PgPool,
    outside: &Shared,
    who: &str,
    attempt: &Attempt,
) -> anyhow::Result<Vec<&'static str>> {
    let mut refused = Vec::new();
    if !set(outside, attempt.fence(), who) {
        refused.push("outside");
    }
    let mut tx = pool.begin().await?;
    match attempt.hold(&mut tx).await {
        Ok(()) => {
            let change = "update toy.things set found = found + 1 where name = 'a'";
            sqlx::query(change).execute(&mut *tx).await?;
            tx.commit().await?;
        }
        Err(error) if error.is::<Superseded>() => refused.push("in PostgreSQL"),
        Err(error) => return Err(error),
    }
    match attempt.did("went on").await {
        Err(error) if error.is::<Superseded>() => refused.push("in its trace"),
        did => did?,
    }
    Ok(refused)
}

type Refusals = Arc<Mutex<Option<Vec<&'static str>>>>;

/// A worker on a thread of its own, which freezes with its first attempt.
fn frozen(
    world: &World,
    stop: &CancellationToken,
    more: impl FnOnce(Worker, PgPool) -> Worker + Send + 'static,
) -> JoinHandle<anyhow::Result<()>> {
    let name = world.name();
    alone(stop.clone(), move || async move {
        let pool = connect(&name).await;
        more(Worker::new(pool.clone(), QUEUE, 2).pace(Pace::quick()), pool)
    })
}

/// One that takes a silent worker for dead after a moment.
fn impatient(world: &World) -> Worker {
    world.worker().pace(Pace { silent: Duration::from_millis(400), ..Pace::quick() })
}

async fn thing(world: &World) -> i32 {
    sqlx::query_scalar("select found from toy.things where name = 'a'")
        .fetch_one(&world.pool)
        .await
        .unwrap()
}

async fn with_a_thing() -> World {
    let world = World::new().await;
    sqlx::query("insert into toy.things (name) values ('a')").execute(&world.pool).await.unwrap();
    world
}

const ALL: [&str; 3] = ["outside", "in PostgreSQL", "in its trace"];

fn toy(pool: PgPool, outside: &Shared, who: &'static str, ice: Ice, found: &Refusals) -> Toy {
    let (outside, found) = (Arc::clone(outside), Arc::clone(found));
    Toy::new(move |_, attempt| {
        ice.touch();
        let (pool, outside, found) = (pool.clone(), Arc::clone(&outside), Arc::clone(&found));
        Box::pin(async move {
            let refused = go_on(&pool, &outside, who, attempt).await?;
            *found.lock().unwrap() = Some(refused);
            Ok(Next::After(Duration::from_secs(3600)))
        })
    })
}

fn thawed() -> Ice {
    let ice = Ice::default();
    ice.thaw();
    ice
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reconcile_that_was_frozen_changes_nothing_when_it_goes_on() {
    let world = with_a_thing().await;
    let (outside, ice, stop) = (Shared::default(), Ice::default(), CancellationToken::new());
    let (firsts, seconds) = (Refusals::default(), Refusals::default());
    world.wake("a").await;
    let (theirs, cold, found) = (Arc::clone(&outside), ice.clone(), Arc::clone(&firsts));
    let first = frozen(&world, &stop, move |worker, pool| {
        worker.reconcile(toy(pool, &theirs, "frozen", cold, &found))
    });
    eventually("it is frozen", || async { ice.holds() }).await;
    let second = toy(world.pool.clone(), &outside, "second", thawed(), &seconds);
    let second = run(impatient(&world).reconcile(second));
    eventually("another took it", || async { seconds.lock().unwrap().is_some() }).await;
    ice.thaw();
    eventually("it went on", || async { firsts.lock().unwrap().is_some() }).await;
    assert_eq!(firsts.lock().unwrap().take().unwrap(), ALL);
    assert_eq!(seconds.lock().unwrap().take().unwrap(), [""; 0]);
    eventually("its end was refused", || async { world.ended("toy", "superseded").await == 1 })
        .await;
    assert_eq!((thing(&world).await, world.ended("toy", "after").await), (1, 1));
    assert_eq!(outside.lock().unwrap().value, "second");
    end(stop, first, second).await;
}

async fn end(
    stop: CancellationToken,
    first: JoinHandle<anyhow::Result<()>>,
    second: crate::world::Running,
) {
    stop.cancel();
    first.join().unwrap().unwrap();
    second.stop().await;
}

/// An operation of two steps, each with an effect outside and one in PostgreSQL.
struct Twice {
    pool: PgPool,
    outside: Shared,
    who: &'static str,
    ice: Ice,
    found: Refusals,
}

#[derive(Debug, Serialize, Deserialize)]
enum Step {
    First,
    Second,
}

#[async_trait]
impl Operation for Twice {
    const KIND: &'static str = "twice";
    type Step = Step;

    async fn run(&self, step: Step, attempt: &Attempt) -> anyhow::Result<Progress<Step>> {
        self.ice.touch();
        let refused = go_on(&self.pool, &self.outside, self.who, attempt).await?;
        *self.found.lock().unwrap() = Some(refused);
        Ok(match step {
            Step::First => Progress::Next(Step::Second),
            Step::Second => Progress::Done,
        })
    }

    async fn undo(&self, _: Step, _: &Attempt) -> anyhow::Result<()> {
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operation_that_was_frozen_changes_nothing_when_it_goes_on() {
    let world = with_a_thing().await;
    let (outside, ice, stop) = (Shared::default(), Ice::default(), CancellationToken::new());
    let (firsts, seconds) = (Refusals::default(), Refusals::default());
    let id = QUEUE.start::<Twice>(&mut world.conn().await, "a", &Step::First).await.unwrap();
    let twice = |pool, who, ice, found: &Refusals| Twice {
        pool,
        outside: Arc::clone(&outside),
        who,
        ice,
        found: Arc::clone(found),
    };
    let frozen_one = twice(world.pool.clone(), "frozen", ice.clone(), &firsts);
    let first =
        frozen(&world, &stop, move |worker, pool| worker.operation(Twice { pool, ..frozen_one }));
    eventually("it is frozen", || async { ice.holds() }).await;
    let second = twice(world.pool.clone(), "second", thawed(), &seconds);
    let second = run(impatient(&world).operation(second));
    eventually("another did it", || async { world.shown(id).await.state == "done" }).await;
    ice.thaw();
    eventually("it went on", || async { firsts.lock().unwrap().is_some() }).await;
    assert_eq!(firsts.lock().unwrap().take().unwrap(), ALL);
    eventually("its end was refused", || async { world.ended("twice", "superseded").await == 1 })
        .await;
    let shown = world.shown(id).await;
    assert_eq!((shown.state.as_str(), shown.step.as_str()), ("done", "Second"));
    assert_eq!(thing(&world).await, 2, "each step once");
    assert_eq!(outside.lock().unwrap().value, "second");
    end(stop, first, second).await;
}
