//! The processes of a platform's workloads, as the machine shows them.

use std::collections::BTreeMap;
use std::path::Path;

use rustix::process::{Pid, Signal, kill_process};

/// One process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Process {
    pub(crate) id: u32,
    parent: u32,
}

impl Process {
    /// Sends a signal; one that has ended meanwhile is no error.
    pub(crate) fn signal(self, signal: Signal) {
        signal_to(self.id, signal);
    }
}

/// Sends a signal to a process; one that has ended meanwhile is no error.
pub(crate) fn signal_to(id: u32, signal: Signal) {
    if let Some(process) = i32::try_from(id).ok().and_then(Pid::from_raw) {
        kill_process(process, signal).ok();
    }
}

/// The processes of each workload and job whose files are under this folder: sandboxes, and all in them.
pub(crate) fn workloads(folder: &Path) -> BTreeMap<String, Vec<Process>> {
    let all = all();
    let mut found: BTreeMap<String, Vec<Process>> = BTreeMap::new();
    for (process, line) in &all {
        let Some(name) = workload(folder, line) else { continue };
        let family = found.entry(name).or_default();
        add_with_children(*process, &all, family);
    }
    found
}

/// How many sandboxes of each workload there are; more than one is one too many.
pub(crate) fn sandboxes(folder: &Path) -> BTreeMap<String, usize> {
    let all = all();
    let named = |process: u32| {
        let line = all.iter().find(|(other, _)| other.id == process).map(|(_, line)| line);
        line.and_then(|line| workload(folder, line))
    };
    let mut found = BTreeMap::new();
    for (process, line) in &all {
        // The outer of two processes with the same line: its parent is none of the workload's.
        if let Some(name) = workload(folder, line)
            && named(process.parent).as_ref() != Some(&name)
        {
            *found.entry(name).or_default() += 1;
        }
    }
    found
}

/// The command lines of all processes that name this folder.
pub(crate) fn named(folder: &Path) -> Vec<String> {
    let folder = folder.to_string_lossy().into_owned();
    all().into_iter().map(|(_, line)| line).filter(|line| line.contains(&folder)).collect()
}

/// The memory of these processes that is theirs alone, and their share of what they share, in bytes.
pub(crate) fn resident(id: u32) -> Option<u64> {
    let text = std::fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let line = text.lines().find(|line| line.starts_with("VmRSS:"))?;
    Some(line.split_whitespace().nth(1)?.parse::<u64>().ok()? * 1024)
}

/// How much processor time a process has used.
pub(crate) fn processor_time(id: u32) -> Option<std::time::Duration> {
    let text = std::fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    let mut fields = text.rsplit_once(')')?.1.split_whitespace().skip(11);
    let ticks: u64 = fields.next()?.parse::<u64>().ok()? + fields.next()?.parse::<u64>().ok()?;
    let a_second = rustix::param::clock_ticks_per_second();
    Some(std::time::Duration::from_millis(ticks * 1000 / a_second))
}

fn add_with_children(process: Process, all: &[(Process, String)], family: &mut Vec<Process>) {
    if family.contains(&process) {
        return;
    }
    family.push(process);
    for (child, _) in all.iter().filter(|(child, _)| child.parent == process.id) {
        add_with_children(*child, all, family);
    }
}

/// The workload whose sandbox has this command line: it mounts the workload's own folder.
fn workload(folder: &Path, line: &str) -> Option<String> {
    let folder = folder.join("runtime");
    let rest = line.starts_with("bwrap ").then(|| line.split_once(folder.to_str()?))??.1;
    let mut parts = rest.split(['/', ' ']).filter(|part| !part.is_empty());
    let kind = parts.next()?;
    matches!(kind, "units" | "jobs").then(|| parts.next().map(str::to_owned))?
}

fn all() -> Vec<(Process, String)> {
    let Ok(entries) = std::fs::read_dir("/proc") else { return Vec::new() };
    let ids = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    ids.filter_map(|id: u32| {
        let line = std::fs::read(format!("/proc/{id}/cmdline")).ok()?;
        let status = std::fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
        let parent = status.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()?;
        let line = String::from_utf8_lossy(&line).replace('\0', " ");
        Some((Process { id, parent }, line))
    })
    .collect()
}
