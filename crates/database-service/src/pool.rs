//! What staff do with servers: make one, take it out of choice and put it back, change its size, remove it.

use std::time::Duration;

use async_trait::async_trait;
use contract::database as body;
use serde::{Deserialize, Serialize};
use vocabulary::{OperationId, ServerId};
use work::{Attempt, Operation, Progress};

use crate::server::{Order, Servers, write_down};
use crate::state::{ServerStatus, Wish};
use crate::stock::Stocks;
use crate::store::audit::{self, Actor};
use crate::store::pool::Filter;
use crate::store::server::Server;
use crate::{Context, QUEUE, store};

/// Why an act on a server is refused.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// There is no such server.
    #[error("there is no such server")]
    Unknown,
    /// It is being removed, or gone.
    #[error("the server is being removed")]
    Leaving,
    /// It holds databases.
    #[error("the server holds {0} databases")]
    InUse(i64),
    /// It is for one instance, and goes and comes with that.
    #[error("the server belongs to one instance")]
    Dedicated,
    /// Something went wrong.
    #[error(transparent)]
    Failed(#[from] anyhow::Error),
}

impl From<sqlx::Error> for Refused {
    fn from(error: sqlx::Error) -> Self {
        Self::Failed(error.into())
    }
}

/// Asks for one more pool.
pub(crate) async fn provision(
    context: &Context,
    max_instances: u32,
    actor: &Actor,
) -> anyhow::Result<OperationId> {
    let server = ServerId::new();
    let mut tx = context.pool.begin().await?;
    let first = Step::Make { server, max_instances };
    let subject = server.to_string();
    let id = QUEUE.start::<ProvisionPool>(&mut tx, &subject, &first).await?;
    let outcome = format!("for {max_instances} databases");
    audit::write(&mut tx, actor, "provision_pool", &format!("server {server}"), &outcome).await?;
    tx.commit().await?;
    Ok(id)
}

/// One server, and who is on it.
pub(crate) async fn detail(context: &Context, id: ServerId) -> Result<body::PoolDetail, Refused> {
    let mut conn = context.pool.acquire().await?;
    let filter = Filter { id: Some(id), ..Filter::default() };
    let pool = store::pool::list(&mut conn, filter).await?.pop().ok_or(Refused::Unknown)?;
    let tenants = store::allocation::tenants(&mut conn, id).await?;
    let health_message = store::pool::health_message(&mut conn, id).await?;
    let tenants = tenants
        .into_iter()
        .map(|tenant| body::PoolTenant {
            instance_id: tenant.instance_id,
            customer_id: tenant.customer_id,
            state: tenant.state.to_string(),
            db_name: tenant.db_name,
            template: tenant.made_from,
            choice: tenant.choice,
            created_at: tenant.created_at,
        })
        .collect();
    Ok(body::PoolDetail { pool, health_message, tenants })
}

/// Takes a server out of choice, or puts it back.
pub(crate) async fn set_wish(
    context: &Context,
    id: ServerId,
    wish: Wish,
    actor: &Actor,
) -> Result<body::PoolDetail, Refused> {
    let mut tx = context.pool.begin().await?;
    find(&mut tx, id).await?;
    if !store::server::set_wish(&mut tx, id, wish).await? {
        return Err(Refused::Leaving);
    }
    audit::write(&mut tx, actor, wish.as_str(), &format!("server {id}"), "asked for").await?;
    QUEUE.wake::<Servers>(&mut tx, &id).await?;
    QUEUE.wake::<Stocks>(&mut tx, &id).await?;
    tx.commit().await?;
    detail(context, id).await
}

/// Changes how many databases a server may hold, but not below what it holds.
pub(crate) async fn resize(
    context: &Context,
    id: ServerId,
    size: u32,
    actor: &Actor,
) -> Result<body::PoolDetail, Refused> {
    let size = i32::try_from(size).unwrap_or(i32::MAX);
    let mut tx = context.pool.begin().await?;
    let server = find(&mut tx, id).await?;
    if server.dedicated_to_instance_id.is_some() {
        return Err(Refused::Dedicated);
    }
    store::slot::grow(&mut tx, id, size).await?;
    let left = store::slot::shrink(&mut tx, id, size).await?;
    if left > i64::from(size) {
        return Err(Refused::InUse(left));
    }
    store::server::set_size(&mut tx, id, size).await?;
    let outcome = format!("{} to {size}", server.max_instances);
    audit::write(&mut tx, actor, "resize", &format!("server {id}"), &outcome).await?;
    QUEUE.wake::<Stocks>(&mut tx, &id).await?;
    QUEUE.wake::<crate::capacity::Capacity>(&mut tx, &crate::capacity::Everything).await?;
    tx.commit().await?;
    let mut conn = context.pool.acquire().await?;
    store::server::refresh_full(&mut conn, id).await?;
    drop(conn);
    detail(context, id).await
}

/// Removes a server that holds nothing. Its free slots go first, so that nothing can come meanwhile.
pub(crate) async fn remove(
    context: &Context,
    id: ServerId,
    actor: &Actor,
) -> Result<body::PoolDetail, Refused> {
    let mut tx = context.pool.begin().await?;
    find(&mut tx, id).await?;
    let left = store::slot::shrink(&mut tx, id, 0).await?;
    if left > 0 {
        return Err(Refused::InUse(left));
    }
    store::server::set_wish(&mut tx, id, Wish::Remove).await?;
    audit::write(&mut tx, actor, "remove", &format!("server {id}"), "asked for").await?;
    QUEUE.wake::<Servers>(&mut tx, &id).await?;
    tx.commit().await?;
    detail(context, id).await
}

async fn find(conn: &mut sqlx::PgConnection, id: ServerId) -> Result<Server, Refused> {
    let server = store::server::find(conn, id).await?.ok_or(Refused::Unknown)?;
    if server.status == ServerStatus::Gone || server.wish == Wish::Remove {
        return Err(Refused::Leaving);
    }
    Ok(server)
}

/// The steps to one more pool. Saved: variants are added, never renamed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Step {
    /// Write it down.
    Make {
        /// Its id, so that writing it down twice is writing it down once.
        server: ServerId,
        /// How many databases it may hold.
        max_instances: u32,
    },
    /// Wait until it takes databases.
    Await {
        /// Which server.
        server: ServerId,
    },
}

/// Makes one more pool: writes the wish down, and waits until it is observed.
pub(crate) struct ProvisionPool {
    context: Context,
}

impl ProvisionPool {
    /// Makes pools for this context.
    #[must_use]
    pub(crate) fn new(context: Context) -> Self {
        Self { context }
    }

    async fn server(&self, id: ServerId) -> anyhow::Result<Option<Server>> {
        let mut conn = self.context.pool.acquire().await?;
        Ok(store::server::find(&mut conn, id).await?)
    }
}

#[async_trait]
impl Operation for ProvisionPool {
    const KIND: &'static str = "provision_pool";
    type Step = Step;

    async fn run(&self, step: Step, attempt: &Attempt) -> anyhow::Result<Progress<Step>> {
        match step {
            Step::Make { server, max_instances } => {
                let order = Order::pool(&self.context, server, max_instances);
                let mut tx = self.context.pool.begin().await?;
                attempt.hold(&mut tx).await?;
                write_down(&mut tx, &order).await?;
                tx.commit().await?;
                attempt.did("wrote the server down").await?;
                Ok(Progress::Next(Step::Await { server }))
            }
            Step::Await { server } => match self.server(server).await? {
                Some(found) if found.wish == Wish::Remove => {
                    anyhow::bail!("{} was removed before it took databases", found.name)
                }
                Some(found)
                    if found.prepared_at.is_some()
                        && found.status != ServerStatus::Initializing =>
                {
                    Ok(Progress::Done)
                }
                // Whatever keeps it from coming up stands in its own trace, and it goes on trying.
                Some(_) => Ok(Progress::Wait(Step::Await { server }, Duration::from_millis(300))),
                None => anyhow::bail!("there is no row of the server"),
            },
        }
    }

    async fn undo(&self, step: Step, attempt: &Attempt) -> anyhow::Result<()> {
        let Step::Make { server, .. } = step else { return Ok(()) };
        if self.server(server).await?.is_none() {
            return Ok(());
        }
        match remove(&self.context, server, &Actor::worker()).await {
            Ok(_) | Err(Refused::Leaving | Refused::Unknown) => {}
            Err(error) => return Err(error.into()),
        }
        attempt.did("asked for the server to go").await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What was saved once has to be readable for ever.
    #[test]
    fn every_step_that_was_ever_saved_is_read_back() {
        let id = "01900000-0000-7000-8000-000000000000";
        for text in [
            format!(r#"{{"make":{{"server":"{id}","max_instances":50}}}}"#),
            format!(r#"{{"await":{{"server":"{id}"}}}}"#),
        ] {
            let step: Step = serde_json::from_str(&text).unwrap();
            assert_eq!(serde_json::to_string(&step).unwrap(), text);
        }
    }
}
