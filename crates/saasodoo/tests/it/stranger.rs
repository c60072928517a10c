//! A stranger with a generator: schemathesis reads the documents of all services, and asks a real platform, through
//! its gateway, what they allow and what they forbid, as nobody's, a customer's, staff's and a service's program.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::platform::{Platform, wait};

const SERVICES: [&str; 5] = ["user", "instance", "billing", "database", "notification"];

/// Streams have no end; the tests of instance-service ask for them.
const STREAMS: &str = "/events$";

/// These make servers, a PostgreSQL for each body that is right: they are sent only those that are wrong.
const MAKERS: &str = "/(provision-pool|provision-dedicated|allocate)$";

/// What must be true of every answer.
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,\
                      response_schema_conformance,unsupported_method,ignored_auth";

/// So many at a time: each keeps a core busy, and the platform needs one.
const AT_ONCE: usize = 2;

const PATIENCE: Duration = Duration::from_secs(120);

/// One visit: what is read, what is sent, as whom.
struct Visit {
    name: String,
    arguments: Vec<String>,
    output: PathBuf,
}

#[test]
fn no_request_finds_a_fault_or_an_answer_that_the_documents_deny() {
    let program = schemathesis();
    let folder = tempfile::tempdir().unwrap();
    let platform = Platform::up(folder.path(), &["--no-demo"]);
    let visits = visits(&platform, folder.path());
    let mut found = String::new();
    for some in visits.chunks(AT_ONCE) {
        let running: Vec<(&Visit, Child)> =
            some.iter().map(|visit| (visit, visit.begin(&program))).collect();
        for (visit, mut process) in running {
            let ended = wait(PATIENCE, || process.try_wait().unwrap());
            if !ended.success() {
                let told = std::fs::read_to_string(&visit.output).unwrap();
                write!(found, "== {}: {ended}\n{told}\n", visit.name).unwrap();
            }
        }
    }
    assert!(found.is_empty(), "{found}");
    the_inside_is_closed(&platform);
    nothing_was_made_that_nobody_asked_for(&platform);
    wait(PATIENCE, || platform.run(&["doctor"]).status.success().then_some(()));
    platform.stop();
}

/// Each service, asked by a customer, by staff and by a service.
fn visits(platform: &Platform, folder: &Path) -> Vec<Visit> {
    let customer = ["--customer", "ann@example.com"];
    let staff = platform.text(&["token", "--staff"]);
    let body = r#"{"email":"ann@example.com"}"#;
    let made = platform.call("PUT", "/user/admin/customers", &staff, Some(body));
    assert_eq!(made.status, 200, "{}", made.text);
    let tokens = [
        ("customer", platform.text(&[&["token"][..], &customer].concat())),
        ("staff", staff),
        ("service", platform.text(&["token", "--service", "billing-service"])),
    ];
    let mut all = Vec::new();
    for service in SERVICES {
        for (whose, token) in &tokens {
            let exclude = format!("{STREAMS}|{MAKERS}");
            let visit = |what: &str, more: &[&str]| {
                let name = format!("{service} {what} as {whose}");
                let output = folder.join(format!("{}.txt", name.replace(' ', "-")));
                let arguments = arguments(platform, service, token, more);
                Visit { name, arguments, output }
            };
            all.push(visit("everything", &["--exclude-path-regex", &exclude]));
            if service == "database" {
                let wrong = ["--include-path-regex", MAKERS, "--mode", "negative"];
                all.push(visit("makers", &wrong));
            }
        }
    }
    all
}

fn arguments(platform: &Platform, service: &str, token: &str, more: &[&str]) -> Vec<String> {
    let url = format!("http://{}/{service}", platform.address);
    let mut all = vec![
        "run".to_owned(),
        format!("{url}/openapi.json"),
        format!("--url={url}"),
        format!("--header=Authorization: Bearer {token}"),
        format!("--checks={CHECKS}"),
    ];
    // The same requests every time, and no time for making them smaller.
    let fixed = ["--generation-deterministic", "--seed=1", "--no-shrink", "--max-examples=3"];
    let phases = ["--phases=examples,coverage,fuzzing", "--request-timeout=20", "--no-color"];
    all.extend(fixed.iter().chain(&phases).chain(more).map(|&argument| argument.to_owned()));
    all
}

impl Visit {
    fn begin(&self, program: &Path) -> Child {
        let output = std::fs::File::create(&self.output).unwrap();
        Command::new(program)
            .args(&self.arguments)
            .current_dir(self.output.parent().unwrap())
            .stdin(Stdio::null())
            .stdout(output.try_clone().unwrap())
            .stderr(output)
            .spawn()
            .unwrap()
    }
}

fn the_inside_is_closed(platform: &Platform) {
    let service = platform.text(&["token", "--service", "billing-service"]);
    let id = "019ab000-0000-7000-8000-000000000001";
    for name in SERVICES {
        for path in [format!("/{name}/metrics"), format!("/{name}/internal/customers/{id}")] {
            assert_eq!(platform.call("GET", &path, &service, None).status, 404, "{path}");
        }
    }
}

fn nothing_was_made_that_nobody_asked_for(platform: &Platform) {
    // Staff's program finds the first pool in a list, and removes it as staff may; another is made in its place.
    wait(PATIENCE, || {
        let pools = platform.json(&["servers"])["pools"].as_array().unwrap().clone();
        (pools.len() == 1 && pools[0]["status"] == "active").then_some(())
    });
}

/// The program, from PyPI, of one version.
fn schemathesis() -> PathBuf {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../scripts/install-schemathesis");
    let output = Command::new(script).stderr(Stdio::inherit()).output().unwrap();
    assert!(output.status.success(), "schemathesis cannot be installed");
    PathBuf::from(String::from_utf8(output.stdout).unwrap().trim())
}
