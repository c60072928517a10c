//! `make bench`: a platform measured beside the floors of the same machine.
#![expect(clippy::print_stdout, reason = "a program for people, whose output is its purpose")]

use std::path::PathBuf;

use clap::Parser;
use trial::bench::{self, Options};

/// Measures a platform beside its floors, and writes the table of docs/benchmarks.md.
#[derive(Parser)]
struct Arguments {
    /// The program to measure.
    #[arg(long, default_value = "target/release/saasodoo")]
    binary: PathBuf,
    /// The unpacked root file system of Odoo 19.
    #[arg(long)]
    root_file_system: PathBuf,
    /// How often each thing is measured.
    #[arg(long, default_value_t = 7)]
    rounds: u32,
    /// How many instances are known when memory and idle time are measured.
    #[arg(long, default_value_t = 1000)]
    known: u32,
    /// The document whose table is written anew.
    #[arg(long, default_value = "docs/benchmarks.md")]
    document: PathBuf,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let Arguments { binary, root_file_system, rounds, known, document } = Arguments::parse();
    let options = Options { binary, root_file_system, rounds, known, document };
    bench::run(&options, |line| println!("{line}")).await
}
