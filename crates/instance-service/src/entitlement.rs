//! What billing states of an instance is taken in: the highest version holds, and what comes too late is ignored.

use api::{ApiError, ApiResult};
use contract::instance::{Create, Entitlement, EntitlementStored};
use sqlx::{PgConnection, PgTransaction};
use tracing::warn;
use vocabulary::InstanceId;

use crate::QUEUE;
use crate::context::Context;
use crate::desire::Desired;
use crate::instance::{DatabaseState, Entitled, Instance};
use crate::life;
use crate::order::{self, Terms};
use crate::reconciler::InstanceReconciler;
use crate::store::all;
use crate::wish::{Who, note, note_refusal};

/// What people are told of a new instance.
const ORDERED: &str = "It is ordered.";

/// Stores the statement, and makes the instance when it is new.
pub(crate) async fn state(
    context: &Context,
    who: &Who,
    id: InstanceId,
    stated: Entitlement,
) -> ApiResult<EntitlementStored> {
    let result = store(context, who, id, stated).await;
    if let Err(refusal) = &result {
        note_refusal(context, who, id, "entitle", refusal).await;
    }
    result
}

async fn store(
    context: &Context,
    who: &Who,
    id: InstanceId,
    stated: Entitlement,
) -> ApiResult<EntitlementStored> {
    if stated.version < 1 {
        return Err(ApiError::invalid("version", "a version is a number from 1"));
    }
    let mut tx = context.pool.begin().await?;
    if let Some(instance) = all::instance::lock(&mut tx, id).await? {
        return change(tx, who, instance, &stated).await;
    }
    let (terms, stated) = (terms(&stated), &stated);
    let new = order::instance(id, stated.order.clone(), terms)?;
    if !order::insert(&mut tx, &new).await? {
        // Somebody was quicker with the same instance.
        let instance = all::instance::lock(&mut tx, id).await?.ok_or(ApiError::NotFound)?;
        return change(tx, who, instance, stated).await;
    }
    announce(&mut tx, who, &new, "entitle").await?;
    await_it(&mut tx, &new, stated).await?;
    tx.commit().await?;
    Ok(stored(&new, true))
}

/// Makes an instance of which billing has not said anything yet: a database is reserved, and nothing runs.
pub(crate) async fn create(context: &Context, who: &Who, create: Create) -> ApiResult<Instance> {
    let id = create.id.unwrap_or_else(InstanceId::new);
    let order = create.order();
    let terms = Terms {
        customer: create.customer_id,
        subscription: create.subscription_id,
        plan: create.plan_name,
        db_type: create.db_type,
        version: 0,
        entitlement: None,
    };
    let new = order::instance(id, order, terms)?;
    let mut tx = context.pool.begin().await?;
    if order::insert(&mut tx, &new).await? {
        announce(&mut tx, who, &new, "create").await?;
        tx.commit().await?;
        return Ok(new);
    }
    let known = all::instance::find(&mut tx, id).await?.ok_or(ApiError::NotFound)?;
    let is_same = (known.customer_id, known.subscription_id, &known.subdomain)
        == (new.customer_id, new.subscription_id, &new.subdomain);
    if is_same { Ok(known) } else { Err(ApiError::conflict("id_is_taken", "this id is taken")) }
}

async fn change(
    mut tx: PgTransaction<'_>,
    who: &Who,
    mut instance: Instance,
    stated: &Entitlement,
) -> ApiResult<EntitlementStored> {
    let owner = (instance.customer_id, instance.subscription_id);
    if owner != (stated.customer_id, stated.subscription_id) {
        let message = "this instance belongs to another customer or subscription";
        return Err(ApiError::conflict("instance_is_anothers", message));
    }
    if stated.version < instance.entitlement_version {
        return Ok(stored(&instance, false));
    }
    let entitled = entitled(stated);
    let is_new =
        instance.entitlement.as_ref() != Some(&entitled) || instance.plan_name != stated.plan_name;
    if !is_new && stated.version == instance.entitlement_version {
        return Ok(stored(&instance, false));
    }
    let before = Desired::of(&instance);
    instance.entitlement_version = stated.version;
    instance.plan_name = stated.plan_name.clone();
    choose_database(&mut instance, stated);
    all::entitlement::set(&mut tx, &instance, &entitled).await?;
    instance.entitlement = Some(entitled);
    if Desired::of(&instance) != before {
        await_it(&mut tx, &instance, stated).await?;
    }
    if is_new {
        note(&mut tx, who, instance.id, "entitle", stated.standing).await?;
        QUEUE.wake::<InstanceReconciler>(&mut tx, &instance.id).await?;
    }
    tx.commit().await?;
    Ok(stored(&instance, is_new))
}

/// From here on people wait for an Odoo, or they don't any more.
async fn await_it(
    conn: &mut PgConnection,
    instance: &Instance,
    stated: &Entitlement,
) -> sqlx::Result<()> {
    if Desired::of(instance) != Desired::Running {
        return all::wait::abandon(conn, instance.id).await;
    }
    let kind = if instance.state.started_at.is_none() { "purchase" } else { "return" };
    all::wait::begin(conn, instance.id, kind, stated.since).await
}

/// Where a database lies is what the plan says until it is asked for; from then on it would have to be moved.
fn choose_database(instance: &mut Instance, stated: &Entitlement) {
    let db_type = stated.resources.db_type;
    if instance.state.database == DatabaseState::Unasked {
        instance.db_type = db_type;
    } else if instance.db_type != db_type {
        warn!(
            instance_id = %instance.id,
            "the plan of the instance {} wants a {db_type} database, and it stays on its {} one", instance.id, instance.db_type
        );
    }
}

async fn announce(
    conn: &mut PgConnection,
    who: &Who,
    new: &Instance,
    act: &str,
) -> sqlx::Result<()> {
    note(conn, who, new.id, act, "done").await?;
    life::tell(conn, new, new.state.status, ORDERED, &who.caller.to_string()).await?;
    crate::store::event::announce_route(conn, new.id).await?;
    QUEUE.wake::<InstanceReconciler>(conn, &new.id).await
}

fn terms(stated: &Entitlement) -> Terms {
    Terms {
        customer: stated.customer_id,
        subscription: stated.subscription_id,
        plan: stated.plan_name.clone(),
        db_type: stated.resources.db_type,
        version: stated.version,
        entitlement: Some(entitled(stated)),
    }
}

fn entitled(stated: &Entitlement) -> Entitled {
    Entitled {
        standing: stated.standing,
        reason: stated.reason,
        cpu_limit: stated.resources.cpu_limit,
        memory_limit: stated.resources.memory_limit,
        storage_limit: stated.resources.storage_limit,
    }
}

fn stored(instance: &Instance, changed: bool) -> EntitlementStored {
    EntitlementStored {
        version: instance.entitlement_version,
        changed,
        status: instance.state.status,
        is_unwanted: instance.unwanted_at.is_some(),
    }
}
