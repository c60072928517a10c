//! `instances`, for their customers.

use sqlx::PgConnection;
use vocabulary::{CustomerId, InstanceId, InstanceStatus, SubscriptionId};

use super::row::{instances, select_instance};
use crate::instance::Instance;

/// This instance of this customer.
pub async fn find(
    conn: &mut PgConnection,
    customer: CustomerId,
    id: InstanceId,
) -> sqlx::Result<Option<Instance>> {
    select_instance!("where id = $1 and customer_id = $2", id as InstanceId, customer as CustomerId)
        .fetch_optional(conn)
        .await?
        .map(TryInto::try_into)
        .transpose()
}

/// The same, and nobody changes it before this transaction ends.
pub async fn lock(
    conn: &mut PgConnection,
    customer: CustomerId,
    id: InstanceId,
) -> sqlx::Result<Option<Instance>> {
    select_instance!(
        "where id = $1 and customer_id = $2 for update",
        id as InstanceId,
        customer as CustomerId
    )
    .fetch_optional(conn)
    .await?
    .map(TryInto::try_into)
    .transpose()
}

/// The instance of this customer that this subscription pays for.
pub async fn find_by_subscription(
    conn: &mut PgConnection,
    customer: CustomerId,
    subscription: SubscriptionId,
) -> sqlx::Result<Option<Instance>> {
    select_instance!(
        "where subscription_id = $1 and customer_id = $2",
        subscription as SubscriptionId,
        customer as CustomerId
    )
    .fetch_optional(conn)
    .await?
    .map(TryInto::try_into)
    .transpose()
}

/// The customer's instances, newest first, older than `after`.
pub async fn list(
    conn: &mut PgConnection,
    customer: CustomerId,
    status: Option<InstanceStatus>,
    after: Option<InstanceId>,
    limit: i64,
) -> sqlx::Result<Vec<Instance>> {
    let rows = select_instance!(
        "where customer_id = $1 and ($2::text is null or status = $2)
           and ($3::uuid is null or id < $3) order by id desc limit $4",
        customer as CustomerId,
        status as Option<InstanceStatus>,
        after as Option<InstanceId>,
        limit
    )
    .fetch_all(conn)
    .await?;
    instances(rows)
}
