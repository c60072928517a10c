//! The main job: buy, run, suspend, pay, stop, start, delete; and what survives.

use std::time::{Duration, Instant};

use crate::platform::{Platform, processes, wait};
use crate::{bad_input, browser};

/// One platform for one long story: building a template for each sentence of it would take half a minute each.
#[test]
fn a_customer_buys_an_odoo_and_billing_drives_its_life() {
    let folder = tempfile::tempdir().unwrap();
    let platform = Platform::up(folder.path(), &["--no-demo"]);
    a_basic_order_runs_on_the_shared_pool(&platform);
    its_administrator_can_log_in(&platform);
    the_platforms_own_tables_answer(&platform);
    without_an_entitlement_there_is_a_database_and_no_odoo(&platform);
    the_same_allocate_ten_times_is_one_database(&platform);
    suspended_until_it_is_paid(&platform);
    what_must_be_paid_first_waits(&platform);
    stop_start_and_restart_do_what_they_say(&platform);
    bad_input::is_answered_clearly(&platform);
    browser::shows_the_console(&platform);
    a_premium_order_gets_a_server_of_its_own(&platform);
    deleted_is_gone(&platform);
    doctor_finds_nothing(&platform);
    let folder_path = killed_and_started_again_adopts_what_runs(platform);
    stopped_and_started_again_continues(&folder_path);
}

fn a_basic_order_runs_on_the_shared_pool(platform: &Platform) {
    let order = ["order", "--plan", "basic-monthly", "--subdomain", "acme"];
    let more = ["--customer", "ann@example.com", "--wait"];
    let ordered = platform.json(&[&order[..], &more].concat());
    assert_eq!(ordered["standing"], "trial");
    assert_eq!(platform.status("acme"), ("running".to_owned(), None));
    let instance = platform.json(&["instance", "acme"]);
    assert_eq!(instance["db_type"], "shared");
    let page = platform.get("acme.localhost", "/web/login");
    assert_eq!(page.status, 200);
    assert!(page.text.contains("Odoo"), "{}", page.text);
    let assets = assets(&page.text);
    assert!(2 <= assets.len(), "{assets:?}");
    for asset in assets {
        let answer = platform.get("acme.localhost", &asset);
        assert_eq!(answer.status, 200, "{asset}");
        assert!(1000 < answer.text.len(), "{asset}");
    }
}

/// The paths of a page's style sheets and scripts.
fn assets(page: &str) -> Vec<String> {
    page.split('"').filter(|text| text.starts_with("/web/assets/")).map(str::to_owned).collect()
}

fn its_administrator_can_log_in(platform: &Platform) {
    let login = platform.json(&["login", "acme"]);
    assert_eq!(login["login"], "ann@example.com");
    let jar = platform.folder.join("cookies");
    let jar = jar.to_str().unwrap();
    let cookies = ["--cookie", jar, "--cookie-jar", jar];
    let page = platform.request("acme.localhost", "/web/login", &cookies);
    let token = page.text.split("name=\"csrf_token\" value=\"").nth(1).unwrap();
    let form = [
        format!("csrf_token={}", token.split('"').next().unwrap()),
        format!("login={}", login["login"].as_str().unwrap()),
        format!("password={}", login["password"].as_str().unwrap()),
    ];
    let fields = form.iter().flat_map(|field| ["--data-urlencode", field.as_str()]);
    let fields: Vec<&str> = cookies.into_iter().chain(fields).collect();
    let answer = platform.request("acme.localhost", "/web/login", &fields);
    assert_eq!(answer.status, 303, "{}", answer.text);
    assert_eq!(platform.request("acme.localhost", "/odoo", &cookies).status, 200);
}

fn the_platforms_own_tables_answer(platform: &Platform) {
    let plans = "SELECT plan_name, db_type FROM plan_entitlements ORDER BY plan_name";
    let plans = platform.psql("billing_service", "billing", plans);
    let expected = "basic-immediate|shared\nbasic-monthly|shared\nbasic-test-trial|shared\n\
                    premium-monthly|dedicated\nstandard-monthly|shared";
    assert_eq!(plans, expected);
    let instances = "SELECT id, name, db_type, db_host, status FROM instances LIMIT 5";
    let instances = platform.psql("database_service", "instance", instances);
    assert!(instances.contains("|shared|") && instances.ends_with("|running"), "{instances}");
}

fn without_an_entitlement_there_is_a_database_and_no_odoo(platform: &Platform) {
    let staff = platform.text(&["token", "--staff"]);
    let customer = "018f0000-0000-7000-8000-000000000001";
    let body = format!(
        r#"{{"customer_id":"{customer}","subscription_id":"018f0000-0000-7000-8000-000000000002",
            "plan_name":"basic-monthly","name":"No money","subdomain":"no-money","odoo_version":"19.0",
            "admin_email":"poor@example.com"}}"#
    );
    let answer = platform.call("POST", "/instance/api/v1/instances", &staff, Some(&body));
    assert_eq!(answer.status, 201, "{}", answer.text);
    let has_database = || {
        let question =
            "SELECT db_name FROM instances WHERE subdomain = 'no-money' AND db_name IS NOT NULL";
        Some(platform.psql("database_service", "instance", question))
            .filter(|name| !name.is_empty())
    };
    wait(Duration::from_secs(30), has_database);
    assert_eq!(platform.status("no-money").0, "awaiting_payment");
    assert_ne!(platform.get("no-money.localhost", "/web/login").status, 200);
}

fn the_same_allocate_ten_times_is_one_database(platform: &Platform) {
    let token = platform.text(&["token", "--service", "instance-service"]);
    let body = r#"{"instance_id":"018f0000-0000-7000-8000-0000000000a1","db_type":"shared",
                   "customer_id":"018f0000-0000-7000-8000-0000000000a2"}"#;
    let ask = || platform.call("POST", "/database/api/database/allocate", &token, Some(body));
    let answers: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..10).map(|_| scope.spawn(ask)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let answers: Vec<_> = answers.iter().map(|a| (a.status, a.json())).collect();
    assert_eq!(answers[0].0, 200, "{:?}", answers[0]);
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    the_password_works_there_and_nowhere_else(&answers[0].1);
    // Nobody owns it, which doctor would rightly tell.
    let path = "/database/api/database/allocations/018f0000-0000-7000-8000-0000000000a1";
    assert_eq!(platform.call("DELETE", path, &token, None).status, 202);
}

fn the_password_works_there_and_nowhere_else(allocated: &serde_json::Value) {
    let text = |field: &str| allocated[field].as_str().unwrap().to_owned();
    let connect = |database: &str| {
        std::process::Command::new("psql")
            .args(["-At", "-h", &text("db_host"), "-p", &allocated["db_port"].to_string()])
            .args(["-U", &text("db_user"), "-d", database, "-c", "select 1"])
            .env("PGPASSWORD", text("db_password"))
            .output()
            .unwrap()
            .status
            .success()
    };
    assert!(connect(&text("db_name")));
    assert!(!connect("postgres") && !connect("template1"));
}

fn suspended_until_it_is_paid(platform: &Platform) {
    platform.json(&["suspend", "acme"]);
    platform.await_status("acme", "suspended");
    assert_eq!(platform.status("acme").1.as_deref(), Some("unpaid"));
    let page = platform.get("acme.localhost", "/web/login");
    assert_eq!(page.status, 402, "{}", page.text);
    pay(platform, "ann@example.com", "bank-1");
    platform.await_status("acme", "running");
    assert_eq!(platform.get("acme.localhost", "/web/login").status, 200);
}

/// Pays whatever is open.
fn pay(platform: &Platform, customer: &str, reference: &str) {
    let invoices = platform.json(&["invoices", "--customer", customer]);
    let invoices = invoices["invoices"].as_array().unwrap();
    let open: Vec<_> = invoices.iter().filter(|i| !is_zero(&i["balance"])).collect();
    assert!(!open.is_empty(), "{invoices:?}");
    for (number, invoice) in open.iter().enumerate() {
        let reference = format!("{reference}-{number}");
        platform.json(&["pay", invoice["id"].as_str().unwrap(), "--reference", &reference]);
    }
}

fn is_zero(amount: &serde_json::Value) -> bool {
    amount.as_str().unwrap().chars().all(|c| c == '0' || c == '.')
}

fn what_must_be_paid_first_waits(platform: &Platform) {
    let order = ["order", "--plan", "basic-immediate", "--subdomain", "cash"];
    let ordered = platform.json(&[&order[..], &["--customer", "bob@example.com"]].concat());
    assert_eq!(ordered["standing"], "awaiting_payment");
    platform.await_status("cash", "awaiting_payment");
    pay(platform, "bob@example.com", "bank-2");
    platform.await_status("cash", "running");
}

fn stop_start_and_restart_do_what_they_say(platform: &Platform) {
    platform.json(&["stop", "cash"]);
    platform.await_status("cash", "stopped");
    assert_eq!(platform.get("cash.localhost", "/web/login").status, 503);
    platform.json(&["start", "cash"]);
    platform.await_status("cash", "running");
    let started = |p: &Platform| p.json(&["instance", "cash"])["started_at"].clone();
    let before = started(platform);
    platform.json(&["restart", "cash"]);
    wait(Duration::from_secs(60), || (started(platform) != before).then_some(()));
    platform.await_status("cash", "running");
}

fn a_premium_order_gets_a_server_of_its_own(platform: &Platform) {
    let order = ["order", "--plan", "premium-monthly", "--subdomain", "palace"];
    platform.json(&[&order[..], &["--customer", "eve@example.com", "--wait"]].concat());
    assert_eq!(platform.get("palace.localhost", "/web/login").status, 200);
    let servers = platform.json(&["servers"]);
    let servers = servers["pools"].as_array().unwrap();
    let dedicated: Vec<_> = servers.iter().filter(|s| s["server_type"] == "dedicated").collect();
    assert_eq!(dedicated.len(), 1, "{servers:?}");
    assert_eq!(dedicated[0]["current_instances"], 1);
    assert_eq!(dedicated[0]["max_instances"], 1);
}

fn deleted_is_gone(platform: &Platform) {
    let (code, message) = platform.refused(&["delete", "palace", "--confirm", "acme"]);
    assert_eq!(code, 3, "{message}");
    platform.json(&["delete", "palace", "--confirm", "palace"]);
    platform.await_status("palace", "terminated");
    assert_eq!(platform.get("palace.localhost", "/web/login").status, 404);
}

fn doctor_finds_nothing(platform: &Platform) {
    let output = wait(Duration::from_secs(60), || {
        let output = platform.run(&["doctor"]);
        output.status.success().then_some(output)
    });
    println!("{}", String::from_utf8_lossy(&output.stdout));
}

fn killed_and_started_again_adopts_what_runs(platform: Platform) -> std::path::PathBuf {
    let tenants =
        |lines: Vec<String>| lines.into_iter().filter(|l| l.contains("units/odoo-")).count();
    let before = tenants(platform.processes());
    let folder = platform.kill();
    assert_eq!(tenants(processes(&folder)), before, "tenants outlive the platform");
    let platform = Platform::up(&folder, &["--no-demo"]);
    platform.await_status("acme", "running");
    assert_eq!(platform.get("acme.localhost", "/web/login").status, 200);
    doctor_finds_nothing(&platform);
    platform.stop();
    folder
}

fn stopped_and_started_again_continues(folder: &std::path::Path) {
    let begun = Instant::now();
    let platform = Platform::up(folder, &["--no-demo"]);
    platform.await_status("acme", "running");
    println!("a second start takes {:?} until what ran before runs", begun.elapsed());
    assert_eq!(platform.get("acme.localhost", "/web/login").status, 200);
    platform.stop();
}
