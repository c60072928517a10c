//! What changes an allocation. Every change of state is a compare-and-set.

use rust_decimal::Decimal;
use sqlx::PgConnection;
use vocabulary::{AllocationId, CustomerId, DatabaseType, InstanceId, ServerId};

use super::{Allocation, Place};
use crate::state::AllocationState;

/// An allocation that is asked for.
#[derive(Debug)]
pub(crate) struct NewAllocation {
    /// Its id.
    pub id: AllocationId,
    /// For whose database.
    pub instance_id: InstanceId,
    /// Whose instance.
    pub customer_id: CustomerId,
    /// Where the database is to lie.
    pub db_type: DatabaseType,
    /// The template to clone.
    pub template: Option<String>,
    /// Cores of a dedicated server.
    pub cpu_limit: Option<Decimal>,
    /// Memory of a dedicated server.
    pub memory_limit: Option<String>,
    /// Reserved for so many seconds only.
    pub reserve_for: Option<u32>,
}

/// Writes down the claim; false if the instance has one already.
pub(crate) async fn insert(conn: &mut PgConnection, new: &NewAllocation) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "insert into database.db_allocations
             (id, instance_id, customer_id, db_type, template, cpu_limit, memory_limit, reserved_until)
         values ($1, $2, $3, $4, $5, $6, $7, now() + make_interval(secs => $8))
         on conflict (instance_id) where state <> 'released' do nothing",
        new.id as AllocationId,
        new.instance_id as InstanceId,
        new.customer_id as CustomerId,
        new.db_type as DatabaseType,
        new.template,
        new.cpu_limit,
        new.memory_limit,
        new.reserve_for.map(f64::from),
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Gives a waiting allocation its place; false if it does not wait any more.
pub(crate) async fn settle_on(
    conn: &mut PgConnection,
    id: AllocationId,
    place: &Place,
    reason: &str,
    made_from: Option<&str>,
) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "update database.db_allocations
            set state = 'making', server_id = $2, db_name = $3, db_user = $4, db_password = $5, db_verifier = $6,
                choice = $7, made_from = $8, updated_at = now()
          where id = $1 and state = 'waiting'",
        id as AllocationId,
        place.server as ServerId,
        place.db_name,
        place.db_user,
        place.db_password,
        place.db_verifier,
        reason,
        made_from
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Writes down what the database is about to be made from.
pub(crate) async fn set_made_from(
    conn: &mut PgConnection,
    id: AllocationId,
    template: Option<&str>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update database.db_allocations set made_from = $2, updated_at = now()
          where id = $1 and state = 'making'",
        id as AllocationId,
        template
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Goes from one state to the next, unless somebody else changed it; tells everybody who waits for the instance.
pub(crate) async fn advance(
    conn: &mut PgConnection,
    allocation: &Allocation,
    next: AllocationState,
) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "update database.db_allocations
            set state = $3, updated_at = now(),
                first_ready_at = case when $3 = 'ready' then coalesce(first_ready_at, now()) else first_ready_at end,
                released_at = case when $3 = 'released' then now() end
          where id = $1 and state = $2",
        allocation.id as AllocationId,
        allocation.state as AllocationState,
        next as AllocationState
    )
    .execute(&mut *conn)
    .await?;
    let has_changed = done.rows_affected() == 1;
    if has_changed {
        announce(conn, allocation.instance_id).await?;
    }
    Ok(has_changed)
}

/// Tells everybody who waits for the instance that its allocation changed, once this transaction is committed.
pub(crate) async fn announce(conn: &mut PgConnection, instance: InstanceId) -> sqlx::Result<()> {
    sqlx::query!("select pg_notify('allocation_changed', $1::uuid::text)", instance as InstanceId)
        .execute(conn)
        .await?;
    Ok(())
}

/// Gives a ready allocation another password, which the worker makes true.
pub(crate) async fn set_password(
    conn: &mut PgConnection,
    id: AllocationId,
    password: &[u8],
    verifier: &str,
) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "update database.db_allocations
            set state = 'making', db_password = $2, db_verifier = $3, updated_at = now()
          where id = $1 and state = 'ready'",
        id as AllocationId,
        password,
        verifier
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Makes a reservation last; false if it is being released already.
pub(crate) async fn confirm(conn: &mut PgConnection, id: AllocationId) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "update database.db_allocations set reserved_until = null, updated_at = now()
          where id = $1 and state in ('waiting', 'making', 'ready')",
        id as AllocationId
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Ends a reservation that has run out, unless it was confirmed meanwhile.
pub(crate) async fn expire(conn: &mut PgConnection, allocation: &Allocation) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "update database.db_allocations set state = 'releasing', updated_at = now()
          where id = $1 and state = $2 and reserved_until < now()",
        allocation.id as AllocationId,
        allocation.state as AllocationState
    )
    .execute(&mut *conn)
    .await?;
    let has_changed = done.rows_affected() == 1;
    if has_changed {
        announce(conn, allocation.instance_id).await?;
    }
    Ok(has_changed)
}
