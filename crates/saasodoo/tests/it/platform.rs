//! A platform of a test's own: `saasodoo up` on a fresh folder and a free port, ended whatever happens.

use std::io::{BufRead, BufReader, Read};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use serde_json::Value;

pub(crate) const BINARY: &str = env!("CARGO_BIN_EXE_saasodoo");

/// Building the template takes half a minute on a good machine.
const PATIENCE: Duration = Duration::from_secs(300);

/// A platform that runs.
pub(crate) struct Platform {
    pub(crate) folder: PathBuf,
    pub(crate) address: SocketAddr,
    /// What only a first start says.
    pub(crate) staff_password: Option<String>,
    process: Child,
}

/// An answer over HTTP.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("no JSON: {}", self.text))
    }
}

impl Platform {
    /// Starts a platform on this folder and waits until it says that it is ready.
    pub(crate) fn up(folder: &Path, more: &[&str]) -> Self {
        let address = free_address();
        let mut process = Command::new(BINARY)
            .args(["up", "--data", folder.to_str().unwrap(), "--listen", &address.to_string()])
            .args(more)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap();
        let staff_password = wait_for_ready(process.stdout.take().unwrap());
        Self { folder: folder.to_owned(), address, staff_password, process }
    }

    /// Asks it to stop, and waits until it has.
    pub(crate) fn stop(mut self) {
        signal(self.process.id(), "TERM");
        let ended = wait(Duration::from_secs(60), || self.process.try_wait().unwrap());
        assert!(ended.success(), "{ended}");
        assert_eq!(self.processes(), Vec::<String>::new(), "processes are left");
    }

    /// Kills the platform, and nothing else.
    pub(crate) fn kill(mut self) -> PathBuf {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
        self.folder.clone()
    }

    /// The command lines of all processes that name the platform's folder.
    pub(crate) fn processes(&self) -> Vec<String> {
        processes(&self.folder)
    }

    /// Runs a command of the client on this platform.
    pub(crate) fn run(&self, args: &[&str]) -> Output {
        Command::new(BINARY)
            .args(["--data", self.folder.to_str().unwrap()])
            .args(args)
            .stdin(Stdio::null())
            .output()
            .unwrap()
    }

    /// Runs a command of the client that must succeed, and reads its JSON.
    pub(crate) fn json(&self, args: &[&str]) -> Value {
        let output = self.run(&[args, &["--json"]].concat());
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// Runs a command of the client that must succeed, and reads its text.
    pub(crate) fn text(&self, args: &[&str]) -> String {
        let output = self.run(args);
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// Runs a command of the client that must fail; its exit code and what it said.
    pub(crate) fn refused(&self, args: &[&str]) -> (i32, String) {
        let output = self.run(args);
        assert!(!output.status.success(), "{args:?} succeeded");
        (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
    }

    /// Asks a question in the platform's PostgreSQL, as the seed's commands do.
    pub(crate) fn psql(&self, role: &str, database: &str, question: &str) -> String {
        let folder = self.folder.display();
        let script = format!(
            r#"eval "$({BINARY} env --data {folder})" && psql -At -U {role} -d {database} -c "$0""#
        );
        let output = Command::new("bash").args(["-c", &script, question]).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// Requests a page of a host behind the edge.
    pub(crate) fn get(&self, host: &str, path: &str) -> Answer {
        self.request(host, path, &["--header", "Accept: text/html"])
    }

    /// Requests something of a host behind the edge, with more of curl's arguments.
    pub(crate) fn request(&self, host: &str, path: &str, more: &[&str]) -> Answer {
        let port = self.address.port();
        let output = Command::new("curl")
            .args(["--silent", "--max-time", "60", "--path-as-is", "--write-out", "\n%{http_code}"])
            .args(["--connect-to", &format!("::127.0.0.1:{port}")])
            .args(more)
            .arg(format!("http://{host}:{port}{path}"))
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let (text, status) = text.rsplit_once('\n').unwrap();
        Answer { status: status.parse().unwrap(), text: text.to_owned() }
    }

    /// Calls the API with a token, with a JSON body if there is one.
    pub(crate) fn call(&self, method: &str, path: &str, token: &str, body: Option<&str>) -> Answer {
        let bearer = format!("Authorization: Bearer {token}");
        let mut more = vec!["--request", method, "--header", &bearer];
        if let Some(body) = body {
            more.extend(["--header", "Content-Type: application/json", "--data-raw", body]);
        }
        self.request("api.localhost", path, &more)
    }

    /// The status and its reason of an instance.
    pub(crate) fn status(&self, subdomain: &str) -> (String, Option<String>) {
        let instance = self.json(&["instance", subdomain]);
        let reason = instance["status_reason"].as_str().map(str::to_owned);
        (instance["status"].as_str().unwrap().to_owned(), reason)
    }

    /// What `doctor` finds, each with all that it says; with more of its arguments.
    pub(crate) fn doctor(&self, more: &[&str]) -> Value {
        let output = self.run(&[&["doctor", "--json"], more].concat());
        let complaint = String::from_utf8_lossy(&output.stderr);
        serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("no report: {complaint}"))
    }

    /// Waits until `doctor` finds nothing.
    pub(crate) fn has_nothing_wrong(&self) {
        let mut report = Value::Null;
        for _ in 0..6 {
            report = self.doctor(&[]);
            if report["findings"].as_array().unwrap().is_empty() {
                return;
            }
        }
        panic!("{report:#}");
    }

    /// Waits until an instance is in this status.
    pub(crate) fn await_status(&self, subdomain: &str, status: &str) {
        let mut seen = String::new();
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            seen = self.status(subdomain).0;
            if seen == status {
                return;
            }
            pause();
        }
        panic!("{subdomain} is {seen} and not {status}");
    }
}

impl Drop for Platform {
    fn drop(&mut self) {
        if self.process.try_wait().is_ok_and(|ended| ended.is_none()) {
            signal(self.process.id(), "TERM");
            let _ = self.process.wait();
        }
    }
}

/// The command lines of all processes that name this folder.
pub(crate) fn processes(folder: &Path) -> Vec<String> {
    let folder = folder.to_str().unwrap();
    let entries = std::fs::read_dir("/proc").unwrap().filter_map(Result::ok);
    entries
        .filter_map(|entry| std::fs::read(entry.path().join("cmdline")).ok())
        .map(|line| String::from_utf8_lossy(&line).replace('\0', " "))
        .filter(|line| line.contains(folder))
        .collect()
}

/// Waits until something is there.
pub(crate) fn wait<T>(patience: Duration, mut look: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    while begun.elapsed() < patience {
        if let Some(found) = look() {
            return found;
        }
        pause();
    }
    panic!("nothing came within {patience:?}");
}

/// The pace of looking from outside, where nothing wakes us.
fn pause() {
    std::thread::park_timeout(Duration::from_millis(50));
}

fn signal(process: u32, name: &str) {
    let status = Command::new("kill").args([&format!("-{name}"), &process.to_string()]).status();
    assert!(status.unwrap().success());
}

fn free_address() -> SocketAddr {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap()
}

/// Waits for the line `ready`, and returns the staff password if it was said. Reads on after the line, so that the
/// platform never writes into a closed pipe.
fn wait_for_ready(stdout: impl Read + Send + 'static) -> Option<String> {
    let (told, ready) = mpsc::channel();
    std::thread::spawn(move || {
        let mut password = None;
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            println!("{line}");
            if line.contains("shown this once") {
                password = line.split_whitespace().nth(1).map(str::to_owned);
            }
            if line.starts_with("ready") {
                let _ = told.send(password.take());
            }
        }
    });
    ready.recv_timeout(PATIENCE).expect("the platform becomes ready")
}
