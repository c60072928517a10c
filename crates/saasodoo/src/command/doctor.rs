//! `saasodoo doctor`: the invariants of the specification, on the living system. A line for each that falls short,
//! with what to do about it.

mod folder;
mod service;

use serde::Serialize;

use crate::cli::Global;
use crate::client::{self, Platform};
use crate::failure::{Failure, Outcome};
use crate::output;

/// Something that falls short.
#[derive(Debug, Serialize)]
struct Finding {
    /// The number of the invariant in the specification, section 8; 0 for the platform's own health.
    invariant: u8,
    /// What falls short.
    finding: String,
    /// What to do about it.
    advice: &'static str,
}

/// What an examination gives.
#[derive(Debug, Default, Serialize)]
struct Report {
    /// What falls short.
    findings: Vec<Finding>,
    /// What is worth knowing, and is as it should be.
    notes: Vec<String>,
}

impl Report {
    fn find(&mut self, invariant: u8, finding: impl Into<String>, advice: &'static str) {
        self.findings.push(Finding { invariant, finding: finding.into(), advice });
    }

    fn note(&mut self, note: impl Into<String>) {
        self.notes.push(note.into());
    }
}

/// `saasodoo doctor`
pub(crate) async fn run(global: &Global) -> Outcome {
    let platform = Platform::find(global)?;
    let mut report = Report::default();
    service::examine(&platform, &mut report).await?;
    match client::local(global) {
        Ok(data) => folder::examine(&data, global, &mut report)?,
        Err(_) => report
            .note("the data folder is elsewhere: processes, files and secrets were not examined"),
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
    for found in &report.findings {
        output::line(&format!(
            "FAIL  [{}] {}\n      {}",
            found.invariant, found.finding, found.advice
        ))?;
    }
    if report.findings.is_empty() {
        output::line("nothing falls short")?;
    }
    Ok(())
}
