//! The local runtime with an Odoo that takes no time: its jobs write into the database what a real one would leave
//! there as far as anybody here looks at it: tables, sequences and views of the role that it logs in as.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use runtime::{
    InventoryEntry, Observed, OdooJob, OdooTask, Runtime, Walls, Workload, WorkloadName,
};
use runtime_local::LocalRuntime;
use secrecy::ExposeSecret;
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection, PgConnection};
use tokio::sync::broadcast;

/// Servers are real, Odoo is not.
#[derive(Debug)]
pub(crate) struct QuickOdoo {
    pub(crate) local: Arc<LocalRuntime>,
    pub(crate) jobs: AtomicUsize,
}

#[async_trait]
impl Runtime for QuickOdoo {
    async fn apply(&self, name: &WorkloadName, workload: &Workload) -> anyhow::Result<()> {
        self.local.apply(name, workload).await
    }

    async fn stop(&self, name: &WorkloadName) -> anyhow::Result<()> {
        self.local.stop(name).await
    }

    async fn remove(&self, name: &WorkloadName) -> anyhow::Result<()> {
        self.local.remove(name).await
    }

    async fn observe(&self, name: &WorkloadName) -> Observed {
        self.local.observe(name).await
    }

    async fn inventory(&self) -> anyhow::Result<Vec<InventoryEntry>> {
        self.local.inventory().await
    }

    async fn logs(&self, name: &WorkloadName, lines: usize) -> anyhow::Result<Vec<String>> {
        self.local.logs(name, lines).await
    }

    async fn run(&self, _: &WorkloadName, job: &OdooJob) -> anyhow::Result<()> {
        self.jobs.fetch_add(1, Ordering::SeqCst);
        let database = &job.database;
        let options = PgConnectOptions::new_without_pgpass()
            .host(&database.host)
            .port(database.port)
            .username(&database.user)
            .password(database.password.expose_secret())
            .database(&database.name);
        let mut session = PgConnection::connect_with(&options).await?;
        // Installing twice into the same database fails, as it may with a real Odoo.
        let sql = match &job.task {
            OdooTask::Install { .. } => {
                "create table res_users (id serial primary key, login text);
                 create index res_users_login on res_users using gin (login gin_trgm_ops);
                 create view users as select login from res_users;
                 insert into res_users (login) values ('admin')"
            }
            OdooTask::Shell { .. } => {
                "create table if not exists ir_attachment (id serial primary key, db_datas bytea);
                 insert into ir_attachment (db_datas) values ('bundle')"
            }
        };
        sqlx::raw_sql(sql).execute(&mut session).await?;
        Ok(session.close().await?)
    }

    fn changes(&self) -> broadcast::Receiver<WorkloadName> {
        self.local.changes()
    }

    fn walls(&self) -> Walls {
        self.local.walls()
    }
}
