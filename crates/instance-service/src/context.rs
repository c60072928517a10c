//! What the service and its worker are made of.

use std::sync::Arc;
use std::time::Duration;

use contract::client::DatabaseClient;
use identity::Verifier;
use runtime::{Runtime, WorkloadName};
use sqlx::PgPool;
use vault::Vault;
use vocabulary::InstanceId;

use crate::bell::Bell;
use crate::credentials::Mint;
use crate::options::Options;

/// How long one answer of an Odoo may take while it starts: longer than loading its registry does.
const ANSWER_WITHIN: Duration = Duration::from_secs(8);

/// What the service and its worker are made of. Cloning is cheap.
#[derive(Clone)]
pub struct Context {
    pub(crate) pool: PgPool,
    pub(crate) verifier: Verifier,
    pub(crate) vault: Vault,
    pub(crate) runtime: Arc<dyn Runtime>,
    pub(crate) databases: DatabaseClient,
    pub(crate) options: Arc<Options>,
    pub(crate) bell: Arc<Bell>,
    pub(crate) mint: Arc<Mint>,
    pub(crate) http: reqwest::Client,
}

impl Context {
    /// A context on the database `instance`, connected as the role `instance_service`.
    #[must_use]
    pub fn new(
        pool: PgPool,
        verifier: Verifier,
        vault: Vault,
        runtime: Arc<dyn Runtime>,
        databases: DatabaseClient,
        options: Options,
    ) -> Self {
        Self {
            bell: Arc::new(Bell::new(pool.clone())),
            mint: Arc::default(),
            http: plain_http(),
            options: Arc::new(options),
            pool,
            verifier,
            vault,
            runtime,
            databases,
        }
    }
}

/// Odoos are asked without encryption, on the inner network, so certificates are not needed. The provider that the
/// builder wants all the same was installed by the client of database-service.
fn plain_http() -> reqwest::Client {
    reqwest::Client::builder()
        .no_proxy()
        // A connection that is kept would keep a thread of the tenant's Odoo.
        .pool_max_idle_per_host(0)
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(Duration::from_secs(1))
        .timeout(ANSWER_WITHIN)
        .tls_certs_only([])
        .build()
        .expect("a client without certificates needs no system")
}

/// What the runtime calls the Odoo of an instance.
pub(crate) fn workload(instance: InstanceId) -> WorkloadName {
    WorkloadName::new(format!("odoo-{instance}"))
}

/// The other way round; none for what is no instance's Odoo.
pub(crate) fn instance_of(name: &WorkloadName) -> Option<InstanceId> {
    name.as_str().strip_prefix("odoo-")?.parse().ok()
}
