//! The floors: the same PostgreSQL and the same Odoo, started by hand with nothing around.

use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use tokio::process::{Child, Command};
use tokio::time::Instant;

use super::{Options, Sample};
use crate::patience;

/// How often the short acts of PostgreSQL are measured.
const SHORT_ACTS: usize = 30;
const PATIENCE: Duration = Duration::from_secs(300);

/// What nobody can be faster than.
pub(super) struct Floor {
    /// An Odoo on an initialised database, from its start to `/web/login` 200.
    pub(super) boot: Sample,
    /// `odoo -i base,web` on an empty database, and its boot.
    pub(super) installation: Sample,
    /// `initdb`, start and first answer of a PostgreSQL.
    pub(super) cluster: Sample,
    /// `create database … template` of an initialised database.
    pub(super) clone: Sample,
    /// `alter database … rename` and `alter role … password`.
    pub(super) rename: Sample,
}

impl Floor {
    /// Measures all of them, in this folder.
    pub(super) async fn measure(options: &Options, folder: &Path, say: fn(&str)) -> Result<Self> {
        std::fs::create_dir(folder)?;
        let mut clusters = Vec::new();
        for round in 0..options.rounds {
            let begun = Instant::now();
            let server = Server::start(&folder.join(format!("cluster-{round}"))).await?;
            clusters.push(begun.elapsed());
            server.stop().await?;
        }
        let server = Server::start(&folder.join("cluster")).await?;
        server.psql("create role odoo login createdb password 'odoo'").await?;
        let odoo = Odoo { options, folder: folder.join("odoo"), server: &server };
        std::fs::create_dir_all(&odoo.folder)?;
        let (mut installations, mut boots) = (Vec::new(), Vec::new());
        for round in 0..options.rounds.div_ceil(2) {
            let database = format!("floor_{round}");
            server.psql(&format!("create database {database} owner odoo")).await?;
            installations.push(odoo.install(&database).await? + odoo.boot(&database).await?);
        }
        for _ in 0..options.rounds {
            boots.push(odoo.boot("floor_0").await?);
        }
        let (clone, rename) = server.copies("floor_0").await?;
        server.stop().await?;
        let floor = Self {
            boot: Sample::new(boots),
            installation: Sample::new(installations),
            cluster: Sample::new(clusters),
            clone,
            rename,
        };
        say(&format!("floors: boot {}; installation {}", floor.boot, floor.installation));
        say(&format!("        clone {}; rename {}", floor.clone, floor.rename));
        Ok(floor)
    }
}

/// A PostgreSQL as Debian's user `postgres`, or as ours.
struct Server {
    child: Child,
    programs: PathBuf,
    folder: PathBuf,
    port: u16,
}

impl Server {
    async fn start(folder: &Path) -> Result<Self> {
        std::fs::create_dir(folder)?;
        let programs = programs()?;
        let data = folder.join("data");
        if rustix::process::geteuid().is_root() {
            // PostgreSQL refuses to run as root, and its own user must get to the folder.
            for above in folder.ancestors().take(3) {
                make_passable(above)?;
            }
            run(Command::new("chown").arg("postgres").arg(folder)).await?;
        }
        let made = as_postgres(&programs.join("initdb"))
            .arg("--pgdata")
            .arg(&data)
            .args(["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8"])
            .args(["--data-checksums", "--no-instructions", "--no-sync"])
            .stdout(Stdio::null())
            .status()
            .await?;
        ensure!(made.success(), "initdb failed");
        let port = free_port()?;
        let child = as_postgres(&programs.join("postgres"))
            .arg("-D")
            .arg(&data)
            .args(["-h", "127.0.0.1", "-p", &port.to_string(), "-k", ""])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()?;
        let server = Self { child, programs, folder: folder.to_owned(), port };
        patience::closely("a server that answers", PATIENCE, async || {
            Ok(server.psql("select 1").await.is_ok().then_some(()))
        })
        .await?;
        Ok(server)
    }

    async fn psql(&self, statement: &str) -> Result<()> {
        let output = Command::new(self.programs.join("psql"))
            .args(["-qX", "-h", "127.0.0.1", "-U", "postgres", "-p", &self.port.to_string()])
            .args(["-d", "postgres", "-c", statement])
            .output()
            .await?;
        ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Ok(())
    }

    /// The times of clones, and of renaming them with a new password for their role: each by the server's own clock,
    /// without the start of a client.
    async fn copies(&self, template: &str) -> Result<(Sample, Sample)> {
        let (mut clones, mut renames) = (Vec::new(), Vec::new());
        for number in 0..SHORT_ACTS {
            let clone = format!("create database clone_{number} template {template}");
            clones.push(self.timed(&[&clone]).await?);
            let rename = format!("alter database clone_{number} rename to tenant_{number}");
            renames.push(self.timed(&[&rename, "alter role odoo password 'odoo'"]).await?);
            self.psql(&format!("drop database tenant_{number}")).await?;
        }
        Ok((Sample::new(clones), Sample::new(renames)))
    }

    async fn timed(&self, statements: &[&str]) -> Result<Duration> {
        let mut command = Command::new(self.programs.join("psql"));
        command
            .args(["-qX", "-h", "127.0.0.1", "-U", "postgres", "-p", &self.port.to_string()])
            .args(["-d", "postgres", "-c", "\\timing on"]);
        for statement in statements {
            command.args(["-c", statement]);
        }
        let output = command.output().await?;
        ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8(output.stdout)?;
        let times = text.lines().filter_map(|line| line.strip_prefix("Time: ")?.split(' ').next());
        let milliseconds: f64 = times.filter_map(|time| time.parse::<f64>().ok()).sum();
        Ok(Duration::from_secs_f64(milliseconds / 1000.0))
    }

    async fn stop(mut self) -> Result<()> {
        if let Some(id) = self.child.id() {
            crate::process::signal_to(id, rustix::process::Signal::INT);
        }
        self.child.wait().await?;
        std::fs::remove_dir_all(&self.folder)?;
        Ok(())
    }
}

/// An Odoo in its root file system, and nothing else around it.
struct Odoo<'a> {
    options: &'a Options,
    folder: PathBuf,
    server: &'a Server,
}

impl Odoo<'_> {
    async fn install(&self, database: &str) -> Result<Duration> {
        let begun = Instant::now();
        let arguments = ["--init=base,web", "--without-demo=all", "--stop-after-init", "--no-http"];
        let status = self.command(database, &arguments)?.status().await?;
        ensure!(status.success(), "Odoo could not be initialised");
        Ok(begun.elapsed())
    }

    async fn boot(&self, database: &str) -> Result<Duration> {
        let port = free_port()?;
        let begun = Instant::now();
        let mut child = self.command(database, &[&format!("--http-port={port}")])?.spawn()?;
        let browser = reqwest::Client::new();
        let url = format!("http://127.0.0.1:{port}/web/login");
        let answers = patience::closely("a bare Odoo", PATIENCE, async || {
            let answer = browser.get(&url).send().await;
            Ok(answer.is_ok_and(|answer| answer.status().is_success()).then_some(()))
        });
        answers.await?;
        let took = begun.elapsed();
        child.kill().await?;
        Ok(took)
    }

    fn command(&self, database: &str, arguments: &[&str]) -> Result<Command> {
        let configuration = self.folder.join("odoo.conf");
        let text = format!(
            "[options]\ndb_host = 127.0.0.1\ndb_port = {}\ndb_user = odoo\ndb_password = odoo\n\
             db_name = {database}\nlist_db = False\nworkers = 0\nmax_cron_threads = 1\n\
             data_dir = /var/lib/odoo\n",
            self.server.port
        );
        std::fs::write(&configuration, text)?;
        let mut command = Command::new("bwrap");
        command
            .args(["--unshare-pid", "--die-with-parent", "--ro-bind"])
            .arg(&self.options.root_file_system)
            .args(["/", "--dev", "/dev", "--proc", "/proc", "--tmpfs", "/tmp", "--tmpfs", "/run"])
            .arg("--bind")
            .arg(&self.folder)
            .args(["/var/lib/odoo", "--setenv", "HOME", "/var/lib/odoo", "--chdir", "/"])
            .args(["odoo", "--config=/var/lib/odoo/odoo.conf"])
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true);
        Ok(command)
    }
}

fn as_postgres(program: &Path) -> Command {
    if !rustix::process::geteuid().is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid", "postgres", "--regid", "postgres", "--init-groups"]).arg(program);
    command
}

fn make_passable(folder: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = folder.metadata()?.permissions().mode();
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(mode | 0o011))?;
    Ok(())
}

async fn run(command: &mut Command) -> Result<()> {
    let status = command.status().await?;
    ensure!(status.success(), "{command:?} failed");
    Ok(())
}

/// The newest PostgreSQL's programs.
fn programs() -> Result<PathBuf> {
    let mut versions: Vec<_> = std::fs::read_dir("/usr/lib/postgresql")
        .context("PostgreSQL is not installed")?
        .flatten()
        .map(|entry| entry.path().join("bin"))
        .filter(|programs| programs.join("initdb").exists())
        .collect();
    versions.sort();
    versions.pop().context("PostgreSQL is not installed")
}

fn free_port() -> Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}
