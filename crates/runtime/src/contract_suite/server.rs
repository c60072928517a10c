//! Claims about PostgreSQL servers.

use super::probe::{eventually, running};
use super::{Bench, limits, small_server, start_server};
use crate::{Observed, PostgresServer, Workload, WorkloadName};

/// Applied, it runs, lets its superuser in, and nobody else.
pub async fn a_server_runs_and_asks_for_its_password(bench: &dyn Bench) {
    let (runtime, name) = (bench.runtime().await, WorkloadName::new("contract-first"));
    assert_eq!(runtime.observe(&name).await, Observed::Absent);
    let login = start_server(&runtime, &name, &small_server()).await;
    assert_eq!(login.ask("select current_user::text").await.as_deref(), Some("postgres"));
    assert!(login.refuses_other_passwords().await);
    runtime.remove(&name).await.unwrap();
}

/// What already runs is not touched by the same description, and is restarted by another.
pub async fn a_server_is_restarted_by_another_description_only(bench: &dyn Bench) {
    let (runtime, name) = (bench.runtime().await, WorkloadName::new("contract-change"));
    let login = start_server(&runtime, &name, &small_server()).await;
    login.execute("create table kept (note text); insert into kept values ('here')").await;
    let first = login.started_at().await.unwrap();

    runtime.apply(&name, &Workload::Postgres(small_server())).await.unwrap();
    assert_eq!(login.started_at().await.unwrap(), first, "the same description restarted it");

    let larger = PostgresServer { max_connections: 40, limits: limits("1G"), ..small_server() };
    let login = start_server(&runtime, &name, &larger).await;
    assert_ne!(login.started_at().await.unwrap(), first);
    assert_eq!(login.ask("show max_connections").await.as_deref(), Some("40"));
    assert_eq!(login.ask("select note from kept").await.as_deref(), Some("here"));
    runtime.remove(&name).await.unwrap();
}

/// Stopped, it is down and keeps what it has; applied again, it has it, at the same address.
pub async fn a_stopped_server_keeps_what_it_has(bench: &dyn Bench) {
    let (runtime, name) = (bench.runtime().await, WorkloadName::new("contract-stop"));
    let login = start_server(&runtime, &name, &small_server()).await;
    login.execute("create table kept (note text); insert into kept values ('here')").await;

    runtime.stop(&name).await.unwrap();
    assert_eq!(runtime.observe(&name).await, Observed::Stopped);
    assert_eq!(login.started_at().await, None, "a stopped server answers");
    runtime.stop(&name).await.unwrap();

    let again = start_server(&runtime, &name, &small_server()).await;
    assert_eq!(again.address, login.address);
    assert_eq!(again.ask("select note from kept").await.as_deref(), Some("here"));
    runtime.remove(&name).await.unwrap();
}

/// Removed, nothing of it is left; removing and stopping what is not there succeeds.
pub async fn a_removed_server_leaves_nothing(bench: &dyn Bench) {
    let (runtime, name) = (bench.runtime().await, WorkloadName::new("contract-remove"));
    let login = start_server(&runtime, &name, &small_server()).await;
    login.execute("create table lost (note text)").await;

    runtime.remove(&name).await.unwrap();
    assert_eq!(runtime.observe(&name).await, Observed::Absent);
    assert_eq!(bench.leftovers(&name).await, Vec::<String>::new());
    runtime.remove(&name).await.unwrap();
    runtime.stop(&name).await.unwrap();
    assert_eq!(runtime.observe(&name).await, Observed::Absent);
    assert_eq!(bench.leftovers(&name).await, Vec::<String>::new());

    let anew = start_server(&runtime, &name, &small_server()).await;
    assert_eq!(anew.ask("select to_regclass('lost')::text").await, None);
    runtime.remove(&name).await.unwrap();
}

/// Crashed, it comes back by itself, that is counted, and whoever listens hears of it.
pub async fn a_crashed_server_comes_back(bench: &dyn Bench) {
    let (runtime, name) = (bench.runtime().await, WorkloadName::new("contract-crash"));
    let login = start_server(&runtime, &name, &small_server()).await;
    let first = login.started_at().await.unwrap();
    let mut changes = runtime.changes();

    for crashes in 1..=2 {
        bench.crash(&name).await;
        let running = eventually("a crashed server is restarted", || async {
            match runtime.observe(&name).await {
                Observed::Running(running) if running.restarts == crashes => Some(running),
                _ => None,
            }
        })
        .await;
        assert!(running.is_current);
        login.answers().await;
    }
    assert_ne!(login.started_at().await.unwrap(), first);
    assert_eq!(changes.recv().await.unwrap(), name);

    // Stopped after a crash, it stays down.
    bench.crash(&name).await;
    runtime.stop(&name).await.unwrap();
    tokio::time::timeout(std::time::Duration::from_millis(1500), std::future::pending::<()>())
        .await
        .unwrap_err();
    assert_eq!(runtime.observe(&name).await, Observed::Stopped);
    assert_eq!(login.started_at().await, None);
    runtime.remove(&name).await.unwrap();
}

/// The platform may go and come: what runs goes on running, is known, and is looked after again.
pub async fn a_server_outlives_the_platform(bench: &dyn Bench) {
    let (runtime, name) = (bench.runtime().await, WorkloadName::new("contract-outlive"));
    let login = start_server(&runtime, &name, &small_server()).await;
    let first = login.started_at().await.unwrap();
    drop(runtime);

    let runtime = bench.reopen().await;
    assert_eq!(login.started_at().await.unwrap(), first, "a new platform restarted it");
    let known = runtime.inventory().await.unwrap();
    assert!(
        known
            .iter()
            .any(|entry| { entry.name == name && matches!(&entry.observed, Observed::Running(_)) })
    );
    runtime.apply(&name, &Workload::Postgres(small_server())).await.unwrap();
    assert_eq!(login.started_at().await.unwrap(), first, "the same description restarted it");

    bench.crash(&name).await;
    eventually("an adopted server is restarted", || async {
        login.started_at().await.filter(|now| *now != first)
    })
    .await;
    runtime.remove(&name).await.unwrap();
    assert_eq!(bench.leftovers(&name).await, Vec::<String>::new());
}

/// Its log can be read, and holds no statement.
pub async fn a_server_has_a_log(bench: &dyn Bench) {
    let (runtime, name) = (bench.runtime().await, WorkloadName::new("contract-log"));
    let login = start_server(&runtime, &name, &small_server()).await;
    assert_eq!(login.ask("select no_such_function('hush')").await, None);
    eventually("the log has the error", || async {
        let lines = runtime.logs(&name, 50).await.unwrap();
        lines.iter().any(|line| line.contains("no_such_function")).then_some(())
    })
    .await;
    let lines = runtime.logs(&name, 50).await.unwrap();
    assert!(!lines.iter().any(|line| line.contains("hush")), "{lines:?}");
    assert_eq!(runtime.logs(&name, 1).await.unwrap().len(), 1);
    runtime.remove(&name).await.unwrap();
}

/// Many at once do not get into each other's way.
pub async fn several_servers_start_at_once(bench: &dyn Bench) {
    let runtime = bench.runtime().await;
    let names: Vec<_> = (1..=3).map(|n| WorkloadName::new(format!("contract-many-{n}"))).collect();
    let server = Workload::Postgres(small_server());
    let (one, two, three) = tokio::join!(
        runtime.apply(&names[0], &server),
        runtime.apply(&names[1], &server),
        runtime.apply(&names[2], &server),
    );
    for applied in [one, two, three] {
        applied.unwrap();
    }
    let mut addresses = Vec::new();
    for name in &names {
        addresses.push(running(&runtime, name).await.address);
    }
    assert!(
        addresses[0] != addresses[1]
            && addresses[1] != addresses[2]
            && addresses[0] != addresses[2]
    );
    for name in &names {
        runtime.remove(name).await.unwrap();
    }
}
