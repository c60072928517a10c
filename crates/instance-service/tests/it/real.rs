use std::process::{Command, Stdio};
use contract::instance::AdminLogin;
use secrecy::ExposeSecret;
use serde_json::json;
use vocabulary::InstanceId;
use crate::world::World;

fn odoo(db: &runtime::DatabaseAddress, data: &str, extra: &[&str]) -> Command {
    let mut c = Command::new("bwrap");
    c.args(["--ro-bind", "/tmp/w/rootfs", "/", "--dev", "/dev", "--proc", "/proc", "--tmpfs", "/tmp", "--tmpfs", "/run", "--bind", data, "/var/lib/odoo", "--unshare-pid", "--die-with-parent"]);
    c.args(if extra[0] == "-i" { vec!["python3", "-"] } else { vec!["odoo"] });
    c.args([
        "--db_host", &db.host, "--db_port", &db.port.to_string(), "-r", &db.user, "-w", db.password.expose_secret(), "-d", &db.name, "--data-dir", "/var/lib/odoo", "--no-database-list"]);
    c.args(extra);
    c
}

#[tokio::test(flavor = "multi_thread")]
async fn real_odoo() {
    let world = World::new().await;
    world.databases.has_no_template();
    std::fs::create_dir_all("/tmp/f-odoo").unwrap();
    world.runtime.on_job(|job| async move {
        let s = tokio::task::spawn_blocking(move || odoo(&job.database, "/tmp/f-odoo", &["-i", "base,web", "--stop-after-init", "--no-http"]).stdin(std::fs::File::open("/work/main/crates/odoo/src/scripts/install.py").unwrap()).stderr(Stdio::inherit()).status().unwrap()).await.unwrap();
        anyhow::ensure!(s.success(), "install {s}");
        Ok(())
    });
    let id = InstanceId::new();
    let mut e = world.entitlement(1, "trial");
    e["order"]["timezone"] = json!("Europe/Berlin");
    e["order"]["language"] = json!("en_US");
    world.entitle(id, &e).await;
    world.settle().await;
    println!("{:?}", world.told(id).await);
    assert_eq!(world.status(id).await, "running");
    let (_, answer) = world.ask(&world.ann.token, "GET", &format!("/{id}/admin-login"), None).await;
    let login: AdminLogin = serde_json::from_value(answer).unwrap();
    let db = match world.runtime.applied(&crate::world::odoo(id)) { Some(runtime::Workload::Odoo(o)) => o.database, _ => panic!() };
    let mut server = odoo(&db, "/tmp/f-odoo", &["--http-port", "28169", "--http-interface", "127.0.0.1", "--workers", "0"]).stderr(Stdio::null()).spawn().unwrap();
    let http = reqwest::Client::builder().tls_certs_only([]).no_proxy().build().unwrap();
    let mut ok = false;
    for _ in 0..200 {
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        if let Ok(r) = http.get("http://127.0.0.1:28169/web/login").send().await { if r.status() == 200 { ok = true; break; } }
    }
    assert!(ok);
    let r: serde_json::Value = http.post("http://127.0.0.1:28169/web/session/authenticate").json(&json!({"jsonrpc":"2.0","params":{"db":db.name,"login":login.login,"password":login.password}})).send().await.unwrap().json().await.unwrap();
    println!("{}", r["result"]["name"]);
    println!("{} {} {} {} {}", r["result"]["uid"], r["result"]["username"], r["result"]["web.base.url"], r["result"]["user_context"], r["result"]["user_companies"]);
    println!("{}", r["error"]);
    let bad: serde_json::Value = http.post("http://127.0.0.1:28169/web/session/authenticate").json(&json!({"jsonrpc":"2.0","params":{"db":db.name,"login":"admin","password":"admin"}})).send().await.unwrap().json().await.unwrap();
    println!("bad: {}", bad["error"]["data"]["name"]);
    server.kill().unwrap(); server.wait().unwrap();
}
