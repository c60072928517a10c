//! Claims about Odoos and jobs. All share one [`Ground`], because installing takes long.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::probe::{eventually, fetch, running};
use super::{Bench, Login, attack, limits, small_server, start_server};
use crate::{
    DatabaseAddress, Observed, OdooJob, OdooServer, OdooTask, Runtime, Workload, WorkloadName,
};

/// A server with an initialised database, as tenants' Odoos need it.
#[derive(Debug)]
pub struct Ground {
    pub(super) runtime: Arc<dyn Runtime>,
    server: WorkloadName,
    pub(super) login: Login,
    job: OdooJob,
}

/// Every claim of this module, on one ground.
pub async fn all(bench: &dyn Bench, asset_script: &str) {
    let Some(ground) = Ground::new(bench).await else { return };
    an_installed_database_needs_no_files(&ground).await;
    a_job_that_fails_says_why(bench, &ground).await;
    a_job_ends_its_predecessor(bench, &ground).await;
    ground.run("contract-assets", ground.script(asset_script)).await.unwrap();
    an_odoo_serves_its_login_page(bench, &ground).await;
    an_odoo_without_its_database_is_failing(bench, &ground).await;
    workloads_do_not_see_each_other(&ground).await;
    attack::all(bench, &ground).await;
    ground.clear().await;
}

/// What a job stored is in the database, for its own volume is gone.
pub async fn an_installed_database_needs_no_files(ground: &Ground) {
    let outside = "select count(*)::text from ir_attachment where store_fname is not null";
    assert_eq!(ground.login.ask(outside).await.as_deref(), Some("0"));
}

impl Ground {
    /// Starts a server and installs `base` and `web` into a database; `None` where no Odoo can run.
    pub async fn new(bench: &dyn Bench) -> Option<Self> {
        let Some(version) = bench.odoo() else {
            eprintln!("there is no Odoo here, so what needs one is skipped");
            return None;
        };
        let (runtime, server) = (bench.runtime().await, WorkloadName::new("contract-ground"));
        let superuser = start_server(&runtime, &server, &small_server()).await;
        superuser.execute("create role tenant login password 'its own'").await;
        superuser.execute("create database tenant owner tenant").await;
        let database = DatabaseAddress {
            host: superuser.address.host.clone(),
            port: superuser.address.port,
            name: "tenant".into(),
            user: "tenant".into(),
            password: "its own".into(),
        };
        let task = OdooTask::Install { modules: vec!["base".into(), "web".into()] };
        let deadline = Duration::from_secs(180);
        let job = OdooJob { version, database, task, limits: limits("1G"), deadline };
        let started = Instant::now();
        runtime.run(&WorkloadName::new("contract-install"), &job).await.unwrap();
        eprintln!("installing base and web took {:?}", started.elapsed());
        let login = superuser.to_database("tenant");
        Some(Self { runtime, server, login, job })
    }

    /// Removes the server.
    pub async fn clear(self) {
        self.runtime.remove(&self.server).await.unwrap();
    }

    /// The Odoo on this ground.
    #[must_use]
    pub fn odoo(&self) -> OdooServer {
        OdooServer {
            version: self.job.version.clone(),
            database: self.job.database.clone(),
            master_password: "of no use".into(),
            workers: 0,
            limits: limits("1G"),
            restart_generation: 0,
        }
    }

    /// The job with another script.
    #[must_use]
    pub fn script(&self, script: &str) -> OdooJob {
        OdooJob { task: OdooTask::Shell { script: script.into() }, ..self.job.clone() }
    }

    async fn run(&self, name: &str, job: OdooJob) -> anyhow::Result<()> {
        self.runtime.run(&WorkloadName::new(name), &job).await
    }
}

/// Applied, it serves its login page with its style; stopped and applied again, it does so again, in
/// seconds; a new generation restarts it once; removed, nothing is left.
pub async fn an_odoo_serves_its_login_page(bench: &dyn Bench, ground: &Ground) {
    let (runtime, name) = (&ground.runtime, WorkloadName::new("contract-odoo"));
    let page = start_odoo(runtime, &name, &ground.odoo()).await;
    let style = page.split('"').find(|part| part.ends_with(".css")).expect("a style sheet");
    let odd = runtime.logs(&name, 1000).await.unwrap();
    let odd: Vec<_> = odd.iter().filter(|line| !line.contains(" INFO ")).collect();
    assert!(odd.is_empty(), "there is something odd in the log: {odd:#?}");
    let address = running(runtime, &name).await.address;
    assert_eq!(fetch(&address, style).await.map(|(status, _)| status), Some(200), "{style}");

    runtime.stop(&name).await.unwrap();
    assert_eq!(runtime.observe(&name).await, Observed::Stopped);
    assert_eq!(fetch(&address, "/web/health").await, None);
    start_odoo(runtime, &name, &ground.odoo()).await;

    let again = OdooServer { restart_generation: 1, ..ground.odoo() };
    start_odoo(runtime, &name, &again).await;
    runtime.apply(&name, &Workload::Odoo(again)).await.unwrap();
    assert!(
        matches!(runtime.observe(&name).await, Observed::Running(running) if running.restarts == 0)
    );

    let workers = OdooServer { workers: 2, ..ground.odoo() };
    start_odoo(runtime, &name, &workers).await;
    let websocket = running(runtime, &name).await.websocket.expect("workers have websockets apart");
    eventually("websockets are served", || async {
        fetch(&websocket, "/websocket/health").await.filter(|(status, _)| *status == 200)
    })
    .await;

    runtime.remove(&name).await.unwrap();
    assert_eq!(bench.leftovers(&name).await, Vec::<String>::new());
}

pub(super) async fn start_odoo(
    runtime: &Arc<dyn Runtime>,
    name: &WorkloadName,
    odoo: &OdooServer,
) -> String {
    let started = Instant::now();
    runtime.apply(name, &Workload::Odoo(odoo.clone())).await.unwrap();
    let address = running(runtime, name).await.address;
    let page = eventually("the login page", || async {
        fetch(&address, "/web/login").await.filter(|(status, _)| *status == 200)
    })
    .await;
    eprintln!("{name} served its login page after {:?}", started.elapsed());
    page.1
}

/// An Odoo that cannot run is seen as failing, with its reason, and is not given up.
pub async fn an_odoo_without_its_database_is_failing(bench: &dyn Bench, ground: &Ground) {
    let (runtime, name) = (&ground.runtime, WorkloadName::new("contract-failing"));
    let mut odoo = ground.odoo();
    odoo.database.host = "no host".into();
    runtime.apply(&name, &Workload::Odoo(odoo)).await.unwrap();
    let failing = eventually("it is failing", || async {
        match runtime.observe(&name).await {
            Observed::Failing(failing) if failing.restarts >= 2 => Some(failing),
            _ => None,
        }
    })
    .await;
    assert!(!failing.reason.is_empty());
    runtime.remove(&name).await.unwrap();
    assert_eq!(bench.leftovers(&name).await, Vec::<String>::new());
}

/// A job's failure has the end of its output; its deadline and its memory hold; nothing is left.
pub async fn a_job_that_fails_says_why(bench: &dyn Bench, ground: &Ground) {
    let error = ground.run("contract-job", ground.script("raise ValueError('the reason')")).await;
    let text = format!("{:#}", error.unwrap_err());
    assert!(text.contains("the reason"), "{text}");

    let unknown = OdooTask::Install { modules: vec!["no_such_module".into()] };
    let error = ground.run("contract-job", OdooJob { task: unknown, ..ground.job.clone() }).await;
    let text = format!("{:#}", error.unwrap_err());
    assert!(text.contains("no_such_module"), "{text}");

    let endless = OdooJob {
        deadline: Duration::from_secs(3),
        ..ground.script("import time\ntime.sleep(600)")
    };
    let started = Instant::now();
    let text = format!("{:#}", ground.run("contract-job", endless).await.unwrap_err());
    assert!(text.contains("longer") && started.elapsed() < Duration::from_secs(15), "{text}");

    let greedy = "kept = [bytearray(b'x' * 2**20) for _ in range(4096)]";
    let greedy = OdooJob { limits: limits("256M"), ..ground.script(greedy) };
    ground.run("contract-job", greedy).await.unwrap_err();

    let leftovers = bench.leftovers(&WorkloadName::new("contract-job")).await;
    assert_eq!(leftovers, Vec::<String>::new());
}

/// A job of the same name takes the place of one that still runs.
pub async fn a_job_ends_its_predecessor(bench: &dyn Bench, ground: &Ground) {
    let endless = ground.script("import time\ntime.sleep(600)");
    let name = WorkloadName::new("contract-twice");
    let predecessor = ground.runtime.run(&name, &endless);
    let successor = async {
        let beginning = Duration::from_secs(2);
        tokio::time::timeout(beginning, std::future::pending::<()>()).await.unwrap_err();
        ground.runtime.run(&name, &ground.script("print('done')")).await
    };
    let (first, second) = tokio::join!(predecessor, successor);
    first.unwrap_err();
    second.unwrap();
    assert_eq!(bench.leftovers(&name).await, Vec::<String>::new());
}

/// What one workload keeps, another cannot find, and neither sees the other's processes.
pub async fn workloads_do_not_see_each_other(ground: &Ground) {
    let (runtime, name) = (&ground.runtime, WorkloadName::new("contract-neighbour"));
    start_odoo(runtime, &name, &ground.odoo()).await;
    ground.run("contract-spy", ground.script(SPY)).await.unwrap();
    runtime.remove(&name).await.unwrap();
}

/// Fails when it sees a process that is not its own, a neighbour's files, or may write where it should not.
const SPY: &str = r#"
import os
mine = {str(os.getpid()), '1', str(os.getppid())}
seen = {name for name in os.listdir('/proc') if name.isdigit()}
for number in seen - mine:
    line = open(f'/proc/{number}/cmdline').read()
    assert 'odoo' not in line and 'postgres' not in line, line
assert os.getuid() != 0
for folder, _, names in os.walk('/var/lib/odoo'):
    assert not any('contract-neighbour' in name for name in names), folder
assert not os.path.exists('/var/lib/postgresql/data')
for folder in ('/', '/usr', '/etc', '/etc/odoo', '/var/lib'):
    assert not os.access(folder, os.W_OK), folder
configuration = open('/etc/odoo/odoo.conf').read()
assert 'its own' in configuration
for number in seen:
    for name in ('cmdline', 'environ'):
        try:
            assert b'its own' not in open(f'/proc/{number}/{name}', 'rb').read(), name
        except PermissionError:
            pass
"#;
