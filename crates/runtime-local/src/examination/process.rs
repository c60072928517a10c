//! Processes as `/proc` shows them.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;

use super::Stray;

/// A process as `/proc` shows it.
pub(super) struct Process {
    number: i32,
    pub(super) user_id: u32,
    /// Its command line.
    pub(super) words: Vec<String>,
    /// Its control groups, one a line.
    pub(super) groups: String,
}

impl Process {
    /// A process that has ended in the meantime, or has nothing of its own left, is none.
    pub(super) fn read(number: i32) -> Option<Self> {
        let folder = PathBuf::from(format!("/proc/{number}"));
        let line = fs::read(folder.join("cmdline")).ok().filter(|line| !line.is_empty())?;
        let words = line.split(|byte| *byte == 0).map(|word| String::from_utf8_lossy(word).into());
        Some(Self {
            number,
            user_id: fs::metadata(&folder).ok()?.uid(),
            words: words.collect(),
            groups: fs::read_to_string(folder.join("cgroup")).unwrap_or_default(),
        })
    }

    pub(super) fn stray(&self) -> Stray {
        let command = self.words.iter().take(3).cloned().collect::<Vec<_>>().join(" ");
        Stray::Process { number: self.number, command: command.chars().take(80).collect() }
    }
}
