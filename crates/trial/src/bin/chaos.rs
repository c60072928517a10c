//! `make chaos KILLS=200`: the platform under fire.
#![expect(clippy::print_stdout, reason = "a program for people, whose output is its purpose")]

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use trial::chaos::{self, Options};

/// Kills parts of a platform at random moments while customers buy, and says whether everything came right.
#[derive(Parser)]
struct Arguments {
    /// The program to try.
    #[arg(long, default_value = "target/release/saasodoo")]
    binary: PathBuf,
    /// How often something is killed, frozen or filled.
    #[arg(long, default_value_t = 200)]
    kills: u32,
    /// How many instances are bought meanwhile.
    #[arg(long, default_value_t = 50)]
    purchases: u32,
    /// From which all that is random follows; chance when absent.
    #[arg(long)]
    seed: Option<u64>,
}

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let Arguments { binary, kills, purchases, seed } = Arguments::parse();
    let seed = seed.unwrap_or_else(|| u64::from(rand::random::<u32>()));
    println!("seed {seed}: {kills} kills during {purchases} purchases");
    let options = Options { binary, kills, purchases, seed };
    let report = chaos::run(&options, |line| println!("{line}")).await?;
    println!("\n{report}");
    Ok(if report.failures.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
