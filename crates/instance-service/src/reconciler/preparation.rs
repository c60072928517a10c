//! A database becomes this instance's own, before its Odoo is started on it for the first time.

use anyhow::Context as _;
use runtime::{DatabaseAddress, OdooJob, OdooTask, WorkloadName};
use work::Attempt;

use super::{InstanceReconciler, sight};
use crate::instance::Instance;
use crate::life;
use crate::store::event;
use crate::store::secret::Secrets;
use crate::tenant::{self, Identity};

/// What people are told when the database is empty.
const INSTALLING: &str =
    "Odoo is being installed into its database. This takes about half a minute, once.";

impl InstanceReconciler {
    /// Initialises the database if it is empty, and gives it this instance's identity if it has another.
    pub(super) async fn prepare(
        &self,
        instance: &mut Instance,
        database: &DatabaseAddress,
        secrets: &Secrets,
        attempt: &Attempt,
    ) -> anyhow::Result<()> {
        let mut conn = tenant::connect(database).await?;
        if !tenant::has_modules(&mut conn, &odoo::base_modules()).await? {
            drop(conn);
            self.install(instance, database, attempt).await?;
            conn = tenant::connect(database).await?;
        }
        if tenant::is_identified(&mut conn, instance.id).await? {
            return Ok(());
        }
        tenant::identify(&mut conn, &self.identity(instance, secrets)).await?;
        attempt.did("identity written").await
    }

    async fn install(
        &self,
        instance: &mut Instance,
        database: &DatabaseAddress,
        attempt: &Attempt,
    ) -> anyhow::Result<()> {
        self.tell_of_install(instance, attempt).await?;
        let job = OdooJob {
            version: instance.odoo_version.clone(),
            database: database.clone(),
            task: OdooTask::Install { modules: odoo::base_modules() },
            limits: sight::limits(instance).context("only what is entitled is started")?,
            deadline: self.context.options.install_deadline,
        };
        let name = WorkloadName::new(format!("install-{}", instance.id));
        self.context.runtime.run(&name, &job).await.context("can't initialise the database")?;
        attempt.did("Odoo installed").await
    }

    /// Told once, however often it is tried.
    async fn tell_of_install(
        &self,
        instance: &mut Instance,
        attempt: &Attempt,
    ) -> anyhow::Result<()> {
        let mut conn = self.context.pool.acquire().await?;
        if event::last_message(&mut conn, instance.id).await?.as_deref() == Some(INSTALLING) {
            return Ok(());
        }
        drop(conn);
        let state = instance.state.clone();
        life::save(&self.context, instance, state, Some(INSTALLING), attempt).await?;
        attempt.did("told of the installation").await
    }

    fn identity(&self, instance: &Instance, secrets: &Secrets) -> Identity {
        Identity {
            instance: instance.id,
            url: self.context.options.public.url(&instance.subdomain),
            login: instance.admin_email.to_string(),
            password_hash: secrets.admin_password_hash.clone(),
            company: instance.name.to_string(),
            language: instance.language.clone().map(Into::into),
            timezone: instance.timezone.clone().map(Into::into),
        }
    }
}
