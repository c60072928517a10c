//! Jobs of Odoo: a sandbox with an end, on a database.

use std::time::{Duration, Instant};

use anyhow::{Context as _, anyhow, bail};
use odoo::Paths;
use runtime::OdooJob;
use rustix::process::Signal;

use crate::file;
use crate::launch::{Launched, input, launch};
use crate::lock::Lock;
use crate::place::Place;
use crate::process::Handle;
use crate::record::Reach;
use crate::start::{end, own_folders, write_reach};
use crate::tenant;
use crate::unit::Unit;
use crate::user_id::Owner;

/// How long a job's predecessor may take to notice that it was ended.
const PATIENCE: Duration = Duration::from_secs(20);
/// What is shown of the output of a job that failed.
const LAST_LINES: usize = 20;

/// Runs a job to its end and leaves nothing of it.
pub(crate) async fn run(place: &Place, unit: &Unit, job: &OdooJob) -> anyhow::Result<()> {
    end_leftover(place, unit).await?;
    // Held until this returns or is dropped: a job whose lock is free has lost its platform.
    let watch = Lock::acquire(&unit.watch_path(), PATIENCE).await?;
    let change = unit.lock().await?;
    let started = start(place, unit, job).await;
    drop(change);
    let outcome = match started {
        Ok((launched, ending)) => {
            let finish = place.stop.run_until_cancelled(finish(launched, &ending, job.deadline));
            finish.await.unwrap_or_else(|| Err(anyhow!("the platform is being stopped")))
        }
        Err(error) => Err(error),
    };
    let outcome = outcome.map_err(|error| with_output(place, unit, job, error));
    let change = unit.lock().await?;
    erase(place, unit).await?;
    watch.remove();
    change.remove();
    outcome
}

async fn start(place: &Place, unit: &Unit, job: &OdooJob) -> anyhow::Result<(Launched, Ending)> {
    let owner = own_folders(place, unit).await?;
    write_reach(unit, Reach::database(&job.database))?;
    let configuration = odoo::render_job_config(job, &Paths::default());
    tenant::write_configuration(unit, owner, &configuration)?;
    let script = unit.folder().join("input");
    file::write(&script, odoo::job_input(&job.task).as_bytes(), Owner::Platform)?;
    // The deadline also holds when the platform does not live to see it.
    let mut command = ["timeout", "--kill-after=5", &job.deadline.as_secs_f64().to_string()]
        .map(String::from)
        .to_vec();
    command.extend(odoo::job_command(tenant::CONFIGURATION, &job.task));
    let sandbox = tenant::sandbox(place, unit, owner, &job.version, command)?;
    let launched = launch(place, unit, &job.limits, &sandbox, input(&script)?).await?;
    let mut state = unit.state()?;
    state.process = Some(launched.process.clone());
    unit.save_state(&state)?;
    let handle = launched.process.open();
    Ok((launched, Ending(handle)))
}

/// Ends the job when nobody waits for it any more.
struct Ending(Option<Handle>);

impl Drop for Ending {
    fn drop(&mut self) {
        if let Some(handle) = &self.0 {
            handle.signal(Signal::KILL);
        }
    }
}

async fn finish(
    mut launched: Launched,
    _ending: &Ending,
    deadline: Duration,
) -> anyhow::Result<()> {
    let (started, bound) = (Instant::now(), deadline + Duration::from_secs(10));
    let status = match tokio::time::timeout(bound, launched.child.wait()).await {
        Ok(status) => status.context("cannot wait for the job")?,
        Err(_) => bail!("the job took longer than {deadline:?}"),
    };
    match status.code() {
        Some(0) => Ok(()),
        _ if started.elapsed() >= deadline => bail!("the job took longer than {deadline:?}"),
        Some(code) => bail!("the job ended with exit code {code}"),
        None => bail!("the job was ended: {status}"),
    }
}

fn with_output(place: &Place, unit: &Unit, job: &OdooJob, error: anyhow::Error) -> anyhow::Error {
    let output = unit.log().tail(LAST_LINES).join("\n");
    if place.groups.ran_out_of_memory(&unit.key) {
        let memory = job.limits.memory;
        return anyhow!(
            "the job used more memory than it may ({memory}); its output ended with:\n{output}"
        );
    }
    if output.is_empty() { error } else { anyhow!("{error:#}; its output ended with:\n{output}") }
}

/// Ends a job of that name that still runs, here or left by a platform that is gone.
async fn end_leftover(place: &Place, unit: &Unit) -> anyhow::Result<()> {
    let _change = unit.lock().await?;
    if unit.exists() {
        end(place, unit).await?;
    }
    Ok(())
}

/// Ends jobs whose platform is gone: nobody waits for them, and whoever needs one runs it again.
pub(crate) async fn end_orphans(place: &Place) -> anyhow::Result<()> {
    for unit in place.jobs()? {
        if let Some(watch) = Lock::try_acquire(&unit.watch_path())? {
            let change = unit.lock().await?;
            erase(place, &unit).await?;
            watch.remove();
            change.remove();
            tracing::info!(job = %unit.name, "a job without a platform was ended");
        }
    }
    Ok(())
}

async fn erase(place: &Place, unit: &Unit) -> anyhow::Result<()> {
    end(place, unit).await?;
    crate::removal::erase(place, unit).await
}
