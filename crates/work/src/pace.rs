//! How fast a worker looks, how long it waits, and when another is taken for dead.

use std::time::Duration;

/// The times of a worker. The defaults are what production uses.
#[derive(Debug, Clone)]
pub struct Pace {
    /// How often a worker says that it lives, and looks for those that don't.
    pub heartbeat: Duration,
    /// After this long without a word a worker is dead, though its connection may be open: it hangs or is frozen.
    pub silent: Duration,
    /// After this long without a word a worker whose connection has closed is dead.
    pub closed: Duration,
    /// How long what is running may go on after the worker was told to stop.
    pub grace: Duration,
    /// How often to look without being told, for the case that a notification was lost.
    pub poll: Duration,
    /// The wait after the first failure. It doubles with every further one.
    pub first_retry: Duration,
    /// The longest wait after a failure.
    pub last_retry: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            heartbeat: Duration::from_secs(2),
            silent: Duration::from_secs(20),
            closed: Duration::from_secs(3),
            grace: Duration::from_secs(5),
            poll: Duration::from_secs(5),
            first_retry: Duration::from_secs(1),
            last_retry: Duration::from_secs(300),
        }
    }
}

impl Pace {
    /// For tests: failures are retried, and the dead found, within fractions of a second.
    #[must_use]
    pub fn quick() -> Self {
        Self {
            heartbeat: Duration::from_millis(50),
            closed: Duration::from_millis(150),
            grace: Duration::from_secs(1),
            first_retry: Duration::from_millis(20),
            last_retry: Duration::from_millis(500),
            ..Self::default()
        }
    }

    /// How long to wait after this many failures in a row.
    pub(crate) fn retry(&self, failures: u32) -> Duration {
        let doubled = 1_u32.checked_shl(failures.saturating_sub(1)).unwrap_or(u32::MAX);
        self.first_retry.saturating_mul(doubled).min(self.last_retry)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_doubles_up_to_a_limit() {
        let pace = Pace::default();
        let waits: Vec<u64> =
            [1, 2, 3, 9, 10, 33, 1000].iter().map(|n| pace.retry(*n).as_secs()).collect();
        assert_eq!(waits, [1, 2, 4, 256, 300, 300, 300]);
    }
}
