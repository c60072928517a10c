//! What a person in front of `saasodoo up` sees: a line for each thing that is done, a spinner for what is not.

use std::time::Instant;

use indicatif::ProgressBar;

use crate::command::order::spinner;

/// The progress of one start.
#[derive(Debug)]
pub(crate) struct Progress {
    bar: ProgressBar,
}

impl Progress {
    /// A progress with nothing done yet.
    pub(crate) fn new() -> Self {
        Self { bar: spinner() }
    }

    /// Shows that something is under way until it is done, and how long it took.
    pub(crate) async fn step<T, E>(
        &self,
        what: &str,
        doing: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        let begun = Instant::now();
        self.bar.set_message(what.to_owned());
        let outcome = doing.await;
        if outcome.is_ok() {
            self.say(&format!("  {what} ({:.1} s)", begun.elapsed().as_secs_f32()));
        }
        outcome
    }

    /// A line that stays, also where there is no terminal.
    pub(crate) fn say(&self, line: &str) {
        if self.bar.is_hidden() {
            // A closed pipe is no reason to stop a platform.
            let _ = crate::output::line(line);
        } else {
            self.bar.println(line);
        }
    }

    /// Takes the spinner away.
    pub(crate) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}
