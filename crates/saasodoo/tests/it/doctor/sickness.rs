//! Ways to break an invariant, and what they are done to.

use std::cell::RefCell;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::platform::Platform;

/// An instance that nobody knows.
pub(super) const NOBODY: &str = "018f0000-0000-7000-8000-00000000dead";

/// One way to break an invariant.
pub(super) struct Sickness {
    /// What is broken, in a few words.
    pub(super) name: &'static str,
    /// The number of the invariant.
    pub(super) invariant: u64,
    /// What doctor has to say: all of these words.
    pub(super) says: Vec<String>,
    /// Breaks it; may be done again.
    pub(super) infect: Act,
    /// Makes it whole again, as a person would.
    pub(super) cure: Act,
}

/// Something that is done to a platform by hand.
pub(super) type Act = Box<dyn Fn(&Patient)>;

impl Sickness {
    /// One that is broken and cured by these.
    pub(super) fn new(
        name: &'static str,
        (invariant, says): (u64, &[&str]),
        infect: impl Fn(&Patient) + 'static,
        cure: impl Fn(&Patient) + 'static,
    ) -> Self {
        let says = says.iter().map(|word| (*word).to_owned()).collect();
        Self { name, invariant, says, infect: Box::new(infect), cure: Box::new(cure) }
    }

    /// Whether a report tells of it.
    pub(super) fn is_in(&self, report: &Value) -> bool {
        report["findings"].as_array().unwrap().iter().any(|found| {
            let text = found["finding"].as_str().unwrap();
            found["invariant"] == self.invariant
                && !found["advice"].as_str().unwrap().is_empty()
                && self.says.iter().all(|word| text.contains(word))
        })
    }
}

/// A platform with customers, and what was started to make it sick.
pub(super) struct Patient {
    pub(super) platform: Platform,
    /// An instance on the shared pool, paid.
    pub(super) acme: String,
    /// An instance with a server of its own.
    pub(super) palace: String,
    processes: Processes,
}

/// What ends with the patient.
#[derive(Default)]
struct Processes(RefCell<Vec<Child>>);

impl Patient {
    /// Two customers have bought and one has paid, and staff have logged in.
    pub(super) fn with_customers(platform: Platform) -> Self {
        let buy = |plan, subdomain, customer| {
            let order = ["order", "--plan", plan, "--subdomain", subdomain];
            let ordered =
                platform.json(&[&order[..], &["--customer", customer, "--wait"]].concat());
            ordered["instance_id"].as_str().unwrap().to_owned()
        };
        let acme = buy("basic-monthly", "acme", "ann@example.com");
        let palace = buy("premium-monthly", "palace", "eve@example.com");
        let patient = Self { platform, acme, palace, processes: Processes::default() };
        patient.pay();
        patient.log_in();
        patient
    }

    fn pay(&self) {
        self.platform.json(&["suspend", "acme"]);
        self.platform.await_status("acme", "suspended");
        let invoices = self.platform.json(&["invoices", "--customer", "ann@example.com"]);
        let open = &invoices["invoices"][0]["id"];
        self.platform.json(&["pay", open.as_str().unwrap(), "--reference", "bank-1"]);
        self.platform.await_status("acme", "running");
    }

    fn log_in(&self) {
        let password = self.platform.staff_password.as_deref().unwrap();
        let body = serde_json::json!({"email": "staff@example.com", "password": password});
        let answer = self.platform.call("POST", "/user/auth/login", "", Some(&body.to_string()));
        assert_eq!(answer.status, 200, "{}", answer.text);
    }

    /// Runs statements in a database of the platform, as the service that owns it.
    pub(super) fn sql(&self, service: &str, statements: &str) -> String {
        let (role, database) = match service {
            "billing" => ("billing_service", "billing"),
            "instance" => ("instance_service", "instance"),
            "database" => ("database_service", "instance"),
            _ => ("auth_service", "auth"),
        };
        self.platform.psql(role, database, statements)
    }

    /// Calls the API as a service.
    pub(super) fn call(&self, method: &str, path: &str, body: Option<&str>) -> u16 {
        let token = self.platform.text(&["token", "--service", "instance-service"]);
        self.platform.call(method, path, &token, body).status
    }

    /// Where the runtime keeps its things.
    pub(super) fn runtime(&self) -> PathBuf {
        self.platform.folder.canonicalize().unwrap().join("runtime")
    }

    /// Starts a process that does nothing.
    pub(super) fn start(&self, command: &mut Command) {
        let child = command.stdin(Stdio::null()).spawn().unwrap();
        self.processes.0.borrow_mut().push(child);
    }

    /// Ends whatever was started.
    pub(super) fn end_processes(&self) {
        self.processes.end();
    }

    /// Runs statements on the shared pool itself, past the platform, as its superuser.
    pub(super) fn on_pool(&self, statement: &str) {
        let question = "select id || ' ' || port || ' ' || encode(superuser_password, 'hex')
                          from database.db_servers where name = 'postgres-pool-1'";
        let row = self.sql("database", question);
        let [id, port, sealed] = row.split(' ').collect::<Vec<_>>()[..] else { panic!("{row}") };
        let vault = vault::Vault::load_or_create(&self.platform.folder.join("keys/vault")).unwrap();
        let sealed = vault::Sealed(bytes(sealed));
        let (table, column) = ("db_servers", "superuser_password");
        let password = vault.open(table, column, id.parse().unwrap(), &sealed).unwrap();
        let output = Command::new("psql")
            .args(["-At", "-h", "127.0.0.1", "-p", port, "-U", "postgres", "-c", statement])
            .env("PGPASSWORD", secrecy::ExposeSecret::expose_secret(&password))
            .output()
            .unwrap();
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() || complaint.contains("exist"), "{complaint}");
    }
}

impl Processes {
    fn end(&self) {
        for mut child in self.0.borrow_mut().drain(..) {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

impl Drop for Processes {
    fn drop(&mut self) {
        self.end();
    }
}

fn bytes(hex: &str) -> Vec<u8> {
    let digits = hex.as_bytes().chunks(2);
    digits.map(|two| u8::from_str_radix(std::str::from_utf8(two).unwrap(), 16).unwrap()).collect()
}
