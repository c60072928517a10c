//! Processes that may not be our children, and may have been started by a platform that is gone.

use std::io;
use std::os::fd::OwnedFd;
use std::sync::LazyLock;
use std::time::Duration;

use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use serde::{Deserialize, Serialize};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// One process and no other: numbers are given again, but not with the same start in the same boot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ProcessId {
    number: i32,
    started: u64,
    boot: String,
}

static BOOT: LazyLock<String> = LazyLock::new(|| {
    let id = std::fs::read_to_string("/proc/sys/kernel/random/boot_id");
    id.unwrap_or_default().trim().to_owned()
});

impl ProcessId {
    /// The process that has this number now.
    pub(crate) fn of(number: i32) -> Option<Self> {
        let status = Status::read(number)?;
        Some(Self { number, started: status.started, boot: BOOT.clone() })
    }

    /// Whether it still runs; what has ended and was not reaped does not.
    pub(crate) fn is_alive(&self) -> bool {
        self.boot == *BOOT
            && Status::read(self.number)
                .is_some_and(|status| status.started == self.started && !status.is_over)
    }

    /// A handle on the process, if it still runs.
    pub(crate) fn open(&self) -> Option<Handle> {
        let handle = pidfd_open(Pid::from_raw(self.number)?, PidfdFlags::NONBLOCK).ok()?;
        // Only now the number cannot be given to another any more.
        self.is_alive().then_some(Handle(handle))
    }

    /// The first process that it started.
    pub(crate) fn first_child(&self) -> Option<Self> {
        let parent = self.is_alive().then_some(self.number)?;
        let numbers = std::fs::read_dir("/proc").ok()?.flatten();
        numbers
            .filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok())
            .filter_map(|number| Some((number, Status::read(number)?)))
            .filter(|(_, status)| status.parent == parent && !status.is_over)
            .min_by_key(|(_, status)| status.started)
            .map(|(number, status)| Self { number, started: status.started, boot: BOOT.clone() })
    }
}

/// A handle on one process, which never means another.
#[derive(Debug)]
pub(crate) struct Handle(OwnedFd);

impl Handle {
    /// Sends a signal; a process that is gone does not mind.
    pub(crate) fn signal(&self, signal: Signal) {
        pidfd_send_signal(&self.0, signal).ok();
    }

    /// Waits for the end of the process.
    pub(crate) async fn ended(&self) -> io::Result<()> {
        #[expect(
            deprecated,
            reason = "its successor is unsafe, and an owned descriptor keeps what that asks for"
        )]
        let handle = AsyncFd::with_interest(self.0.try_clone()?, Interest::READABLE)?;
        handle.readable().await.map(drop)
    }

    /// Waits for the end of the process, for a bounded time; says whether it came.
    pub(crate) async fn ends_within(&self, bound: Duration) -> bool {
        tokio::time::timeout(bound, self.ended()).await.is_ok_and(|ended| ended.is_ok())
    }
}

/// What `/proc/<number>/stat` says.
struct Status {
    is_over: bool,
    parent: i32,
    started: u64,
}

impl Status {
    fn read(number: i32) -> Option<Self> {
        Self::parse(&std::fs::read_to_string(format!("/proc/{number}/stat")).ok()?)
    }

    fn parse(text: &str) -> Option<Self> {
        // The name in parentheses may contain anything, also spaces and parentheses.
        let (_, fields) = text.rsplit_once(") ")?;
        let fields: Vec<&str> = fields.split(' ').collect();
        Some(Self {
            is_over: matches!(*fields.first()?, "Z" | "X"),
            parent: fields.get(1)?.parse().ok()?,
            started: fields.get(19)?.parse().ok()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_with_an_odd_name_is_read() {
        let text = "42 (a) (b c) S 7 42 42 0 -1 4194304 1 2 3 4 5 6 7 8 20 0 1 0 9876 1 2";
        let status = Status::parse(text).unwrap();
        assert_eq!((status.parent, status.started, status.is_over), (7, 9876, false));
    }

    #[tokio::test]
    async fn another_process_with_the_same_number_is_not_the_same() {
        let mut child = tokio::process::Command::new("sleep").arg("60").spawn().unwrap();
        let id = ProcessId::of(child.id().unwrap().cast_signed()).unwrap();
        let impostor = ProcessId { started: id.started + 1, ..id.clone() };
        assert!(id.is_alive() && !impostor.is_alive() && impostor.open().is_none());

        let handle = id.open().unwrap();
        assert!(!handle.ends_within(Duration::from_millis(20)).await);
        handle.signal(Signal::KILL);
        assert!(handle.ends_within(Duration::from_secs(5)).await);
        assert!(!id.is_alive());
        child.wait().await.unwrap();
    }
}
