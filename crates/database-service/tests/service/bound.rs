//! Tenants of one server take what is there for all: more of it than they may have, for longer, or for ever.

use std::time::Duration;

use axum::http::StatusCode;
use database_service::{Options, TenantLimits};
use serde_json::{Value, json};
use sqlx::Connection;

use crate::isolation::run;
use crate::world::{World, lean, log_in, works};

/// Looks at the health of the only pool.
async fn check(world: &World) -> Value {
    let path =
        format!("/admin/pools/{}/health-check", world.the_pool().await["id"].as_str().unwrap());
    let (status, answer) = world.staff("POST", &path, None).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    answer
}

/// When the server was started: another time after every crash.
async fn started_at(world: &World) -> String {
    let mut session = world.superuser(&world.the_pool().await, "postgres").await;
    sqlx::query_scalar("select pg_postmaster_start_time()::text")
        .fetch_one(&mut session)
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_is_bounded() {
    let world = World::with_pool(lean(), 2).await;
    let (_, a) = world.allocated(json!({})).await;
    let mut session = log_in(&a, None).await.unwrap();
    for setting in ["statement_timeout", "idle_in_transaction_session_timeout", "temp_file_limit"] {
        let value: String = sqlx::query_scalar("select current_setting($1)")
            .bind(setting)
            .fetch_one(&mut session)
            .await
            .unwrap();
        assert!(value != "0" && value != "-1", "{setting} is {value}");
    }
    let limit: i32 =
        sqlx::query_scalar("select rolconnlimit from pg_roles where rolname = current_user")
            .fetch_one(&mut session)
            .await
            .unwrap();
    assert_eq!(limit, 32);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_that_takes_all_connections_leaves_some_for_others_and_us() {
    let world = World::with_pool(lean(), 3).await;
    let (_, a) = world.allocated(json!({})).await;
    let (_, b) = world.allocated(json!({})).await;
    let mut taken = Vec::new();
    let refusal = loop {
        match log_in(&a, None).await {
            Ok(session) => taken.push(session),
            Err(error) => break error,
        }
    };
    assert!(refusal.to_string().contains("too many connections for role"), "{refusal}");
    assert_eq!(taken.len(), 32);
    assert!(works(&b).await);
    assert_eq!(check(&world).await["health_status"], "healthy");
    world.allocated(json!({})).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_that_sorts_without_end_runs_into_its_own_bounds() {
    let tenant = TenantLimits { temporary_files: "16M".parse().unwrap(), ..lean().tenant };
    let world = World::with_pool(Options { tenant, ..lean() }, 3).await;
    let (_, a) = world.allocated(json!({})).await;
    let before = started_at(&world).await;
    let mut session = log_in(&a, None).await.unwrap();
    let sort = "select count(*) from (select md5(n::text) as h from generate_series(1, 3000000) n order by h) s";
    let error = run(&mut session, sort).await.unwrap_err().to_string();
    assert!(error.contains("temp_file_limit"), "{error}");

    // In memory as much as it likes: the statement fails, and nobody else's.
    run(&mut session, "set work_mem = '100GB'; set hash_mem_multiplier = 100").await.unwrap();
    let error = run(&mut session, sort).await.unwrap_err().to_string();
    assert!(error.contains("out of memory"), "{error}");
    let hash = "select count(*) from (select array_agg(n) from generate_series(1, 30000000) n) s";
    let error = run(&mut session, hash).await.unwrap_err().to_string();
    assert!(error.contains("out of memory"), "{error}");
    assert_eq!(started_at(&world).await, before, "the server has crashed");
}

fn impatient() -> Options {
    let tenant = TenantLimits {
        statement_timeout: Duration::from_secs(2),
        idle_in_transaction_timeout: Duration::from_secs(2),
        transaction_timeout: Duration::from_secs(5),
        ..lean().tenant
    };
    Options { tenant, ..lean() }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_that_switches_its_timeouts_off_is_ended_all_the_same() {
    let world = World::with_pool(impatient(), 3).await;
    let (_, a) = world.allocated(json!({})).await;
    let (_, b) = world.allocated(json!({})).await;
    let mut endless = log_in(&a, None).await.unwrap();
    let mut idle = log_in(&a, None).await.unwrap();
    let mut busy = log_in(&a, None).await.unwrap();
    let mut locks = log_in(&a, None).await.unwrap();
    let mut other = log_in(&b, None).await.unwrap();
    for session in [&mut endless, &mut idle, &mut busy, &mut locks] {
        run(session, "set statement_timeout = 0; set idle_in_transaction_session_timeout = 0")
            .await
            .unwrap();
    }
    // A lock that is held for ever by who does nothing harms nobody but its own.
    run(&mut locks, "select pg_advisory_lock(1)").await.unwrap();
    run(&mut idle, "begin; select 1").await.unwrap();
    run(&mut busy, "begin; select txid_current()").await.unwrap();
    let sleeping = tokio::spawn(async move { run(&mut endless, "select pg_sleep(30)").await });
    let begin = std::time::Instant::now();
    let mut ticks = tokio::time::interval(Duration::from_millis(500));
    while begin.elapsed() < Duration::from_millis(6500) {
        ticks.tick().await;
        run(&mut busy, "select 1").await.ok();
        check(&world).await;
    }
    let ended = sleeping.await.unwrap().unwrap_err().to_string();
    assert!(ended.contains("terminating connection"), "{ended}");
    assert!(run(&mut idle, "select 1").await.is_err(), "it holds its transaction for ever");
    assert!(run(&mut busy, "select 1").await.is_err(), "it goes on in its transaction for ever");
    run(&mut locks, "select 1").await.unwrap();
    run(&mut other, "select 1").await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_that_takes_all_locks_is_ended() {
    let world = World::with_pool(lean(), 3).await;
    let (_, a) = world.allocated(json!({})).await;
    let (_, b) = world.allocated(json!({})).await;
    let mut session = log_in(&a, None).await.unwrap();
    // As it is looked at all the time.
    check(&world).await;
    let hoard = "select pg_advisory_lock(n) from generate_series(1, 10000000) n";
    let error = run(&mut session, hoard).await.unwrap_err().to_string();
    assert!(error.contains("shared memory"), "{error}");
    // An error does not give back what the session has.
    check(&world).await;
    assert!(run(&mut session, "select 1").await.is_err(), "it keeps the locks of all");
    assert!(works(&b).await);
    assert_eq!(check(&world).await["health_status"], "healthy");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_tenant_changes_of_its_own_role_is_put_back() {
    let world = World::with_pool(lean(), 3).await;
    let (tenant, a) = world.allocated(json!({})).await;
    let (user, name) = (a["db_user"].as_str().unwrap(), a["db_name"].as_str().unwrap());
    let mut session = log_in(&a, None).await.unwrap();
    for change in [
        format!("alter role \"{user}\" password 'its own'"),
        format!("alter role \"{user}\" set statement_timeout = 0"),
        format!("alter role \"{user}\" set work_mem = '1GB'"),
        format!("alter role \"{user}\" in database \"{name}\" set statement_timeout = 0"),
    ] {
        run(&mut session, &change).await.unwrap();
    }
    assert!(log_in(&a, None).await.is_err());
    check(&world).await;
    assert!(works(&a).await);
    let mut again = log_in(&a, None).await.unwrap();
    let settings: (String, String) =
        sqlx::query_as("select current_setting('statement_timeout'), current_setting('work_mem')")
            .fetch_one(&mut again)
            .await
            .unwrap();
    assert_eq!(settings, ("15min".into(), "4MB".into()));
    again.close().await.unwrap();

    // Nor does it keep us from giving it another password.
    run(&mut session, &format!("alter role \"{user}\" set work_mem = '1GB'")).await.unwrap();
    let path = format!("/allocations/{}/rotate", tenant.instance);
    let (status, rotated) = world.service("POST", &path, None).await;
    assert_eq!(status, StatusCode::OK, "{rotated}");
    world.settle().await;
    assert!(log_in(&a, None).await.is_err());
    assert!(works(&world.allocate(&tenant, json!({})).await.1).await);
}
