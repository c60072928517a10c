//! The one binary: every role of the platform, and the commands that people type.

mod cli;
mod client;
mod command;
mod composition;
mod data_folder;
mod failure;
mod follow;
mod logging;
mod machine;
mod output;
mod progress;
mod role;
mod serve;
mod signal;
mod up;

use std::process::ExitCode;

use clap::Parser;

use crate::cli::{Cli, Command};
use crate::client::Platform;
use crate::command::{configuration, doctor, instance, money, operation, order, server, token};
use crate::failure::Outcome;
use crate::output::Format;

/// Gives back what a hash of a password or a template's dump took for a moment: the system's allocator keeps
/// 40 to 80 MiB of it for ever, and the machine is to belong to the customers' Odoos.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    // Without a provider rustls panics at its first use.
    rustls::crypto::ring::default_provider().install_default().expect("nobody was here before");
    let cli = Cli::parse();
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("saasodoo: no threads can be had: {error}");
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(Box::pin(run(cli))) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => ExitCode::from(failure.report()),
    }
}

async fn run(cli: Cli) -> Outcome {
    let global = &cli.global;
    match &cli.command {
        Command::Up(args) => Box::pin(up::up(global, args)).await,
        Command::Serve { roles } => Box::pin(serve::serve(global, roles)).await,
        Command::Migrate => Box::pin(serve::migrate(global)).await,
        Command::Token(whose) => token::print(global, whose).await,
        Command::Env => token::environment(global),
        Command::Doctor(args) => Box::pin(doctor::run(global, args)).await,
        Command::Config(command) => configuration::run(global, *command),
        other => ask(other, &Platform::find(global)?, format(global.json)).await,
    }
}

fn format(is_json: bool) -> Format {
    if is_json { Format::Json } else { Format::Table }
}

async fn ask(command: &Command, platform: &Platform, format: Format) -> Outcome {
    match command {
        Command::Plans => order::plans(platform, format).await,
        Command::Order(args) => order::order(platform, format, args).await,
        Command::Instances { status } => instance::list(platform, format, *status).await,
        Command::Instance(which) => instance::show(platform, format, &which.instance).await,
        Command::Start(which) => instance::act(platform, format, &which.instance, "start").await,
        Command::Stop(which) => instance::act(platform, format, &which.instance, "stop").await,
        Command::Restart(which) => {
            instance::act(platform, format, &which.instance, "restart").await
        }
        Command::Delete { which, confirm } => {
            instance::delete(platform, format, &which.instance, confirm).await
        }
        Command::Login(which) => instance::login(platform, format, &which.instance).await,
        Command::Logs { which, lines } => {
            instance::logs(platform, format, &which.instance, *lines).await
        }
        Command::Events(which) => instance::events(platform, format, &which.instance).await,
        Command::Suspend(which) => money::suspend(platform, format, &which.instance).await,
        Command::Invoices { customer } => {
            money::invoices(platform, format, customer.as_ref()).await
        }
        Command::Pay { invoice, reference } => {
            money::pay(platform, format, *invoice, reference).await
        }
        Command::Servers => server::list(platform, format).await,
        Command::ProvisionPool { max_instances } => {
            server::provision_pool(platform, format, *max_instances).await
        }
        Command::Operations { act: None } => operation::list(platform, format).await,
        Command::Operations { act: Some(act) } => operation::act(platform, format, *act).await,
        Command::Up(_)
        | Command::Serve { .. }
        | Command::Migrate
        | Command::Token(_)
        | Command::Env
        | Command::Doctor(_)
        | Command::Config(_) => unreachable!("these ask no running platform"),
    }
}
