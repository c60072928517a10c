//! Templates: each is initialised once by a real Odoo on one of the servers, dumped, and kept in the platform's database.
//! From there every server gets its golden copy.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use async_trait::async_trait;
use runtime::{DatabaseAddress, OdooJob, OdooTask, Runtime, WorkloadName};
use sha2::{Digest, Sha256};
use work::{Attempt, Next, Reconcile};

use crate::choice::rank;
use crate::state::{ServerStatus, TemplateState};
use crate::stock::Stocks;
use crate::store::server::Server;
use crate::store::template::{Build, Template};
use crate::tenant::{self, Fence, Login};
use crate::{Context, QUEUE, credential, store};

/// Keeps every template that is on offer built.
pub(crate) struct Templates {
    context: Context,
    runtime: Arc<dyn Runtime>,
}

/// Where a template is built, with the session that may change it.
struct Site<'a> {
    template: &'a Template,
    build: &'a Build,
    login: Login,
    fence: Fence,
}

/// What a step came to.
enum Went {
    /// This is next.
    On(TemplateState),
    /// This is next, and it was written down already.
    Saved,
    /// It can't be done now.
    Wait,
}

impl Templates {
    /// Builds by this runtime.
    #[must_use]
    pub(crate) fn new(context: Context, runtime: Arc<dyn Runtime>) -> Self {
        Self { context, runtime }
    }

    /// The building takes no slot: it is gone before anybody could miss it.
    async fn begin(&self, template: &Template) -> anyhow::Result<Went> {
        let mut conn = self.context.pool.acquire().await?;
        let candidates = store::server::candidates(&mut conn).await?;
        let Some(choice) = rank(&candidates).into_iter().next() else { return Ok(Went::Wait) };
        let plain: String = template
            .name
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
            .collect();
        let credential = credential::for_build(&self.context.vault, choice.server).await?;
        let build = Build {
            server: choice.server,
            name: format!("build_{plain}_{}", template.generation + 1),
            password: credential.sealed,
            verifier: credential.verifier,
        };
        store::template::begin(&mut conn, &template.name, &build).await?;
        Ok(Went::Saved)
    }

    async fn step(&self, template: &Template, attempt: &Attempt) -> anyhow::Result<Went> {
        let Some(build) = &template.build else { return self.begin(template).await };
        let mut conn = self.context.pool.acquire().await?;
        let server = store::server::find(&mut conn, build.server).await?.context("rows stay")?;
        drop(conn);
        if server.status == ServerStatus::Gone {
            return self.give_up(template, &server).await;
        }
        let login = self.context.login(&server)?;
        let pool = self.context.connections.pool(&login);
        let fence = Fence::take(&pool, &build.name)
            .await
            .with_context(|| format!("{} does not let us in", server.name))?;
        let Some(fence) = fence else { return Ok(Went::Wait) };
        // What was read before the fence may be old, and acting on it could make what nobody knows.
        let mut conn = self.context.pool.acquire().await?;
        let now = store::template::find(&mut conn, &template.name).await?;
        drop(conn);
        if now.is_none_or(|now| now.state != template.state || now.build != template.build) {
            return Ok(Went::Wait);
        }
        let mut site = Site { template, build, login, fence };
        let went = self.step_there(&mut site, attempt).await?;
        site.fence.release().await?;
        Ok(went)
    }

    async fn step_there(&self, site: &mut Site<'_>, attempt: &Attempt) -> anyhow::Result<Went> {
        match site.template.state {
            TemplateState::Creating => create_role(site).await,
            TemplateState::Installing => self.install(site, attempt).await,
            TemplateState::Bundling => self.bundle(site).await,
            TemplateState::Dumping => self.dump(site).await,
            TemplateState::Cleaning => self.clean(site).await,
            TemplateState::Wanted | TemplateState::Ready => Ok(Went::Saved),
        }
    }

    /// An installation that broke off can't be gone on with, so it begins with an empty database.
    async fn install(&self, site: &mut Site<'_>, attempt: &Attempt) -> anyhow::Result<Went> {
        let name = &site.build.name;
        let session = site.fence.session();
        tenant::drop_database(session, name).await?;
        tenant::create_empty(session, name, name).await.context("an empty database to build in")?;
        tenant::open(session, &site.login, name, name).await?;
        attempt.did("made an empty database to build in").await?;
        let modules = site.template.modules.clone();
        self.run(site, OdooTask::Install { modules }).await.context("installing the modules")?;
        Ok(Went::On(TemplateState::Bundling))
    }

    async fn bundle(&self, site: &mut Site<'_>) -> anyhow::Result<Went> {
        let script = odoo::asset_script().to_owned();
        self.run(site, OdooTask::Shell { script }).await.context("compiling the assets")?;
        Ok(Went::On(TemplateState::Dumping))
    }

    async fn run(&self, site: &Site<'_>, task: OdooTask) -> anyhow::Result<()> {
        let build = site.build;
        let password = credential::open_build(&self.context.vault, build.server, &build.password)?;
        let job = OdooJob {
            version: site.template.odoo_version.clone(),
            database: DatabaseAddress {
                host: site.login.address.host.clone(),
                port: site.login.address.port,
                name: build.name.clone(),
                user: build.name.clone(),
                password,
            },
            task,
            limits: self.context.options.build_limits,
            deadline: Duration::from_mins(20),
        };
        let name = format!("template-{}", site.template.name.replace('.', "-"));
        self.runtime.run(&WorkloadName::new(name), &job).await
    }

    /// From here on every server gets its golden copy.
    async fn dump(&self, site: &mut Site<'_>) -> anyhow::Result<Went> {
        let programs = self.context.programs();
        let dump = tenant::dump(&site.login, &site.build.name, &programs).await?;
        let sha256 = Sha256::digest(&dump);
        let mut tx = self.context.pool.begin().await?;
        if store::template::keep(&mut tx, site.template, &dump, sha256.as_slice()).await? {
            for server in store::server::present(&mut tx).await? {
                QUEUE.wake::<Stocks>(&mut tx, &server.id).await?;
            }
        }
        tx.commit().await?;
        Ok(Went::Saved)
    }

    async fn clean(&self, site: &mut Site<'_>) -> anyhow::Result<Went> {
        let name = &site.build.name;
        tenant::drop_database(site.fence.session(), name).await?;
        tenant::drop_role(site.fence.session(), name).await?;
        let mut conn = self.context.pool.acquire().await?;
        store::template::end(&mut conn, site.template, TemplateState::Ready).await?;
        Ok(Went::Saved)
    }

    /// The server went with everything on it. What was dumped before stays.
    async fn give_up(&self, template: &Template, server: &Server) -> anyhow::Result<Went> {
        tracing::warn!(
            template = template.name,
            "{} went while a template was built on it",
            server.name
        );
        let next = match template.state {
            TemplateState::Cleaning => TemplateState::Ready,
            _ => TemplateState::Wanted,
        };
        let mut conn = self.context.pool.acquire().await?;
        store::template::end(&mut conn, template, next).await?;
        Ok(Went::Saved)
    }
}

async fn create_role(site: &mut Site<'_>) -> anyhow::Result<Went> {
    let session = site.fence.session();
    tenant::create_role(session, &site.build.name).await.context("a role to build as")?;
    tenant::let_in(session, &site.build.name, &site.build.verifier).await?;
    Ok(Went::On(TemplateState::Installing))
}

/// What the trace says after a step from this state.
fn did(state: TemplateState) -> &'static str {
    match state {
        TemplateState::Wanted => "chose a server to build on",
        TemplateState::Creating => "made a role to build as",
        TemplateState::Installing => "installed the modules",
        TemplateState::Bundling => "compiled the assets",
        TemplateState::Dumping => "kept the dump",
        TemplateState::Cleaning => "cleaned up",
        TemplateState::Ready => "is ready",
    }
}

#[async_trait]
impl Reconcile for Templates {
    const NAME: &'static str = "reconcile_template";
    type Key = String;
    const SWEEP: Duration = Duration::from_mins(1);
    const DEADLINE: Duration = Duration::from_mins(45);

    async fn keys(&self) -> anyhow::Result<Vec<String>> {
        let mut conn = self.context.pool.acquire().await?;
        for offer in &self.context.options.templates {
            store::template::offer(&mut conn, offer).await?;
        }
        let all = store::template::all(&mut conn).await?;
        Ok(all.into_iter().filter(|t| t.state != TemplateState::Ready).map(|t| t.name).collect())
    }

    async fn reconcile(&self, key: &String, attempt: &Attempt) -> anyhow::Result<Next> {
        loop {
            let mut conn = self.context.pool.acquire().await?;
            let found = store::template::find(&mut conn, key).await?;
            drop(conn);
            let Some(template) = found else { return Ok(Next::Settled) };
            if template.state == TemplateState::Ready {
                return Ok(Next::Settled);
            }
            match self.step(&template, attempt).await? {
                Went::Wait => return Ok(Next::After(Duration::from_secs(5))),
                Went::Saved => {}
                Went::On(next) => {
                    let mut conn = self.context.pool.acquire().await?;
                    store::template::advance(&mut conn, &template, next).await?;
                }
            }
            attempt.did(did(template.state)).await?;
        }
    }
}
