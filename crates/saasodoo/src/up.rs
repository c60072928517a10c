//! `saasodoo up`: the whole platform in one process, from nothing to a running demo instance, and down again.

mod first;

use std::net::{Ipv4Addr, SocketAddr};

use settings::{Place, Settings};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tracing::info;

use crate::cli::{Global, Up};
use crate::command::configuration;
use crate::composition::{Roles, listen};
use crate::data_folder::{DataFolder, Walls, Whereabouts};
use crate::failure::{Failure, Outcome};
use crate::logging;
use crate::machine::Machine;
use crate::output;
use crate::progress::Progress;
use crate::role::Role;
use crate::signal;

/// Services with a listener of their own, which a private platform puts on free ports.
const LISTENING: [Role; 6] = [
    Role::NotificationService,
    Role::UserService,
    Role::DatabaseService,
    Role::InstanceService,
    Role::BillingService,
    Role::Console,
];

/// Runs the platform until it is told to stop.
pub(crate) async fn up(global: &Global, args: &Up) -> Outcome {
    let mut settings = configuration::load(global)?;
    adopt(&mut settings, args);
    let data = DataFolder::make(&settings.data_folder()?)?;
    settings.platform.data = Some(data.path().to_owned());
    let _lock = data.lock().map_err(|error| Failure::Usage(error.to_string()))?;
    logging::to_file(&data.log(), &settings.log.filter)?;
    let stop = signal::stop_token()?;
    let progress = Progress::new();
    let listeners = private_listeners(&mut settings).await?;
    let opening = progress.step("the platform's PostgreSQL runs", Machine::open(settings, &data));
    let machine = opening.await?;
    let lived = Box::pin(live(&machine, &data, listeners, args, &stop, &progress)).await;
    progress.finish();
    stop.cancel();
    machine.shut_down().await?;
    info!("everything has stopped");
    lived
}

fn adopt(settings: &mut Settings, args: &Up) {
    if let Some(listen) = args.listen {
        settings.platform.listen = listen;
    }
    if let Some(base) = &args.base {
        settings.platform.base.clone_from(base);
    }
}

/// From the prepared machine until the end of all roles.
async fn live(
    machine: &Machine,
    data: &DataFolder,
    listeners: Vec<(Role, TcpListener)>,
    args: &Up,
    stop: &CancellationToken,
    progress: &Progress,
) -> Outcome {
    progress.step("its databases are up to date", machine.prepare()).await?;
    let mut roles = Roles::new(stop.clone());
    let starting = start_all(&mut roles, machine, listeners);
    progress.step("every service runs", starting).await?;
    data.tell(&whereabouts(machine))?;
    let url = machine.parts.settings.platform.url("app");
    let told = tokio::select! {
        done = first::things(machine, args, progress) => done,
        ended = roles.ended() => ended.map_err(Failure::from),
        () = stop.cancelled() => Ok(()),
    };
    progress.finish();
    if told.is_ok() && !stop.is_cancelled() {
        output::line(&format!("ready {url}"))?;
        roles.ended().await?;
    } else {
        stop.cancel();
        roles.ended().await?;
    }
    told
}

async fn start_all(
    roles: &mut Roles,
    machine: &Machine,
    mut listeners: Vec<(Role, TcpListener)>,
) -> anyhow::Result<()> {
    for role in Role::ALL {
        let at = listeners.iter().position(|(of, _)| *of == role);
        let listener = at.map(|at| listeners.swap_remove(at).1);
        roles.start(role, &machine.parts, listener).await?;
    }
    Ok(())
}

/// Takes a free port for each service, and tells the settings, so that all find each other.
async fn private_listeners(settings: &mut Settings) -> anyhow::Result<Vec<(Role, TcpListener)>> {
    let mut listeners = Vec::new();
    for role in LISTENING {
        let listener = listen(role, SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await?;
        let address = listener.local_addr()?;
        *place(settings, role) = Place { listen: address, url: format!("http://{address}") };
        listeners.push((role, listener));
    }
    Ok(listeners)
}

fn place(settings: &mut Settings, role: Role) -> &mut Place {
    let services = &mut settings.services;
    match role {
        Role::UserService => &mut services.user,
        Role::InstanceService => &mut services.instance,
        Role::BillingService => &mut services.billing,
        Role::DatabaseService => &mut services.database,
        Role::NotificationService => &mut services.notification,
        Role::Console => &mut services.console,
        Role::InstanceWorker | Role::DatabaseWorker | Role::Edge => {
            unreachable!("this role is not in the list of those that listen")
        }
    }
}

fn whereabouts(machine: &Machine) -> Whereabouts {
    let settings = &machine.parts.settings;
    let walls = machine.parts.runtime.walls();
    Whereabouts {
        walls: Walls { standing: walls.standing, missing: walls.missing },
        url: gateway(settings.platform.listen),
        base: settings.platform.base.clone(),
        postgres_host: machine.parts.server.get_host().to_owned(),
        postgres_port: machine.parts.server.get_port(),
    }
}

/// Where this machine reaches its own edge: a host that is an address goes to the API.
fn gateway(listen: SocketAddr) -> String {
    format!("http://{}", reachable(listen))
}

/// The edge's address for this machine, also when it listens everywhere.
fn reachable(listen: SocketAddr) -> SocketAddr {
    let host = if listen.ip().is_unspecified() { Ipv4Addr::LOCALHOST.into() } else { listen.ip() };
    SocketAddr::new(host, listen.port())
}
