//! Starting a process in its sandbox and its control group, detached from the platform.

use std::ffi::OsString;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, bail};
use runtime::Limits;
use tokio::process::{Child, Command};

use crate::control_group::ControlGroups;
use crate::place::Place;
use crate::process::ProcessId;
use crate::sandbox::Sandbox;
use crate::unit::Unit;
use crate::wait;

/// Enters the control groups, limits the data of each process, and becomes the command. The words are
/// parameters of the shell, so no path needs quoting: entrances, `--`, KiB of data, report, command.
/// The mask lets the workload enter the folders that bubblewrap makes for its mounts.
const ENTER: &str = r#"
umask 022
while [ "$1" != -- ]; do echo $$ > "$1" || exit 125; shift; done
shift
ulimit -c 0
[ "$1" = 0 ] || ulimit -d "$1"
shift
exec 3> "$1"
shift
exec "$@"
"#;

/// A process that was started: `child` is the sandbox's outer process, `process` the first inside,
/// with whose end everything inside ends.
#[derive(Debug)]
pub(crate) struct Launched {
    pub(crate) child: Child,
    pub(crate) process: ProcessId,
}

/// Starts the sandbox with its output in the unit's log, when its walls stand.
pub(crate) async fn launch(
    place: &Place,
    unit: &Unit,
    limits: &Limits,
    sandbox: &Sandbox,
    input: Stdio,
) -> anyhow::Result<Launched> {
    let report = unit.report();
    std::fs::remove_file(&report).ok();
    let groups = &place.groups;
    groups.make(&unit.key, limits)?;
    place.network.enclose(unit).await?;
    let most_data = match groups {
        ControlGroups::None => sandbox.most_data.unwrap_or(limits.memory.bytes()),
        _ => sandbox.most_data.unwrap_or(0),
    };
    let log = unit.log();
    log.rotate().context("cannot put the log aside")?;
    let output = log.open().context("cannot open the log")?;
    let mut command = Command::new("setsid");
    command
        .args(["sh", "-c", ENTER, "sh"])
        .args(shell_parameters(unit, groups, most_data, &report))
        .args(sandbox.arguments(3, limits.memory.bytes() / 4))
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_else(|| "/usr/bin:/bin".into()))
        .current_dir("/")
        .stdin(input)
        .stdout(output.try_clone()?)
        .stderr(output);
    let mut child = place.confinement.spawn(&mut command, &unit.state()?)?;
    let process = first_inside(&mut child, &report).await;
    match process {
        Some(process) => Ok(Launched { child, process }),
        None => bail!("the sandbox did not start: {}", log.tail(5).join("; ")),
    }
}

fn shell_parameters(
    unit: &Unit,
    groups: &ControlGroups,
    most_data: u64,
    report: &Path,
) -> Vec<OsString> {
    let mut words: Vec<OsString> =
        groups.entrances(&unit.key).into_iter().map(PathBuf::into_os_string).collect();
    words.extend(["--".into(), (most_data / 1024).to_string().into(), report.into()]);
    words
}

/// Waits until bubblewrap has said which process is the first inside of the sandbox.
async fn first_inside(child: &mut Child, report: &Path) -> Option<ProcessId> {
    let mut look = || match reported(report, "child-pid") {
        Some(number) => Some(ProcessId::of(i32::try_from(number).ok()?)),
        None if child.try_wait().is_ok_and(|status| status.is_none()) => None,
        None => Some(None),
    };
    wait::until(Duration::from_secs(10), Duration::from_millis(2), &mut look).await.flatten()
}

/// The exit code of the command in the sandbox, once there is one.
pub(crate) async fn exit_code(unit: &Unit) -> Option<i64> {
    let report = unit.report();
    let look = || reported(&report, "exit-code");
    wait::until(Duration::from_millis(200), Duration::from_millis(5), look).await
}

/// A number from bubblewrap's report, which has one JSON object in each line.
fn reported(report: &Path, key: &str) -> Option<i64> {
    let text = std::fs::read_to_string(report).ok()?;
    text.lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
        .find_map(|object| object.get(key)?.as_i64())
}

/// Opens a file as the input of a process.
pub(crate) fn input(path: &Path) -> anyhow::Result<Stdio> {
    Ok(File::open(path).with_context(|| format!("cannot open {}", path.display()))?.into())
}

/// The first process of the unit's last sandbox, if it still runs. It is recognised by its process
/// namespace, for its number alone may be another's by now.
pub(crate) fn unrecorded(unit: &Unit) -> Option<ProcessId> {
    let report = unit.report();
    let number = i32::try_from(reported(&report, "child-pid")?).ok()?;
    let process = ProcessId::of(number)?;
    let namespace = std::fs::read_link(format!("/proc/{number}/ns/pid")).ok()?;
    let expected = format!("pid:[{}]", reported(&report, "pid-namespace")?);
    (namespace.to_str() == Some(expected.as_str())).then_some(process)
}
