//! A worker that is frozen between its look and its act, for longer than others wait for it: when it goes on, it does nothing
//! that has not been wanted for long, neither in PostgreSQL nor to an Odoo.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use contract::client::{Bearer, Client, DatabaseClient};
use instance_service::{Context, Options};
use serde_json::Value;
use sqlx::postgres::PgPoolOptions;
use testkit::frozen::{FreezingRuntime, Ice, alone};
use tokio_util::sync::CancellationToken;
use vocabulary::InstanceId;
use work::Pace;

use crate::world::{World, odoo};

struct Frozen {
    ice: Ice,
    stop: CancellationToken,
    thread: JoinHandle<anyhow::Result<()>>,
}

impl Frozen {
    /// A second worker, which takes what is due and freezes right after it has looked at the runtime, so many looks apart.
    async fn worker(world: &World, looks: usize) -> Self {
        let (ice, stop) = (Ice::after(looks), CancellationToken::new());
        let pool = world.pool.connect_options().as_ref().clone();
        let inner = Arc::new(world.runtime.clone());
        let runtime = Arc::new(FreezingRuntime { inner, ice: ice.clone() });
        let (verifier, vault) = (world.identity.verifier(), world.vault.clone());
        let bearer = Bearer::Service { key: world.identity.key.clone(), name: "instance-worker" };
        let url = world.databases.url.clone();
        let thread = alone(stop.clone(), move || async move {
            let pool = PgPoolOptions::new().max_connections(4).connect_lazy_with(pool);
            let databases = DatabaseClient(Client::new(url, bearer));
            let options = Options { concurrency: 1, ..Options::default() };
            let context = Context::new(pool, verifier, vault, runtime, databases, options);
            instance_service::worker(context).pace(Pace::quick())
        });
        let began = Instant::now();
        while !ice.holds() {
            assert!(began.elapsed() < Duration::from_secs(10), "it does not freeze");
            tokio::task::yield_now().await;
        }
        Self { ice, stop, thread }
    }

    /// Lets it finish what it was at, and nothing else.
    fn goes_on(self) {
        self.stop.cancel();
        self.ice.thaw();
        self.thread.join().unwrap().unwrap();
    }
}

/// The row as it is, and what was done to Odoos.
async fn state(world: &World, id: InstanceId) -> (Value, Vec<String>) {
    let row = sqlx::query_scalar("select to_jsonb(instances) from instances where id = $1")
        .bind(id)
        .fetch_one(&world.pool)
        .await
        .unwrap();
    (row, world.runtime.calls())
}

async fn is_superseded(world: &World) -> bool {
    let mut conn = world.pool.acquire().await.unwrap();
    let outcomes = instance_service::QUEUE.outcomes(&mut conn).await.unwrap();
    outcomes.iter().any(|o| o.kind == "reconcile_instance" && o.outcome == "superseded")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_paid_in_the_meantime_is_not_stopped() {
    let world = World::new().await;
    let id = world.running().await;
    world.entitle(id, &world.entitlement(2, "suspended")).await;
    // With its first look it decides to say that it is stopping, with its second to stop.
    let frozen = Frozen::worker(&world, 1).await;
    assert_eq!(world.status(id).await, "stopping");
    world.entitle(id, &world.entitlement(3, "active")).await;
    world.settle().await;
    let before = state(&world, id).await;
    frozen.goes_on();
    assert!(is_superseded(&world).await, "another had taken over");
    assert_eq!(state(&world, id).await, before);
    assert!(world.runtime.runs(&odoo(id)), "it is paid, and runs");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_suspended_in_the_meantime_is_not_started() {
    let world = World::new().await;
    let id = InstanceId::new();
    world.entitle(id, &world.entitlement(1, "trial")).await;
    let frozen = Frozen::worker(&world, 0).await;
    world.entitle(id, &world.entitlement(2, "suspended")).await;
    world.settle().await;
    let before = state(&world, id).await;
    frozen.goes_on();
    assert!(is_superseded(&world).await, "another had taken over");
    assert_eq!(state(&world, id).await, before);
    assert_eq!(world.status(id).await, "suspended, unpaid");
    assert!(!world.runtime.runs(&odoo(id)), "nobody pays for it");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_decided_before_its_owner_spoke_is_not_saved_after_it() {
    let world = World::new().await;
    let id = InstanceId::new();
    world.entitle(id, &world.entitlement(1, "trial")).await;
    // With its first look it decides to start, with its second to see whether it answers.
    let frozen = Frozen::worker(&world, 1).await;
    assert_eq!(world.status(id).await, "starting");
    world.act(&world.ann.token, id, "stop").await;
    frozen.goes_on();
    world.settle().await;
    assert_eq!(world.status(id).await, "stopped");
    let told = world.told(id).await;
    assert!(!told.iter().any(|message| message == "It is running."), "{told:?}");
}
