//! `instance_events`, and the notifications that go with them. Whoever writes one has locked the instance's row.

use contract::instance::Event;
use sqlx::PgConnection;
use vocabulary::{CorrelationId, InstanceId, InstanceStatus};

/// Announces that an instance has a new event, or that its route changed: the payload is the instance's id.
pub const EVENTS: &str = "instance_event";
/// See [`EVENTS`].
pub const ROUTES: &str = "instance_route";

/// What is about to be told.
#[derive(Debug, Clone)]
pub struct NewEvent<'a> {
    /// Of which instance.
    pub instance: InstanceId,
    /// What it is doing.
    pub status: InstanceStatus,
    /// A sentence for people.
    pub message: &'a str,
    /// Who or what caused it.
    pub actor: &'a str,
    /// What it follows from.
    pub correlation: CorrelationId,
}

/// Writes down what happened, and announces it when the transaction commits.
pub async fn insert(conn: &mut PgConnection, event: &NewEvent<'_>) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into instance_events (instance_id, status, message, actor, correlation_id) values ($1, $2, $3, $4, $5)",
        event.instance as InstanceId,
        event.status as InstanceStatus,
        event.message,
        event.actor,
        event.correlation as CorrelationId
    )
    .execute(&mut *conn)
    .await?;
    announce(conn, EVENTS, event.instance).await
}

/// Announces that the route of this instance changed, when the transaction commits.
pub async fn announce_route(conn: &mut PgConnection, instance: InstanceId) -> sqlx::Result<()> {
    announce(conn, ROUTES, instance).await
}

async fn announce(conn: &mut PgConnection, to: &str, instance: InstanceId) -> sqlx::Result<()> {
    sqlx::query!("select pg_notify($1, $2::uuid::text)", to, instance as InstanceId)
        .execute(conn)
        .await?;
    Ok(())
}

/// The first events of an instance after this one.
pub async fn after(
    conn: &mut PgConnection,
    instance: InstanceId,
    after: i64,
    limit: i64,
) -> sqlx::Result<Vec<Event>> {
    sqlx::query_as!(
        Event,
        r#"select id, instance_id as "instance_id: InstanceId", at, status as "status: InstanceStatus", message, actor,
                  correlation_id as "correlation_id: CorrelationId"
             from instance_events where instance_id = $1 and id > $2 order by id limit $3"#,
        instance as InstanceId,
        after,
        limit
    )
    .fetch_all(conn)
    .await
}

/// What the latest event of an instance follows from.
pub async fn last_cause(
    conn: &mut PgConnection,
    instance: InstanceId,
) -> sqlx::Result<Option<CorrelationId>> {
    let cause = sqlx::query_scalar!(
        r#"select correlation_id as "cause: CorrelationId" from instance_events
            where instance_id = $1 order by id desc limit 1"#,
        instance as InstanceId
    )
    .fetch_optional(conn)
    .await?;
    Ok(cause.flatten())
}

/// What was told of an instance last.
pub async fn last_message(
    conn: &mut PgConnection,
    instance: InstanceId,
) -> sqlx::Result<Option<String>> {
    sqlx::query_scalar!(
        "select message from instance_events where instance_id = $1 order by id desc limit 1",
        instance as InstanceId
    )
    .fetch_optional(conn)
    .await
}
