//! A platform that is killed: a process of its own, which is this test's program again.

use std::path::Path;
use std::process::{Child, Command};
use std::time::Duration;

use runtime::contract_suite::{Bench as _, Login, Wall, eventually, small_server};
use runtime::{Observed, Runtime as _, Workload, WorkloadName};
use runtime_local::LocalRuntime;

use crate::bench::{LocalBench, options};
use crate::network::is_walled;

const FOLDER: &str = "RUNTIME_LOCAL_TEST_FOLDER";

/// Not a test: what the other process does. In a usual run it has nothing to do.
#[tokio::test(flavor = "multi_thread")]
async fn a_platform_applies_a_server_and_lives_on() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let runtime = LocalRuntime::open(options(Path::new(&folder))).await.unwrap();
    runtime.apply(&server(), &Workload::Postgres(small_server())).await.unwrap();
    std::fs::write(Path::new(&folder).join("applied"), "").unwrap();
    std::future::pending::<()>().await;
}

fn server() -> WorkloadName {
    WorkloadName::new("killed-platform")
}

fn start_platform(folder: &Path) -> Child {
    let test = "platform::a_platform_applies_a_server_and_lives_on";
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env(FOLDER, folder)
        .spawn()
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_killed_platform_started_is_adopted_and_looked_after() {
    let bench = LocalBench::new().await;
    bench.local().await.detach().await;
    let mut platform = start_platform(bench.folder.path());
    let applied = bench.folder.path().join("applied");
    eventually("the platform has applied it", || async { applied.exists().then_some(()) }).await;
    platform.kill().unwrap();
    platform.wait().unwrap();
    if bench.has(Wall::Network) {
        assert!(is_walled(bench.user_id(&server())), "the wall has gone with the platform");
    }

    let runtime = LocalRuntime::open(options(bench.folder.path())).await.unwrap();
    let Observed::Running(running) = runtime.observe(&server()).await else {
        panic!("not adopted")
    };
    let login = Login::new(running.address);
    login.answers().await;
    let first = login.started_at().await.unwrap();
    runtime.apply(&server(), &Workload::Postgres(small_server())).await.unwrap();
    assert_eq!(login.started_at().await.unwrap(), first);

    bench.crash(&server()).await;
    eventually("it is restarted", || async {
        login.started_at().await.filter(|now| *now != first)
    })
    .await;
    runtime.remove(&server()).await.unwrap();
    runtime.detach().await;
    bench.is_clean().await;
}

/// The platform is killed at any moment of starting a server; the next one finishes the same server.
#[tokio::test(flavor = "multi_thread")]
async fn a_platform_that_is_killed_while_it_starts_a_server_leaves_one_server() {
    let bench = LocalBench::new().await;
    bench.local().await.detach().await;
    for milliseconds in [20, 60, 150, 400, 700, 900, 1000, 1100, 1200, 1300, 1500] {
        let mut platform = start_platform(bench.folder.path());
        let moment = Duration::from_millis(milliseconds);
        tokio::time::timeout(moment, std::future::pending::<()>()).await.unwrap_err();
        platform.kill().unwrap();
        platform.wait().unwrap();

        let runtime = LocalRuntime::open(options(bench.folder.path())).await.unwrap();
        runtime.apply(&server(), &Workload::Postgres(small_server())).await.unwrap();
        let Observed::Running(running) = runtime.observe(&server()).await else {
            panic!("not running after {moment:?}")
        };
        Login::new(running.address).answers().await;
        runtime.remove(&server()).await.unwrap();
        runtime.detach().await;
        bench.is_clean().await;
    }
}
