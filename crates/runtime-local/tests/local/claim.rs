//! What only a local runtime promises: user ids, files, ports, an orderly end.

use std::collections::HashSet;
use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::MetadataExt as _;
use std::process::Command;

use runtime::contract_suite::{Bench as _, Login, eventually, small_server};
use runtime::{Observed, PostgresServer, Runtime as _, Workload, WorkloadName};

use crate::bench::LocalBench;

fn is_root() -> bool {
    fs::metadata("/proc/self").unwrap().uid() == 0
}

async fn start(bench: &LocalBench, name: &WorkloadName) -> Login {
    let runtime = bench.local().await;
    runtime.apply(name, &Workload::Postgres(small_server())).await.unwrap();
    let login = login(bench, name).await;
    login.answers().await;
    login
}

async fn login(bench: &LocalBench, name: &WorkloadName) -> Login {
    match bench.local().await.observe(name).await {
        Observed::Running(running) => Login::new(running.address),
        other => panic!("{name} does not run: {other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_workload_has_a_user_id_and_files_of_its_own() {
    let bench = LocalBench::new().await;
    let names = ["walls-one", "walls-two"].map(WorkloadName::new);
    for name in &names {
        start(&bench, name).await;
    }
    let owners: Vec<u32> = names
        .iter()
        .map(|name| fs::metadata(bench.unit(name).join("volume")).unwrap().uid())
        .collect();
    for name in &names {
        for (inside, mode) in [("", 0o700), ("volume", 0o700), ("etc", 0o700), ("spec.json", 0o600)]
        {
            let found = fs::metadata(bench.unit(name).join(inside)).unwrap().mode() & 0o777;
            assert_eq!(found, mode, "{name}/{inside}");
        }
    }
    if is_root() {
        assert_eq!(owners.iter().collect::<HashSet<_>>().len(), 2);
        assert!(owners.iter().all(|owner| *owner >= 1_900_000_000));
        // Even with the parents open, one may not read what the other has.
        for folder in
            [bench.folder.path(), &bench.folder.path().join("units"), &bench.unit(&names[0])]
        {
            Command::new("chmod").arg("0755").arg(folder).status().unwrap();
        }
        let secret = bench.unit(&names[0]).join("volume/data/PG_VERSION");
        let reads = |id: u32| {
            let id = id.to_string();
            let mut read = Command::new("setpriv");
            read.args(["--reuid", &id, "--regid", &id, "--clear-groups", "cat"]).arg(&secret);
            read.output().unwrap().status.success()
        };
        assert!(reads(owners[0]) && !reads(owners[1]));
    }
    for name in &names {
        bench.local().await.remove(name).await.unwrap();
    }
    bench.is_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_password_is_in_an_argument_an_environment_or_a_record() {
    let bench = LocalBench::new().await;
    let name = WorkloadName::new("secretive");
    let server = PostgresServer { superuser_password: "to-be-hidden".into(), ..small_server() };
    bench.local().await.apply(&name, &Workload::Postgres(server)).await.unwrap();
    for process in fs::read_dir("/proc").unwrap().flatten() {
        for file in ["cmdline", "environ"] {
            let text = fs::read(process.path().join(file)).unwrap_or_default();
            assert!(!String::from_utf8_lossy(&text).contains("to-be-hidden"), "{process:?}");
        }
    }
    let found = Command::new("grep").args(["-r", "to-be-hidden"]).arg(bench.folder.path()).output();
    assert_eq!(String::from_utf8(found.unwrap().stdout).unwrap(), "");
    bench.local().await.remove(&name).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_that_was_taken_meanwhile_is_changed() {
    let bench = LocalBench::new().await;
    let name = WorkloadName::new("moves");
    let first = start(&bench, &name).await;
    bench.local().await.stop(&name).await.unwrap();
    let _other = TcpListener::bind(("127.0.0.1", first.address.port)).unwrap();
    let second = start(&bench, &name).await;
    assert_ne!(second.address, first.address);
    bench.local().await.remove(&name).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_end_in_order_leaves_no_process_and_everything_starts_again() {
    let bench = LocalBench::new().await;
    let names = ["platform", "pool"].map(WorkloadName::new);
    for name in &names {
        start(&bench, name).await;
    }
    bench.local().await.shut_down(&names[..1]).await.unwrap();
    for name in &names {
        let lines = bench.local().await.logs(name, 5).await.unwrap();
        assert!(
            lines.iter().any(|line| line.contains("database system is shut down")),
            "{lines:?}"
        );
    }
    let refused = bench.local().await.apply(&names[0], &Workload::Postgres(small_server())).await;
    refused.unwrap_err();

    let runtime = bench.reopen().await;
    assert_eq!(runtime.observe(&names[0]).await, Observed::Stopped);
    for name in &names {
        start(&bench, name).await;
        runtime.remove(name).await.unwrap();
    }
    bench.is_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_is_unknown_and_can_be_removed() {
    let bench = LocalBench::new().await;
    let name = WorkloadName::new("damaged");
    start(&bench, &name).await;
    fs::write(bench.unit(&name).join("spec.json"), "{").unwrap();
    let runtime = bench.local().await;
    assert!(matches!(runtime.observe(&name).await, Observed::Unknown(_)));
    assert!(runtime.inventory().await.is_ok_and(|all| all.len() == 1));
    runtime.remove(&name).await.unwrap();
    bench.is_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frozen_server_is_stopped_all_the_same() {
    let bench = LocalBench::new().await;
    let name = WorkloadName::new("frozen");
    start(&bench, &name).await;
    bench.freeze(&name);
    bench.local().await.stop(&name).await.unwrap();
    assert_eq!(bench.local().await.observe(&name).await, Observed::Stopped);
    start(&bench, &name).await;
    bench.local().await.remove(&name).await.unwrap();
    bench.is_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_runtimes_on_one_folder_agree() {
    let bench = LocalBench::new().await;
    let name = WorkloadName::new("shared");
    let login = start(&bench, &name).await;
    let first = login.started_at().await.unwrap();
    let other = bench.second().await;
    other.apply(&name, &Workload::Postgres(small_server())).await.unwrap();
    assert_eq!(login.started_at().await.unwrap(), first);

    let larger = PostgresServer { max_connections: 41, ..small_server() };
    other.apply(&name, &Workload::Postgres(larger)).await.unwrap();
    eventually("the other's change is in effect", || async {
        login.ask("show max_connections").await.filter(|most| most == "41")
    })
    .await;
    assert!(matches!(
        bench.local().await.observe(&name).await,
        Observed::Running(running) if running.restarts == 0 && running.is_current
    ));
    other.stop(&name).await.unwrap();
    assert_eq!(bench.local().await.observe(&name).await, Observed::Stopped);
    bench.local().await.remove(&name).await.unwrap();
    assert_eq!(other.observe(&name).await, Observed::Absent);
    other.detach().await;
    bench.is_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_walls_are_told() {
    let bench = LocalBench::new().await;
    let walls = bench.local().await.walls();
    assert!(!walls.standing.is_empty());
    if is_root() {
        assert!(walls.standing.iter().any(|wall| wall.contains("user id")), "{walls:?}");
    }
    eprintln!("{walls:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_being_started_while_everything_ends_is_ended_too() {
    let bench = LocalBench::new().await;
    let name = WorkloadName::new("late");
    let runtime = bench.local().await;
    let server = Workload::Postgres(small_server());
    let (_, ended) = tokio::join!(runtime.apply(&name, &server), runtime.shut_down(&[]));
    ended.unwrap();
    assert!(!matches!(runtime.observe(&name).await, Observed::Running(_)));
    bench.reopen().await.remove(&name).await.unwrap();
    bench.is_clean().await;
}
