//! The crash harness: that what is written as it should be ends the same after a crash at any step, and that it catches what is not.

use crate::operations::{Build, Site};
use crate::world::{QUEUE, World};
use async_trait::async_trait;
use sqlx::PgPool;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use testkit::crash;
use work::{Attempt, Faults, Next, Pace, Reconcile, Worker};

/// The world outside, which no transaction reaches: databases, and how often each was made.
type Outside = Arc<Mutex<BTreeMap<String, u32>>>;

/// Makes databases for things, and says so.
struct Databases {
    pool: PgPool,
    outside: Outside,
    make: fn(&Outside, &str),
}

#[async_trait]
impl Reconcile for Databases {
    const NAME: &'static str = "databases";
    type Key = String;
    const SWEEP: Duration = Duration::from_secs(60);

    async fn keys(&self) -> anyhow::Result<Vec<String>> {
        Ok(sqlx::query_scalar("select name from toy.things where found < wanted")
            .fetch_all(&self.pool)
            .await?)
    }

    async fn reconcile(&self, name: &String, attempt: &Attempt) -> anyhow::Result<Next> {
        let found: i32 = sqlx::query_scalar("select found from toy.things where name = $1")
            .bind(name)
            .fetch_one(&self.pool)
            .await?;
        if found == 0 {
            (self.make)(&self.outside, name);
            attempt.did("made the database").await?;
        }
        let mut tx = self.pool.begin().await?;
        let sql =
            "update toy.things set found = found + 1 where name = $1 and found = $2 and found < 3";
        let changed =
            sqlx::query(sql).bind(name).bind(found).execute(&mut *tx).await?.rows_affected();
        attempt.hold(&mut tx).await?;
        tx.commit().await?;
        attempt.did("wrote it down").await?;
        Ok(if changed == 0 { Next::Settled } else { Next::After(Duration::from_millis(10)) })
    }
}

/// Makes what is not there.
fn make_it(outside: &Outside, name: &str) {
    outside.lock().unwrap().insert(name.to_owned(), 1);
}

/// Makes one more each time.
fn make_another(outside: &Outside, name: &str) {
    *outside.lock().unwrap().entry(name.to_owned()).or_default() += 1;
}

type End = (BTreeMap<String, u32>, Vec<(String, i32)>, i64, i64);

async fn end(world: &World, outside: &Outside) -> End {
    let rows = sqlx::query_as("select name, found from toy.things order by name")
        .fetch_all(&world.pool)
        .await
        .unwrap();
    let outside = outside.lock().unwrap().clone();
    (outside, rows, world.jobs().await, world.attempts().await)
}

async fn two_things() -> (World, Outside) {
    let world = World::new().await;
    sqlx::query("insert into toy.things (name, wanted) values ('a', 3), ('b', 3)")
        .execute(&world.pool)
        .await
        .unwrap();
    (world, Outside::default())
}

async fn databases(faults: Faults, make: fn(&Outside, &str)) -> End {
    let (world, outside) = two_things().await;
    let worker = |faults| {
        let databases = Databases { pool: world.pool.clone(), outside: Arc::clone(&outside), make };
        world.worker().reconcile(databases).faults(faults)
    };
    crash::settle(&faults, worker).await.unwrap();
    end(&world, &outside).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reconcile_that_bears_repetition_ends_the_same_after_every_crash() {
    let expected = databases(Faults::none(), make_it).await;
    assert_eq!(expected.1, [("a".to_owned(), 3), ("b".to_owned(), 3)]);
    assert_eq!((expected.0.len(), expected.2, expected.3), (2, 0, 0));
    crash::after_every_step(|faults| databases(faults, make_it)).await;
}

#[tokio::test(flavor = "multi_thread")]
#[should_panic(expected = "after a crash at step")]
async fn a_step_that_does_not_bear_repetition_is_caught() {
    crash::after_every_step(|faults| databases(faults, make_another)).await;
}

#[tokio::test(flavor = "multi_thread")]
#[should_panic(expected = "no step was counted")]
async fn a_scenario_that_proves_nothing_is_caught() {
    crash::after_every_step(|_| async {}).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn workers_that_crash_while_others_run_are_followed_by_fresh_ones() {
    crash::after_every_step(|faults| async move {
        let (world, outside) = two_things().await;
        let (world, outside) = (&world, &outside);
        let workers = |faults: Faults| {
            let worker = || {
                let databases = Databases {
                    pool: world.pool.clone(),
                    outside: Arc::clone(outside),
                    make: make_it,
                };
                Worker::new(world.pool.clone(), QUEUE, 1)
                    .pace(Pace::quick())
                    .reconcile(databases)
                    .faults(faults.clone())
            };
            vec![worker(), worker()]
        };
        crash::run_until(&faults, workers, || async {
            world.unfinished().await == 0 && world.jobs().await == 0
        })
        .await
        .unwrap();
        end(world, outside).await
    })
    .await;
}

async fn house(faults: Faults, breaks: &[&str]) -> (Vec<String>, String, i64) {
    let world = World::new().await;
    let site = Arc::new(Site::default());
    site.breaks(breaks);
    let id = world.build().await;
    let worker =
        |faults| world.worker().operation(Build { site: Arc::clone(&site) }).faults(faults);
    crash::settle(&faults, worker).await.unwrap();
    (site.stands(), world.shown(id).await.state, world.jobs().await)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operation_ends_the_same_after_every_crash() {
    assert_eq!(house(Faults::none(), &[]).await.1, "done");
    crash::after_every_step(|faults| house(faults, &[])).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operation_that_is_undone_ends_the_same_after_every_crash() {
    assert_eq!(house(Faults::none(), &["run Roof"]).await.1, "undone");
    crash::after_every_step(|faults| house(faults, &["run Roof"])).await;
}

impl World {
    async fn unfinished(&self) -> i64 {
        sqlx::query_scalar("select count(*) from toy.things where found < wanted")
            .fetch_one(&self.pool)
            .await
            .unwrap()
    }
}
