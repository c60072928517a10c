//! `saasodoo doctor`: the invariants of the specification, section 8, on the living system. A line for each thing that falls
//! short, with what to do about it; `--fix` does what is safe, and destroys nothing of anybody's.
//!
//! A difference between two links of the chain of truth lasts seconds on a busy system, and is no finding: doctor looks
//! again, and tells only what it finds each time. What the rows of one service can tell is asked of that service
//! (`GET …/admin/violations`); what takes two of them, or this machine, is compared here.
//!
//! *Unknown freezes* (3) is a rule about what happens and not about what is: of its breach only a trace could be seen, an
//! instance at rest while its database server is not healthy, and that is looked for. The rule itself is held by tests:
//! `decide` of every reconciler does nothing on *unknown*, and the crash tests take servers and runtimes away.

mod chain;
mod door;
mod key;
mod machine;
mod patient;
mod remedy;
mod report;
mod secret;
mod service;

use crate::cli::{Doctor, Global};
use crate::failure::{Failure, Outcome};
use crate::output;
use patient::Patient;
use report::Report;

/// `saasodoo doctor`
pub(crate) async fn run(global: &Global, args: &Doctor) -> Outcome {
    let patient = Patient::find(global)?;
    let mut report = patient.examine().await?;
    if args.fix {
        let mended = patient.mend(&report).await;
        if !mended.is_empty() {
            report = patient.recover().await?;
        }
        report.mended = mended;
    }
    say(global, &report)?;
    if report.findings.is_empty() { Ok(()) } else { Err(Failure::Unhealthy) }
}

fn say(global: &Global, report: &Report) -> anyhow::Result<()> {
    if global.json {
        return output::line(&serde_json::to_string_pretty(report)?);
    }
    for note in &report.notes {
        output::line(&format!("ok    {note}"))?;
    }
    for mended in &report.mended {
        output::line(&format!("done  {mended}"))?;
    }
    for found in &report.findings {
        output::line(&format!("FAIL  [{}] {}", found.invariant, found.finding))?;
        output::line(&format!("      {}", found.advice))?;
    }
    match report.findings.iter().filter(|found| found.is_mendable()).count() {
        _ if report.findings.is_empty() => output::line("nothing falls short"),
        0 => output::line("a person has to decide about these"),
        count => output::line(&format!("`saasodoo doctor --fix` sees to {count} of these")),
    }
}
