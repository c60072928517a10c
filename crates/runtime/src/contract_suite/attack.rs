//! Claims about a tenant who attacks: from inside of an Odoo, where a customer's administrator may run programs, with
//! the rights, the credentials and the network that an Odoo has. What is tried is tried for real.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream, UdpSocket};

use super::probe::{fetch, post, running};
use super::tenant::{Ground, start_odoo};
use super::{Bench, limits, small_server, start_server};
use crate::{Address, OdooJob, WorkloadName};

/// A wall that not every machine can put up. Where it is missing, an implementation's
/// [`walls`](crate::Runtime::walls) say so, and the claims about it are skipped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wall {
    /// Around the network of a workload.
    Network,
    /// Around sockets that are neither of the network nor files.
    AbstractSockets,
    /// Around the memory of a workload as a whole.
    Memory,
    /// Around the number of its processes.
    Processes,
}

/// Every claim of this module, on one ground.
pub async fn all(bench: &dyn Bench, ground: &Ground) {
    let started = Instant::now();
    an_odoo_gains_no_rights_and_finds_no_secrets(bench, ground).await;
    an_odoo_reaches_its_own_server_and_nobody_else(bench, ground).await;
    an_odoo_that_serves_reaches_nobody_else(bench, ground).await;
    nobody_hears_an_odoo_that_takes_a_port(bench, ground).await;
    eprintln!("what an attacker reaches was tried after {:?}", started.elapsed());
    what_takes_everything_is_bounded(bench, ground).await;
    eprintln!("what an attacker takes was tried after {:?}", started.elapsed());
}

impl Ground {
    async fn attack(&self, script: &str) {
        self.attack_with(self.script(script)).await;
    }

    async fn attack_with(&self, job: OdooJob) {
        let name = WorkloadName::new("contract-attack");
        if let Err(error) = self.runtime.run(&name, &job).await {
            panic!("{error:#}");
        }
    }
}

/// No privileges, none to be had from programs that lend them, nothing to write outside of its volume, and nothing to
/// read of the machine's secrets.
pub async fn an_odoo_gains_no_rights_and_finds_no_secrets(bench: &dyn Bench, ground: &Ground) {
    let secrets = quoted(bench.secrets().iter().map(|path| path.display().to_string()));
    ground.attack(&format!("SECRETS = [{secrets}]\n{RIGHTS}")).await;
}

const RIGHTS: &str = include_str!("attack/rights.py");

/// The listeners of a stranger: what a workload must not reach of the machine that it runs on.
struct Stranger {
    tcp: TcpListener,
    tcp6: Option<TcpListener>,
    udp: UdpSocket,
    abstract_name: String,
    abstract_socket: std::os::unix::net::UnixListener,
}

impl Stranger {
    async fn new() -> Self {
        use std::os::linux::net::SocketAddrExt as _;
        let tcp = TcpListener::bind("0.0.0.0:0").await.unwrap();
        let port = tcp.local_addr().unwrap().port();
        let abstract_name = format!("contract-stranger-{port}");
        let name = std::os::unix::net::SocketAddr::from_abstract_name(&abstract_name).unwrap();
        let abstract_socket = std::os::unix::net::UnixListener::bind_addr(&name).unwrap();
        abstract_socket.set_nonblocking(true).unwrap();
        Self {
            udp: UdpSocket::bind(("0.0.0.0", port)).await.unwrap(),
            tcp6: TcpListener::bind(("::1", port)).await.ok(),
            tcp,
            abstract_name,
            abstract_socket,
        }
    }

    fn port(&self) -> u16 {
        self.tcp.local_addr().unwrap().port()
    }

    /// Whether anybody has come.
    async fn was_visited(&self) -> Option<&'static str> {
        let now = Duration::from_millis(50);
        let (tcp, mut byte) = (tokio::time::timeout(now, self.tcp.accept()), [0; 1]);
        let udp = tokio::time::timeout(now, self.udp.recv(&mut byte));
        let tcp6 = async {
            let Some(listener) = &self.tcp6 else { return false };
            tokio::time::timeout(now, listener.accept()).await.is_ok()
        };
        let (tcp, udp, tcp6) = tokio::join!(tcp, udp, tcp6);
        if tcp.is_ok() {
            return Some("tcp");
        }
        if udp.is_ok() {
            return Some("udp");
        }
        if tcp6 {
            return Some("tcp over IPv6");
        }
        self.abstract_socket.accept().is_ok().then_some("an abstract socket")
    }
}

/// By no address, no family and no protocol; its own database answers all the time.
pub async fn an_odoo_reaches_its_own_server_and_nobody_else(bench: &dyn Bench, ground: &Ground) {
    let (runtime, other) = (&ground.runtime, WorkloadName::new("contract-stranger"));
    let stranger = Stranger::new().await;
    let sockets =
        if bench.has(Wall::AbstractSockets) { stranger.abstract_name.as_str() } else { "" };
    let mut forbidden: Vec<Address> = Vec::new();
    if bench.has(Wall::Network) {
        let server = start_server(runtime, &other, &small_server()).await;
        forbidden.push(server.address.clone());
        let hosts = bench.own_hosts().into_iter();
        forbidden.extend(hosts.map(|host| Address { host, port: stranger.port() }));
    } else {
        eprintln!("there is no wall around the network here, so what needs one is skipped");
    }
    let forbidden: Vec<String> =
        forbidden.iter().map(|address| format!("('{}', {})", address.host, address.port)).collect();
    let given = format!("FORBIDDEN = [{}]\nABSTRACT = '{sockets}'\n", forbidden.join(", "));
    ground.attack(&(given + NETWORK)).await;
    if bench.has(Wall::Network) && bench.has(Wall::AbstractSockets) {
        assert_eq!(stranger.was_visited().await, None);
    }
    runtime.remove(&other).await.unwrap();
}

const NETWORK: &str = include_str!("attack/network.py");

/// The same through the door that a customer's administrator has: he makes a running Odoo connect to a mail server
/// that is none.
pub async fn an_odoo_that_serves_reaches_nobody_else(bench: &dyn Bench, ground: &Ground) {
    if !bench.has(Wall::Network) {
        return;
    }
    let (runtime, name) = (&ground.runtime, WorkloadName::new("contract-serving"));
    let stranger = Stranger::new().await;
    start_odoo(runtime, &name, &ground.odoo()).await;
    let address = running(runtime, &name).await.address;
    for host in bench.own_hosts() {
        let server = format!(
            r#"{{"name": "mine", "smtp_host": "{host}", "smtp_port": {}, "smtp_encryption": "none",
                "from_filter": "mine@example.org"}}"#,
            stranger.port()
        );
        let made = call(&address, "create", &format!("[[{server}]]")).await;
        let id = made
            .rsplit_once("\"result\":")
            .map(|(_, id)| id.trim().trim_matches(['[', ']', '}', ' ', '\n']));
        let id: u64 = id.and_then(|id| id.parse().ok()).unwrap_or_else(|| panic!("{made}"));
        let tried = call(&address, "test_smtp_connection", &format!("[[{id}]]")).await;
        let has_tried =
            ["refused", "unreachable", "No response"].iter().any(|words| tried.contains(words));
        assert!(has_tried, "{host}: {tried}");
        assert_eq!(stranger.was_visited().await, None, "{host}: {tried}");
    }
    assert_eq!(fetch(&address, "/web/login").await.map(|(status, _)| status), Some(200));
    runtime.remove(&name).await.unwrap();
}

/// Calls a method of Odoo's model of mail servers as the administrator.
async fn call(address: &Address, method: &str, arguments: &str) -> String {
    let body = format!(
        r#"{{"jsonrpc": "2.0", "method": "call", "params": {{"service": "object", "method": "execute_kw",
            "args": ["tenant", 2, "admin", "ir.mail_server", "{method}", {arguments}]}}}}"#
    );
    let (status, answer) = post(address, "/jsonrpc", &body).await.expect("an Odoo answers");
    assert_eq!(status, 200, "{answer}");
    answer
}

/// A port that a server or a service has left is no trap: whoever comes is not answered by a tenant.
pub async fn nobody_hears_an_odoo_that_takes_a_port(bench: &dyn Bench, ground: &Ground) {
    if !bench.has(Wall::Network) {
        return;
    }
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let script = format!("PORT = {free}\n{TRAP}");
    let attack = ground.attack(&script);
    tokio::pin!(attack);
    let mut ticks = tokio::time::interval(Duration::from_millis(50));
    loop {
        tokio::select! {
            () = &mut attack => return,
            _ = ticks.tick() => {
                for host in bench.own_hosts() {
                    assert!(!is_trapped(&host, free).await, "a tenant answers at {host}");
                }
            }
        }
    }
}

async fn is_trapped(host: &str, port: u16) -> bool {
    let visit = async {
        let mut stream = TcpStream::connect((host, port)).await.ok()?;
        stream.write_all(b"a password").await.ok()?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.ok()?;
        Some(answer == b"trapped")
    };
    tokio::time::timeout(Duration::from_millis(300), visit).await.ok().flatten().unwrap_or(false)
}

const TRAP: &str = include_str!("attack/trap.py");

/// Memory and processes without end: the attacker is ended or refused, and everybody else goes on.
pub async fn what_takes_everything_is_bounded(bench: &dyn Bench, ground: &Ground) {
    let before = ground.login.started_at().await.unwrap();
    if bench.has(Wall::Memory) {
        let greedy = ground.script(MEMORY);
        let job = OdooJob { limits: limits("512M"), ..greedy };
        let name = WorkloadName::new("contract-attack");
        ground.runtime.run(&name, &job).await.unwrap_err();
    }
    if bench.has(Wall::Processes) {
        let job = OdooJob { limits: limits("2G"), ..ground.script(PROCESSES) };
        ground.attack_with(job).await;
    }
    assert_eq!(ground.login.started_at().await, Some(before), "a neighbour has suffered");
}

/// In its own memory, in that of its children, and in a file system that is made of memory.
const MEMORY: &str = include_str!("attack/memory.py");

/// Threads count as processes, and take less memory, which would come to its end first.
const PROCESSES: &str = include_str!("attack/processes.py");

fn quoted(texts: impl Iterator<Item = String>) -> String {
    texts.map(|text| format!("'{text}'")).collect::<Vec<_>>().join(", ")
}

/// Paths of the machine that hold secrets wherever the platform runs.
#[must_use]
pub fn common_secrets() -> Vec<PathBuf> {
    ["/etc/shadow", "/root", "/var/lib/saasodoo"].map(PathBuf::from).to_vec()
}
