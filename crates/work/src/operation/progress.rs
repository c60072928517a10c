//! What follows from how a step went: pure, so that every case stands in one place.

use super::Progress;
use super::store::Row;
use crate::claim::chain;
use crate::pace::Pace;
use serde::Serialize;
use serde_json::Value;
use std::time::Duration;

/// How running or undoing a step went.
#[derive(Debug)]
pub(super) enum Turn {
    Went(Progress<Value>),
    Undone,
    Failed(anyhow::Error),
}

/// What is saved, and what the worker does then.
#[derive(Debug)]
pub(super) struct Change {
    pub(super) state: &'static str,
    pub(super) is_undoing: bool,
    pub(super) step: Value,
    pub(super) passed: Vec<Value>,
    pub(super) tries: i32,
    /// What people see as its error; kept while it is undone, because it says why.
    pub(super) error: Option<String>,
    /// The error of this very turn.
    pub(super) failure: Option<String>,
    pub(super) rest: Rest,
}

/// Until when the operation is left alone.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Rest {
    None,
    For(Duration),
    Over,
}

/// The same with the step as it is saved.
pub(super) fn saved<S: Serialize>(progress: Progress<S>) -> anyhow::Result<Progress<Value>> {
    Ok(match progress {
        Progress::Next(step) => Progress::Next(serde_json::to_value(step)?),
        Progress::Wait(step, wait) => Progress::Wait(serde_json::to_value(step)?, wait),
        Progress::Done => Progress::Done,
    })
}

/// What follows from a turn.
pub(super) fn decide(row: &Row, turn: Turn, tries: u32, pace: &Pace) -> Change {
    let here = Change {
        state: "running",
        is_undoing: row.is_undoing,
        step: row.step.clone(),
        passed: row.passed.clone(),
        tries: 0,
        error: if row.is_undoing { row.error.clone() } else { None },
        failure: None,
        rest: Rest::None,
    };
    match turn {
        Turn::Went(Progress::Next(step)) => {
            let passed = [row.passed.as_slice(), std::slice::from_ref(&row.step)].concat();
            Change { step, passed, ..here }
        }
        Turn::Went(Progress::Wait(step, wait)) => {
            Change { state: "queued", step, rest: Rest::For(wait), ..here }
        }
        Turn::Went(Progress::Done) => Change { state: "done", rest: Rest::Over, ..here },
        Turn::Undone => back(here),
        Turn::Failed(error) => failed(row, &error, tries, pace, here),
    }
}

fn back(mut here: Change) -> Change {
    match here.passed.pop() {
        Some(step) => Change { step, ..here },
        None => Change { state: "undone", rest: Rest::Over, ..here },
    }
}

fn failed(row: &Row, error: &anyhow::Error, tries: u32, pace: &Pace, here: Change) -> Change {
    let failures = row.tries.unsigned_abs() + 1;
    let text = chain(error);
    let here = Change { error: Some(text.clone()), failure: Some(text), ..here };
    let count = row.tries.saturating_add(1);
    if failures < tries {
        Change { state: "queued", tries: count, rest: Rest::For(pace.retry(failures)), ..here }
    } else if row.is_undoing {
        Change { state: "stuck", tries: count, rest: Rest::Over, ..here }
    } else {
        Change { is_undoing: true, ..here }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn row(is_undoing: bool, tries: i32) -> Row {
        Row {
            id: vocabulary::OperationId::new(),
            is_undoing,
            step: json!("c"),
            passed: vec![json!("a"), json!("b")],
            tries,
            revision: 7,
            error: None,
        }
    }

    fn after(row: &Row, turn: Turn) -> (&'static str, bool, Value, usize, Rest) {
        let change = decide(row, turn, 3, &Pace::default());
        (change.state, change.is_undoing, change.step, change.passed.len(), change.rest)
    }

    fn fails() -> Turn {
        Turn::Failed(anyhow::anyhow!("no disk"))
    }

    #[test]
    fn a_step_goes_on_waits_or_ends() {
        let row = row(false, 2);
        let wait = Duration::from_secs(4);
        assert_eq!(
            after(&row, Turn::Went(Progress::Next(json!("d")))),
            ("running", false, json!("d"), 3, Rest::None)
        );
        assert_eq!(
            after(&row, Turn::Went(Progress::Wait(json!("c2"), wait))),
            ("queued", false, json!("c2"), 2, Rest::For(wait))
        );
        assert_eq!(
            after(&row, Turn::Went(Progress::Done)),
            ("done", false, json!("c"), 2, Rest::Over)
        );
    }

    #[test]
    fn a_failure_is_tried_again_then_undone_then_stuck() {
        let retry = Rest::For(Duration::from_secs(2));
        assert_eq!(after(&row(false, 1), fails()), ("queued", false, json!("c"), 2, retry));
        assert_eq!(after(&row(false, 2), fails()), ("running", true, json!("c"), 2, Rest::None));
        assert_eq!(after(&row(true, 2), fails()), ("stuck", true, json!("c"), 2, Rest::Over));
    }

    #[test]
    fn undoing_goes_backwards_to_the_first_step() {
        let mut row = row(true, 0);
        assert_eq!(after(&row, Turn::Undone), ("running", true, json!("b"), 1, Rest::None));
        row.passed.clear();
        assert_eq!(after(&row, Turn::Undone), ("undone", true, json!("c"), 0, Rest::Over));
    }
}
