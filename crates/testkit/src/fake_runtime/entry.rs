//! One workload of the runtime in memory.

use std::time::Duration;

use runtime::{Address, Failing, Observed, Running, Workload};
use secrecy::ExposeSecret;

use super::server::Server;

pub(super) struct Entry {
    pub(super) workload: Workload,
    pub(super) life: Life,
    postgres: Option<Address>,
    restarts: u32,
}

pub(super) enum Life {
    Stopped,
    Running(Up),
    Failing,
}

pub(super) enum Up {
    Odoo(Server),
    Postgres(Address),
}

impl Entry {
    pub(super) fn new(workload: &Workload, boot: Duration, postgres: Option<Address>) -> Self {
        let life = Life::Stopped;
        let mut entry = Self { workload: workload.clone(), life, postgres, restarts: 0 };
        entry.start(boot);
        entry
    }

    /// Whether anything changed.
    pub(super) fn apply(&mut self, workload: &Workload, boot: Duration) -> bool {
        let is_same = description(&self.workload) == description(workload);
        if is_same && !matches!(self.life, Life::Stopped) {
            return false;
        }
        self.workload = workload.clone();
        self.restarts = 0;
        self.start(boot);
        true
    }

    pub(super) fn crash(&mut self, _boot: Duration) {
        assert!(matches!(self.life, Life::Running(_)), "only what runs can crash");
        self.life = Life::Failing;
    }

    pub(super) fn heal(&mut self, boot: Duration) {
        assert!(matches!(self.life, Life::Failing), "only what crashed can be up again");
        self.restarts += 1;
        self.start(boot);
    }

    pub(super) fn observed(&self) -> Observed {
        let address = match &self.life {
            Life::Stopped => return Observed::Stopped,
            Life::Failing => {
                let reason = "it ended with exit code 1".to_owned();
                return Observed::Failing(Failing { reason, restarts: self.restarts });
            }
            Life::Running(Up::Odoo(server)) => server.address(),
            Life::Running(Up::Postgres(address)) => address.clone(),
        };
        let restarts = self.restarts;
        Observed::Running(Running { address, websocket: None, is_current: true, restarts })
    }

    fn start(&mut self, boot: Duration) {
        let up = match &self.workload {
            Workload::Odoo(_) => Up::Odoo(Server::start(boot)),
            Workload::Postgres(_) => {
                Up::Postgres(self.postgres.clone().expect("the test says where PostgreSQL is"))
            }
        };
        self.life = Life::Running(up);
    }
}

/// Everything of a workload, so that two can be compared.
fn description(workload: &Workload) -> String {
    match workload {
        Workload::Odoo(odoo) => format!(
            "{odoo:?} {} {}",
            odoo.database.password.expose_secret(),
            odoo.master_password.expose_secret()
        ),
        Workload::Postgres(postgres) => {
            format!("{postgres:?} {}", postgres.superuser_password.expose_secret())
        }
    }
}
