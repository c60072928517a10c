//! A PostgreSQL server: its cluster, its settings, its sandbox.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::Stdio;

use anyhow::{Context as _, ensure};
use runtime::Limits;
use secrecy::{ExposeSecret as _, SecretString};
use vocabulary::MemorySize;

use crate::file;
use crate::launch::launch;
use crate::place::Place;
use crate::sandbox::{Root, Sandbox, accounts};
use crate::unit::Unit;
use crate::user_id::Owner;

const HOME: &str = "/var/lib/postgresql";
const ETC: &str = "/etc/postgresql";
/// What one process of a server may have at least, in bytes.
const LEAST_DATA: u64 = 128 * 1024 * 1024;

/// Makes the cluster if there is none. One that was half made by a platform that is gone is made again.
pub(crate) async fn make_cluster(
    place: &Place,
    unit: &Unit,
    owner: Owner,
    password: &SecretString,
    limits: &Limits,
) -> anyhow::Result<()> {
    let cluster = unit.volume().join("data");
    if cluster.exists() {
        return Ok(());
    }
    let unfinished = unit.volume().join("making");
    file::erase(&unfinished)?;
    write_accounts(unit, owner)?;
    let password_file = unit.etc().join("password");
    file::write(&password_file, password.expose_secret().as_bytes(), owner)?;
    let command = [
        "--pgdata=/var/lib/postgresql/making",
        "--username=postgres",
        "--pwfile=/etc/postgresql/password",
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        "--locale=C.UTF-8",
        "--data-checksums",
        "--no-instructions",
        // What is made anew after a crash need not survive one.
        "--no-sync",
    ];
    let sandbox = sandbox(place, unit, owner, "initdb", command.map(String::from).to_vec());
    let launched = launch(place, unit, limits, &sandbox, Stdio::null()).await;
    let ended = match launched {
        Ok(mut launched) => launched.child.wait().await.context("cannot wait for initdb"),
        Err(error) => Err(error),
    };
    std::fs::remove_file(&password_file).ok();
    let is_made = ended?.success();
    ensure!(is_made, "initdb failed: {}", unit.log().tail(5).join("; "));
    std::fs::rename(&unfinished, &cluster).context("cannot put the new cluster in its place")
}

/// Writes the settings and gives the sandbox of a server on that port.
pub(crate) fn server(
    place: &Place,
    unit: &Unit,
    owner: Owner,
    settings: &Settings,
) -> anyhow::Result<Sandbox> {
    write_accounts(unit, owner)?;
    let etc = unit.etc();
    file::write(&etc.join("postgresql.conf"), settings.render().as_bytes(), owner)?;
    file::write(&etc.join("pg_hba.conf"), b"host all all 127.0.0.1/32 scram-sha-256\n", owner)?;
    file::write(&etc.join("pg_ident.conf"), b"", owner)?;
    // The numbers in it are of a sandbox that is gone; nothing of it runs when this is called.
    std::fs::remove_file(unit.volume().join("data/postmaster.pid")).ok();
    let arguments = [
        "-D".to_owned(),
        "/var/lib/postgresql/data".to_owned(),
        "-c".to_owned(),
        "config_file=/etc/postgresql/postgresql.conf".to_owned(),
    ];
    // A statement that wants more fails. Without this the kernel would end its process, and with one process all others
    // of the server have to end, whosever they are.
    let most_data = Some((settings.memory.bytes() / 4).max(LEAST_DATA));
    Ok(Sandbox { most_data, ..sandbox(place, unit, owner, "postgres", arguments.to_vec()) })
}

/// What the settings of a server depend on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Settings {
    pub(crate) port: u16,
    pub(crate) max_connections: u32,
    pub(crate) memory: MemorySize,
}

impl Settings {
    fn render(self) -> String {
        let memory = self.memory.mebibytes();
        let mut text = String::from(FIXED_SETTINGS);
        let mut set = |key: &str, value: String| {
            writeln!(text, "{key} = {value}").expect("writing to a string cannot fail");
        };
        set("port", self.port.to_string());
        set("max_connections", self.max_connections.to_string());
        set("shared_buffers", format!("{}MB", (memory / 4).clamp(16, 8192)));
        set("effective_cache_size", format!("{}MB", (memory / 4 * 3).max(32)));
        set("maintenance_work_mem", format!("{}MB", (memory / 16).clamp(16, 1024)));
        text
    }
}

/// Statements are in no log, for they can hold passwords and what customers keep.
const FIXED_SETTINGS: &str = "\
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
hba_file = '/etc/postgresql/pg_hba.conf'
ident_file = '/etc/postgresql/pg_ident.conf'
password_encryption = scram-sha-256
dynamic_shared_memory_type = posix
max_wal_size = 1GB
authentication_timeout = 5s
jit = off
log_destination = stderr
logging_collector = off
log_line_prefix = '%m [%p] %q%u@%d '
log_timezone = UTC
timezone = UTC
log_statement = none
log_min_error_statement = panic
log_parameter_max_length_on_error = 0
";

fn sandbox(
    place: &Place,
    unit: &Unit,
    owner: Owner,
    program: &str,
    arguments: Vec<String>,
) -> Sandbox {
    let programs = programs(place, unit);
    let etc = unit.etc();
    let mut readable = vec![
        (etc.join("passwd"), "/etc/passwd".to_owned()),
        (etc.join("group"), "/etc/group".to_owned()),
        (etc, ETC.to_owned()),
    ];
    // Programs that are no part of the system come with their libraries and their shared files.
    if !programs.starts_with("/usr")
        && let Some(whole) = programs.parent()
    {
        readable.push((whole.to_owned(), whole.display().to_string()));
    }
    let mut command = vec![programs.join(program).into_os_string()];
    command.extend(arguments.into_iter().map(Into::into));
    Sandbox {
        root: Root::Programs,
        readable,
        writable: vec![(unit.volume(), HOME.to_owned())],
        host_name: unit.name.to_string(),
        home: HOME.to_owned(),
        most_data: None,
        owner,
        command,
    }
}

/// The programs of the version that made the cluster, also when a newer one has been installed since.
fn programs(place: &Place, unit: &Unit) -> PathBuf {
    let chosen = &place.options.postgres_programs;
    let version = std::fs::read_to_string(unit.volume().join("data/PG_VERSION")).ok();
    let of_that_version = version.and_then(|version| {
        let versions = chosen.parent()?.parent()?;
        Some(versions.join(version.trim()).join("bin"))
    });
    of_that_version.filter(|folder| folder.join("postgres").exists()).unwrap_or(chosen.clone())
}

fn write_accounts(unit: &Unit, owner: Owner) -> anyhow::Result<()> {
    let (passwd, group) = accounts("postgres", HOME, owner);
    file::write(&unit.etc().join("passwd"), passwd.as_bytes(), owner)?;
    file::write(&unit.etc().join("group"), group.as_bytes(), owner)
}
