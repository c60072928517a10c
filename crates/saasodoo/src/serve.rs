//! `saasodoo serve` and `saasodoo migrate`: roles as processes of their own.

use std::net::SocketAddr;

use settings::Settings;
use tracing::info;

use crate::cli::Global;
use crate::command::configuration;
use crate::composition::{Roles, listen};
use crate::data_folder::DataFolder;
use crate::failure::Outcome;
use crate::logging;
use crate::machine::Machine;
use crate::role::Role;
use crate::signal;

/// `saasodoo serve --role NAME…`
pub(crate) async fn serve(global: &Global, roles: &[Role]) -> Outcome {
    let (settings, data) = open(global)?;
    let stop = signal::stop_token()?;
    let machine = Machine::open(settings, &data).await?;
    platform::wait_until_ready(&machine.parts.server).await?;
    let mut running = Roles::new(stop);
    for role in Role::ALL.into_iter().filter(|role| roles.contains(role)) {
        let listener = match address(&machine.parts.settings, role) {
            Some(address) => Some(listen(role, address).await?),
            None => None,
        };
        running.start(role, &machine.parts, listener).await?;
    }
    let ended = running.ended().await;
    machine.leave().await;
    Ok(ended?)
}

/// `saasodoo migrate`
pub(crate) async fn migrate(global: &Global) -> Outcome {
    let (settings, data) = open(global)?;
    let machine = Machine::open(settings, &data).await?;
    let prepared = machine.prepare().await;
    machine.leave().await;
    prepared?;
    info!("the platform's databases are up to date");
    Ok(())
}

fn open(global: &Global) -> Result<(Settings, DataFolder), crate::failure::Failure> {
    let settings = configuration::load(global)?;
    logging::to_stderr(&settings.log.filter, settings.log.format)?;
    let data = DataFolder::make(&settings.data_folder()?)?;
    Ok((settings, data))
}

fn address(settings: &Settings, role: Role) -> Option<SocketAddr> {
    let services = &settings.services;
    match role {
        Role::UserService => Some(services.user.listen),
        Role::NotificationService => Some(services.notification.listen),
        Role::BillingService => Some(services.billing.listen),
        Role::InstanceService => Some(services.instance.listen),
        Role::DatabaseService => Some(services.database.listen),
        Role::Console => Some(services.console.listen),
        Role::InstanceWorker | Role::DatabaseWorker | Role::Edge => None,
    }
}
