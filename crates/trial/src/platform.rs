//! A platform that is started, killed and started again: `saasodoo up` on a folder of its own.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use contract::client::{Bearer, BillingClient, Client, DatabaseClient, InstanceClient, UserClient};
use rustix::process::Signal;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

use crate::{patience, process};

/// Where a platform is, and how it is started.
#[derive(Debug, Clone)]
pub(crate) struct Site {
    /// The program `saasodoo`.
    pub(crate) binary: PathBuf,
    /// The data folder.
    pub(crate) folder: PathBuf,
    /// Where the edge listens.
    pub(crate) address: SocketAddr,
    /// Settings as environment variables, such as `SAASODOO__DATABASE__POOL_SIZE`.
    pub(crate) settings: Vec<(String, String)>,
}

/// A platform's process.
#[derive(Debug)]
pub(crate) struct Platform {
    child: Child,
    is_ready: Arc<AtomicBool>,
}

/// The services' interfaces, with staff's authority or a service's.
#[derive(Debug, Clone)]
pub(crate) struct Interface {
    pub(crate) user: UserClient,
    pub(crate) billing: BillingClient,
    pub(crate) instance: InstanceClient,
    pub(crate) database: DatabaseClient,
}

impl Site {
    /// A platform in this folder, on a free port.
    pub(crate) fn new(binary: &Path, folder: &Path) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        Ok(Self {
            binary: binary.canonicalize().context("the binary is not there")?,
            folder: folder.canonicalize()?,
            address: listener.local_addr()?,
            settings: Vec::new(),
        })
    }

    /// The same with another value of a setting, such as `database.pool_size`.
    pub(crate) fn with(mut self, key: &str, value: &str) -> Self {
        let name = format!("SAASODOO__{}", key.to_uppercase().replace('.', "__"));
        self.settings.push((name, value.to_owned()));
        self
    }

    /// Starts the platform, and returns at once.
    pub(crate) fn start(&self) -> Result<Platform> {
        let log = std::fs::File::options()
            .create(true)
            .append(true)
            .open(self.folder.join("up.log"))
            .context("cannot open up.log")?;
        let mut child = self
            .command(&["up", "--no-demo", "--listen", &self.address.to_string()])
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .context("cannot start the platform")?;
        let is_ready = Arc::new(AtomicBool::new(false));
        let mut lines = BufReader::new(child.stdout.take().context("no output")?).lines();
        let told = Arc::clone(&is_ready);
        tokio::spawn(async move {
            while let Ok(Some(line)) = lines.next_line().await {
                if line.starts_with("ready") {
                    told.store(true, Ordering::Release);
                }
            }
        });
        Ok(Platform { child, is_ready })
    }

    /// Runs a command of the client.
    pub(crate) async fn run(&self, args: &[&str]) -> Result<std::process::Output> {
        self.command(args).output().await.context("cannot run the client")
    }

    /// The interfaces over the gateway, with staff's authority.
    pub(crate) async fn staff(&self) -> Result<Interface> {
        self.interface(&["token", "--staff"]).await
    }

    /// The interfaces over the gateway, with a service's authority.
    pub(crate) async fn service(&self, name: &str) -> Result<Interface> {
        self.interface(&["token", "--service", name]).await
    }

    async fn interface(&self, token: &[&str]) -> Result<Interface> {
        let output = self.run(token).await?;
        ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let token = String::from_utf8(output.stdout)?.trim().to_owned();
        let url = format!("http://{}", self.address);
        let client =
            |name: &str| Client::new(format!("{url}/{name}"), Bearer::Token(token.clone().into()));
        Ok(Interface {
            user: UserClient(client("user")),
            billing: BillingClient(client("billing")),
            instance: InstanceClient(client("instance")),
            database: DatabaseClient(client("database")),
        })
    }

    /// What `saasodoo doctor` finds, a sentence each.
    pub(crate) async fn findings(&self) -> Result<Vec<String>> {
        let output = self.run(&["doctor", "--json"]).await?;
        let report: Value = serde_json::from_slice(&output.stdout)
            .with_context(|| String::from_utf8_lossy(&output.stderr).into_owned())?;
        let findings = report["findings"].as_array().context("no findings")?;
        Ok(findings.iter().filter_map(|f| f["finding"].as_str().map(str::to_owned)).collect())
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(&self.binary);
        command
            .arg("--data")
            .arg(&self.folder)
            .args(args)
            .envs(self.settings.iter().cloned())
            .stdin(Stdio::null())
            .kill_on_drop(true);
        command
    }
}

impl Platform {
    /// The process.
    pub(crate) fn id(&self) -> Option<u32> {
        self.child.id()
    }

    /// Whether it has said that it is ready.
    pub(crate) fn is_ready(&self) -> bool {
        self.is_ready.load(Ordering::Acquire)
    }

    /// How it ended, if it has.
    pub(crate) fn ended(&mut self) -> Result<Option<ExitStatus>> {
        Ok(self.child.try_wait()?)
    }

    /// Waits until it is ready.
    pub(crate) async fn ready(&mut self) -> Result<()> {
        patience::until("the platform is ready", Duration::from_secs(300), async || {
            if let Some(status) = self.ended()? {
                anyhow::bail!("the platform ended: {status}");
            }
            Ok(self.is_ready().then_some(()))
        })
        .await
    }

    /// Kills it, and nothing else.
    pub(crate) async fn kill(&mut self) -> Result<()> {
        self.child.kill().await?;
        Ok(())
    }

    /// Asks it to stop in order, and waits until nothing of it is left.
    pub(crate) async fn stop(mut self, folder: &Path) -> Result<()> {
        if let Some(id) = self.id() {
            process::signal_to(id, Signal::TERM);
        }
        let status = tokio::time::timeout(Duration::from_secs(120), self.child.wait())
            .await
            .context("the platform does not stop")??;
        ensure!(status.success(), "the platform ended with {status}");
        let left = process::named(folder);
        ensure!(left.is_empty(), "processes are left: {left:?}");
        Ok(())
    }
}
