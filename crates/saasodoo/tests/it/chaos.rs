//! The short form of `make chaos`: each kind of victim once at least, and the end is as if nothing had happened.

use std::path::PathBuf;

use trial::chaos::{self, Options};

#[test]
fn everything_that_is_paid_runs_and_nothing_else_does_whatever_was_killed() {
    let options = Options {
        binary: PathBuf::from(env!("CARGO_BIN_EXE_saasodoo")),
        kills: 20,
        purchases: 8,
        seed: 4,
    };
    let trial = chaos::run(&options, |line| println!("{line}"));
    let report = tokio::runtime::Runtime::new().unwrap().block_on(trial).unwrap();
    println!("{report}");
    assert!(report.failures.is_empty(), "{report}");
}
