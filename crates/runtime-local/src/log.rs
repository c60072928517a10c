//! Logs of workloads: one file that grows to a bound, and the one before it.

use std::fs::{self, File, OpenOptions};
use std::io::{Read as _, Seek as _, SeekFrom};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// A log is put aside when it is larger, so a workload's logs take at most about twice as much.
const MOST_BYTES: u64 = 16 * 1024 * 1024;
/// How much of the end of a log is read for its last lines.
const TAIL_BYTES: u64 = 512 * 1024;

/// The log of one workload.
#[derive(Debug, Clone)]
pub(crate) struct Log(PathBuf);

impl Log {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self(path)
    }

    /// Opens the log for a process that starts.
    pub(crate) fn open(&self) -> std::io::Result<File> {
        OpenOptions::new().create(true).append(true).mode(0o600).open(&self.0)
    }

    /// Puts a log aside that has become too large. The process goes on writing into the same file,
    /// which works because it only ever appends; a line that comes in between may be lost.
    pub(crate) fn rotate(&self) -> std::io::Result<()> {
        if fs::metadata(&self.0).is_ok_and(|log| log.len() > MOST_BYTES) {
            fs::copy(&self.0, self.previous())?;
            OpenOptions::new().write(true).open(&self.0)?.set_len(0)?;
        }
        Ok(())
    }

    /// The newest lines, oldest first.
    pub(crate) fn tail(&self, lines: usize) -> Vec<String> {
        let mut newest = last_lines(&self.0, lines);
        if newest.len() < lines {
            let mut all = last_lines(&self.previous(), lines - newest.len());
            all.append(&mut newest);
            newest = all;
        }
        newest
    }

    fn previous(&self) -> PathBuf {
        self.0.with_extension("log.1")
    }
}

fn last_lines(path: &Path, lines: usize) -> Vec<String> {
    let Ok(text) = end_of(path) else { return Vec::new() };
    let all: Vec<&str> = text.lines().collect();
    all[all.len().saturating_sub(lines)..].iter().map(|line| (*line).to_owned()).collect()
}

fn end_of(path: &Path) -> std::io::Result<String> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(TAIL_BYTES)))?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_that_is_too_large_is_put_aside_and_still_read() {
        let folder = tempfile::tempdir().unwrap();
        let log = Log::new(folder.path().join("log"));
        let large = format!("{}\nbefore\n", "x".repeat(17 * 1024 * 1024));
        fs::write(folder.path().join("log"), large).unwrap();
        log.rotate().unwrap();
        std::io::Write::write_all(&mut log.open().unwrap(), b"after\n").unwrap();
        assert_eq!(log.tail(2), ["before", "after"]);
        assert_eq!(log.tail(1), ["after"]);
    }
}
