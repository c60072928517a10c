//! What every part of this service has at hand.

use std::sync::Arc;

use anyhow::Context as _;
use identity::Verifier;
use runtime::Address;
use sqlx::PgPool;
use vault::Vault;

use crate::changes::Changes;
use crate::credential;
use crate::options::Options;
use crate::store::server::Server;
use crate::tenant::{Connections, Login, Programs};

/// The service's own database, its secrets, its options, and its connections to the tenants' servers. Cheap to clone.
#[derive(Clone)]
pub struct Context {
    /// The platform's database `instance`, as role `database_service`.
    pub pool: PgPool,
    /// Seals what is secret before it is stored.
    pub vault: Vault,
    /// What the operator set.
    pub options: Arc<Options>,
    /// Knows whose token is whose.
    pub verifier: Verifier,
    /// Connections to the tenants' servers.
    pub(crate) connections: Connections,
    /// Tells who waits that an allocation changed.
    pub(crate) changes: Changes,
}

impl Context {
    /// The context of one process.
    #[must_use]
    pub fn new(pool: PgPool, vault: Vault, options: Options, verifier: Verifier) -> Self {
        let changes = Changes::new(pool.clone());
        let options = Arc::new(options);
        Self { pool, vault, options, verifier, connections: Connections::default(), changes }
    }

    /// How to get into a server as its superuser, once its address is known.
    pub(crate) fn login(&self, server: &Server) -> anyhow::Result<Login> {
        let (Some(host), Some(port)) = (server.host.clone(), server.port) else {
            anyhow::bail!("{} has no address yet", server.name);
        };
        let port = u16::try_from(port).context("a port has 16 bits")?;
        let password = credential::open_superuser(&self.vault, server)?;
        Ok(Login { server: server.id, address: Address { host, port }, password })
    }

    /// PostgreSQL's own programs.
    pub(crate) fn programs(&self) -> Programs {
        Programs(self.options.programs.clone())
    }
}
