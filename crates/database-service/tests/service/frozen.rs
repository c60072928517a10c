//! A worker that is frozen between its look at a server and what it saves of it, for longer than others wait for it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use database_service::{Context, QUEUE};
use sqlx::postgres::PgPoolOptions;
use testkit::frozen::{FreezingRuntime, Ice, alone};
use tokio_util::sync::CancellationToken;
use work::Pace;

use crate::world::{World, lean};

async fn set_port(world: &World, port: i32) {
    sqlx::query("update database.db_servers set port = $1")
        .bind(port)
        .execute(&world.pool)
        .await
        .unwrap();
}

async fn port(world: &World) -> i32 {
    sqlx::query_scalar("select port from database.db_servers").fetch_one(&world.pool).await.unwrap()
}

async fn superseded(world: &World) -> i64 {
    let outcomes = QUEUE.outcomes(&mut world.pool.acquire().await.unwrap()).await.unwrap();
    let of_it = |kind: &str, outcome: &str| (kind, outcome) == ("reconcile_server", "superseded");
    outcomes.iter().filter(|o| of_it(&o.kind, &o.outcome)).map(|o| o.attempts).sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_was_seen_long_ago_is_not_written_down() {
    let world = World::with_pool(lean(), 2).await;
    // The server seems to have moved, so whoever looks has an address to write down.
    set_port(&world, 1).await;
    world.hurry().await;
    let (ice, stop) = (Ice::default(), CancellationToken::new());
    let runtime =
        Arc::new(FreezingRuntime { inner: Arc::clone(&world.runtime) as _, ice: ice.clone() });
    let (options, vault) =
        (world.pool.connect_options().as_ref().clone(), world.context.vault.clone());
    let verifier = world.identity.verifier();
    let frozen = alone(stop.clone(), move || async move {
        let pool = PgPoolOptions::new().max_connections(4).connect_lazy_with(options);
        let context = Context::new(pool, vault, lean(), verifier);
        database_service::worker(&context, runtime, 1).pace(Pace::quick())
    });
    let began = Instant::now();
    while !ice.holds() {
        assert!(began.elapsed() < Duration::from_secs(20), "it does not freeze");
        tokio::task::yield_now().await;
    }
    world.settle().await;
    assert_ne!(port(&world).await, 1, "another has written it down");
    // And then it really moves.
    set_port(&world, 2).await;
    stop.cancel();
    ice.thaw();
    frozen.join().unwrap().unwrap();
    assert_eq!((port(&world).await, superseded(&world).await), (2, 1));
}
