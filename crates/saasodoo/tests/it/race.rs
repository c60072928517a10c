//! Everything at once: two platforms on one folder, two workers on one database, twenty purchases for five slots.

use std::collections::BTreeSet;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::platform::{BINARY, Platform, wait};

/// So many buy at the same moment.
const PURCHASES: usize = 20;
/// So many slots are free for them.
const SLOTS: usize = 5;
/// Twenty Odoos boot on whatever this machine has.
const PATIENCE: Duration = Duration::from_secs(400);

/// One platform for all races, because each costs the building of a template.
#[test]
fn twenty_purchases_at_once_for_five_slots_with_two_workers_each_end_running() {
    let folder = tempfile::tempdir().unwrap();
    let platform = Platform::up(folder.path(), &["--no-demo"]);
    a_second_platform_is_refused_at_once(&platform);
    let second = Worker::beside(&platform);
    let first_pool = pools(&platform).remove(0);
    leave_slots(&platform, &first_pool);
    let bought = buy_at_once(&platform);
    all_run(&platform);
    assert_eq!(bought.len(), PURCHASES, "every purchase is another instance");
    exactly_one_pool_came(&platform, &first_pool);
    every_act_happened_once(&platform);
    platform.has_nothing_wrong();
    // Or it would start again what the platform ends.
    drop(second);
    platform.stop();
}

fn a_second_platform_is_refused_at_once(platform: &Platform) {
    let before = platform.processes();
    let begun = Instant::now();
    let output = Command::new(BINARY)
        .args(["up", "--data", platform.folder.to_str().unwrap(), "--listen", "127.0.0.1:0"])
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let complaint = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{complaint}");
    assert!(complaint.contains("another platform runs on"), "{complaint}");
    assert!(complaint.contains("--data"), "it says what to do: {complaint}");
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    assert_eq!(platform.processes(), before, "the first is not disturbed");
    platform.has_nothing_wrong();
}

/// The second worker of both queues, a process of its own.
struct Worker(Child);

impl Worker {
    fn beside(platform: &Platform) -> Self {
        let gateway = format!("http://{}/database", platform.address);
        let log = std::fs::File::create(platform.folder.join("log/second-worker.log")).unwrap();
        let child = Command::new(BINARY)
            .args(["serve", "--role", "instance-worker", "--role", "database-worker"])
            .args(["--data", platform.folder.to_str().unwrap()])
            .env("DATABASE_SERVICE_URL", gateway)
            .stdin(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        Self(child)
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn pools(platform: &Platform) -> Vec<Value> {
    platform.json(&["servers"])["pools"].as_array().unwrap().clone()
}

fn leave_slots(platform: &Platform, pool: &Value) {
    let staff = platform.text(&["token", "--staff"]);
    let path =
        format!("/database/api/database/admin/pools/{}/resize", pool["id"].as_str().unwrap());
    let body = format!(r#"{{"max_instances":{SLOTS}}}"#);
    let answer = platform.call("POST", &path, &staff, Some(&body));
    assert_eq!(answer.status, 200, "{}", answer.text);
}

/// Through the door that customers use; each is another customer, so that each has a trial.
fn buy_at_once(platform: &Platform) -> BTreeSet<String> {
    let staff = platform.text(&["token", "--staff"]);
    let customer = |number: usize| {
        let body = format!(r#"{{"email":"buyer-{number}@example.com"}}"#);
        let answer = platform.call("PUT", "/user/admin/customers", &staff, Some(&body));
        assert_eq!(answer.status, 200, "{}", answer.text);
        platform.text(&["token", "--customer", &format!("buyer-{number}@example.com")])
    };
    let tokens: Vec<_> = (0..PURCHASES).map(customer).collect();
    let order = |(number, token): (usize, &String)| {
        let body = format!(r#"{{"plan_name":"basic-monthly","subdomain":"shop-{number}"}}"#);
        let answer = platform.call("POST", "/billing/api/billing/instances", token, Some(&body));
        assert_eq!(answer.status, 201, "{}", answer.text);
        answer.json()["instance_id"].as_str().unwrap().to_owned()
    };
    std::thread::scope(|scope| {
        let order = &order;
        let buyers: Vec<_> =
            tokens.iter().enumerate().map(|buyer| scope.spawn(move || order(buyer))).collect();
        buyers.into_iter().map(|buyer| buyer.join().unwrap()).collect()
    })
}

fn all_run(platform: &Platform) {
    let begun = Instant::now();
    let running = || {
        let running = platform.json(&["instances", "--status", "running"]);
        (running["instances"].as_array().or(running.as_array()).unwrap().len() == PURCHASES)
            .then_some(())
    };
    wait(PATIENCE, running);
    println!("{PURCHASES} purchases at once run after {:?}", begun.elapsed());
    for number in [0, PURCHASES - 1] {
        let page = platform.get(&format!("shop-{number}.localhost"), "/web/login");
        assert_eq!(page.status, 200, "{}", page.text);
    }
}

fn exactly_one_pool_came(platform: &Platform, first: &Value) {
    let pools = pools(platform);
    assert_eq!(pools.len(), 2, "{pools:?}");
    let held = |is_first: bool| {
        let pool = pools.iter().find(|pool| (pool["id"] == first["id"]) == is_first).unwrap();
        pool["current_instances"].as_u64().unwrap()
    };
    assert_eq!((held(true), held(false)), (SLOTS as u64, (PURCHASES - SLOTS) as u64));
}

/// What the audit and the runtime tell: nobody has done anything that another has done.
fn every_act_happened_once(platform: &Platform) {
    let acts =
        "select act || ' ' || count(*) || ' ' || count(distinct instance_id) from instance_audit
                 where act in ('entitle', 'running') group by act order by act";
    let expected = format!("entitle {PURCHASES} {PURCHASES}\nrunning {PURCHASES} {PURCHASES}");
    assert_eq!(platform.psql("instance_service", "instance", acts), expected);
    let allocations = "select count(*), count(distinct instance_id), count(distinct db_name)
                         from database.db_allocations";
    let expected = format!("{PURCHASES}|{PURCHASES}|{PURCHASES}");
    assert_eq!(platform.psql("database_service", "instance", allocations), expected);
    let made = "select count(*) from database.db_audit where action = 'make_server'";
    assert_eq!(platform.psql("database_service", "instance", made), "2");
    let restarts = "select coalesce(sum(seen_restarts), 0) from instances";
    assert_eq!(platform.psql("instance_service", "instance", restarts), "0");
}
