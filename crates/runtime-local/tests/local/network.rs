//! The wall around the network: that it stands as long as its workload is there, whoever comes and goes.
//! What it keeps an Odoo from is told by the contract suite.

use std::net::{TcpListener, UdpSocket};
use std::process::Command;
use std::time::Instant;

use runtime::contract_suite::{Bench as _, Login, Wall, limits, small_server};
use runtime::{
    DatabaseAddress, Observed, OdooServer, PostgresServer, Runtime as _, Workload, WorkloadName,
};

use crate::bench::LocalBench;

/// User ids of the range that are given last: one of nobody, one of somebody who is gone.
const NOBODY: u32 = 1_900_065_535;
const GONE: u32 = 1_900_065_534;

fn nft(arguments: &[&str]) -> bool {
    Command::new("/usr/sbin/nft").args(arguments).output().unwrap().status.success()
}

/// Whether the wall of a user id stands: its chain is there, and what it sends goes through it.
pub(crate) fn is_walled(user_id: u32) -> bool {
    let element = format!("{{ {user_id} }}");
    nft(&["list", "chain", "inet", "saasodoo", &format!("workload-{user_id}")])
        && nft(&["get", "element", "inet", "saasodoo", "workloads", &element])
}

/// Whether somebody with this user id can connect to an address of this machine.
fn connects(user_id: u32, host: &str, port: u16) -> bool {
    let id = user_id.to_string();
    let script = format!("exec 3<>/dev/tcp/{host}/{port}");
    let mut attempt = Command::new("setpriv");
    attempt.args(["--reuid", &id, "--regid", &id, "--clear-groups", "bash", "-c", &script]);
    attempt.output().unwrap().status.success()
}

/// A bench where there is a wall, with a server that runs on it.
async fn walled_server(name: &WorkloadName) -> Option<(LocalBench, Login)> {
    let bench = LocalBench::new().await;
    if !bench.has(Wall::Network) {
        eprintln!("there is no wall around the network here, so what needs one is skipped");
        return None;
    }
    let login = start(&bench, name, small_server()).await;
    Some((bench, login))
}

async fn start(bench: &LocalBench, name: &WorkloadName, server: PostgresServer) -> Login {
    let runtime = bench.local().await;
    runtime.apply(name, &Workload::Postgres(server)).await.unwrap();
    let Observed::Running(running) = runtime.observe(name).await else { panic!("it does not run") };
    let login = Login::new(running.address);
    login.answers().await;
    login
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_answers_and_connects_to_nobody() {
    let name = WorkloadName::new("answers-only");
    let Some((bench, login)) = walled_server(&name).await else { return };
    let id = bench.user_id(&name);
    let stranger = TcpListener::bind("0.0.0.0:0").unwrap();
    let port = stranger.local_addr().unwrap().port();
    let datagrams = UdpSocket::bind(("0.0.0.0", port)).unwrap();
    datagrams.set_nonblocking(true).unwrap();
    for host in bench.own_hosts() {
        assert!(host.contains(':') || connects(NOBODY, &host, port), "nobody listens at {host}");
        assert!(!connects(id, &host, port), "it reaches {host}");
    }
    assert!(!connects(id, "127.0.0.1", login.address.port), "it reaches itself");
    let send = format!("echo secret > /dev/udp/127.0.0.1/{port}");
    let id = id.to_string();
    let sent = Command::new("setpriv")
        .args(["--reuid", &id, "--regid", &id, "--clear-groups", "bash", "-c", &send])
        .output();
    assert!(!sent.unwrap().status.success());
    assert!(datagrams.recv(&mut [0; 10]).is_err());
    // Whoever owns the server's programs owns no more: it cannot be told to connect either.
    let program =
        format!("copy (select 1) to program 'bash -c \"exec 3<>/dev/tcp/127.0.0.1/{port}\"'");
    assert_eq!(login.ask(&program).await, None);
    assert_eq!(login.ask("select 'it answers'").await.as_deref(), Some("it answers"));
    bench.local().await.remove(&name).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_wall_goes_with_its_workload_and_not_before() {
    let name = WorkloadName::new("walled");
    let Some((bench, login)) = walled_server(&name).await else { return };
    let id = bench.user_id(&name);
    assert!(is_walled(id));
    bench.local().await.detach().await;
    assert!(is_walled(id), "the wall has gone with the platform");

    let runtime = bench.reopen().await;
    runtime.stop(&name).await.unwrap();
    let _other = TcpListener::bind(("127.0.0.1", login.address.port)).unwrap();
    let moved = start(&bench, &name, small_server()).await;
    assert_ne!(moved.address, login.address, "it has another port, and answers there");
    runtime.remove(&name).await.unwrap();
    assert!(!is_walled(id));
    bench.is_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wall_that_was_taken_down_is_told_and_put_up_again() {
    let name = WorkloadName::new("exposed");
    let Some((bench, login)) = walled_server(&name).await else { return };
    let id = bench.user_id(&name);
    let element = format!("{{ {id} }}");
    assert!(nft(&["delete", "element", "inet", "saasodoo", "workloads", &element]));
    let walls = bench.local().await.walls();
    assert!(walls.missing.iter().any(|wall| wall.contains("somebody has changed")), "{walls:?}");

    let runtime = bench.reopen().await;
    assert!(is_walled(id));
    assert!(runtime.walls().standing.iter().any(|wall| wall.contains("nftables")));
    login.answers().await;
    runtime.remove(&name).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn walls_of_platforms_that_are_gone_are_cleared_away() {
    let name = WorkloadName::new("clears");
    let Some((bench, _)) = walled_server(&name).await else { return };
    let chain = format!("workload-{GONE}");
    assert!(nft(&["add", "chain", "inet", "saasodoo", &chain]));
    let element = format!("{{ {GONE} : jump {chain} }}");
    assert!(nft(&["add", "element", "inet", "saasodoo", "workloads", &element]));
    assert!(is_walled(GONE));
    let runtime = bench.reopen().await;
    assert!(!is_walled(GONE));
    assert!(is_walled(bench.user_id(&name)));
    runtime.remove(&name).await.unwrap();
}

/// Whoever has connected and says nothing takes a connection from all others, until the server has had enough of it.
#[tokio::test(flavor = "multi_thread")]
async fn an_odoo_that_knocks_without_end_is_not_heard_every_time() {
    let (name, odoo) = (WorkloadName::new("knocked-at"), WorkloadName::new("knocks"));
    let Some((bench, login)) = walled_server(&name).await else { return };
    let Some(version) = bench.odoo() else { return };
    let server = OdooServer {
        version,
        database: DatabaseAddress {
            host: "127.0.0.1".into(),
            port: login.address.port,
            name: "none".into(),
            user: "nobody".into(),
            password: "wrong".into(),
        },
        master_password: "of no use".into(),
        workers: 0,
        limits: limits("512M"),
        restart_generation: 0,
    };
    let runtime = bench.local().await;
    // It does not get in, and its wall stands all the same.
    runtime.apply(&odoo, &Workload::Odoo(server)).await.unwrap();
    let id = bench.user_id(&odoo).to_string();
    let port = login.address.port;
    let knock = format!(
        "for n in $(seq 400); do {{ heard=$((heard + 1)); }} 3<>/dev/tcp/127.0.0.1/{port}; done 2>/dev/null; echo $heard"
    );
    let begin = Instant::now();
    let knocking = Command::new("setpriv")
        .args(["--reuid", &id, "--regid", &id, "--clear-groups", "bash", "-c", &knock])
        .output();
    let heard = String::from_utf8(knocking.unwrap().stdout).unwrap();
    let heard: u32 = heard.trim().parse().unwrap();
    let most = 80.0 + 25.0 * begin.elapsed().as_secs_f64();
    assert!(heard > 10 && f64::from(heard) < most, "{heard} of 400 were heard, {most} at most");
    assert_eq!(login.ask("show authentication_timeout").await.as_deref(), Some("5s"));
    for name in [odoo, name] {
        runtime.remove(&name).await.unwrap();
    }
}
