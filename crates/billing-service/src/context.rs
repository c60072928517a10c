//! What the service and its worker are made from.

use crate::account::SettleAccount;
use crate::desk::Books;
use crate::entitlement::StateEntitlement;
use crate::feed::FollowEngine;
use crate::plan::Plans;
use crate::{metric, route, store};
use billing_engine::{BillingEngine, CataloguePlan, Clock, Dunning, Embedded, SystemClock};
use contract::client::InstanceClient;
use identity::Verifier;
use sqlx::PgPool;
use std::path::PathBuf;
use std::sync::Arc;
use work::{Desk, Queue, Worker};

/// The queue of this service's database.
pub const QUEUE: Queue = Queue::new("billing_work");

/// The role.
pub(crate) const NAME: &str = "billing-service";

/// How many things the worker looks at at the same time.
const CONCURRENCY: usize = 8;

/// What an operator may decide.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// A file like `plans.toml`; the shipped one when absent.
    pub plans: Option<PathBuf>,
    /// Days until an unpaid invoice has consequences.
    pub dunning: Dunning,
}

/// Everything that a request or a piece of work needs. Cloning is cheap.
#[derive(Clone)]
pub struct Context {
    /// The database `billing`, as `billing_service`.
    pub pool: PgPool,
    /// Who charges.
    pub engine: Arc<dyn BillingEngine>,
    /// Who is told.
    pub instances: InstanceClient,
    /// What is sold.
    pub plans: Arc<Plans>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Who may ask.
    pub verifier: Verifier,
}

impl Context {
    /// A context with the embedded engine and the machine's clock.
    ///
    /// # Errors
    /// The plans cannot be read, or break a rule.
    pub fn new(
        pool: PgPool,
        instances: InstanceClient,
        verifier: Verifier,
        options: &Options,
    ) -> anyhow::Result<Self> {
        let plans = Plans::load(options.plans.as_deref())?;
        let clock = Arc::new(SystemClock);
        Ok(Self::with(pool, instances, verifier, plans, clock, options.dunning))
    }

    /// A context with the embedded engine and any clock.
    #[must_use]
    pub fn with(
        pool: PgPool,
        instances: InstanceClient,
        verifier: Verifier,
        plans: Plans,
        clock: Arc<dyn Clock>,
        dunning: Dunning,
    ) -> Self {
        let engine = Arc::new(Embedded::new(pool.clone(), Arc::clone(&clock), dunning));
        Self { pool, engine, instances, plans: Arc::new(plans), clock, verifier }
    }

    /// Makes the plans known to the engine, and writes their entitlements down. To be called at every start; what has not
    /// changed is left alone.
    ///
    /// # Errors
    /// The database is down.
    pub async fn prepare(&self) -> anyhow::Result<()> {
        let plans: Vec<_> = self.plans.all().iter().map(|plan| self.for_engine(plan)).collect();
        self.engine.publish(&plans).await?;
        let mut tx = self.pool.begin().await?;
        store::plan_entitlement::publish(&mut tx, self.plans.all(), self.clock.now()).await?;
        Ok(tx.commit().await?)
    }

    fn for_engine(&self, plan: &crate::Plan) -> CataloguePlan {
        CataloguePlan {
            name: plan.name.clone(),
            currency: self.plans.currency().to_owned(),
            trial_days: plan.trial_days(),
            price: plan.price(),
        }
    }
}

/// The service's interface.
#[must_use]
pub fn service(context: Context) -> api::ServiceServer {
    metric::register();
    let (pool, verifier) = (context.pool.clone(), context.verifier.clone());
    let desk = Desk::new(pool.clone(), QUEUE, NAME, Books).routes();
    let numbers = pool.clone();
    let routes = route::all().with_state(context).nest("/api/billing/admin/operations", desk);
    api::ServiceServer::new(NAME, routes, verifier)
        .needs_database(pool)
        .numbers(move |registry| metric::read(numbers.clone(), registry))
}

/// The service's worker.
#[must_use]
pub fn worker(context: Context) -> Worker {
    metric::register();
    Worker::new(context.pool.clone(), QUEUE, CONCURRENCY)
        .reconcile(StateEntitlement(context.clone()))
        .reconcile(SettleAccount(context.clone()))
        .reconcile(FollowEngine(context))
}
