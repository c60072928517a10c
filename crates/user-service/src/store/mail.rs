use std::collections::BTreeMap;

use contract::correlation;
use sqlx::PgConnection;
use sqlx::types::Json;
use vocabulary::{CorrelationId, EmailAddress};

use crate::mail::Mail;

/// A mail that notification-service does not have yet.
pub(crate) struct Waiting {
    pub(crate) key: String,
    pub(crate) to: EmailAddress,
    pub(crate) template: String,
    pub(crate) variables: Json<BTreeMap<String, String>>,
    pub(crate) correlation_id: CorrelationId,
}

pub(crate) async fn insert(
    conn: &mut PgConnection,
    key: &str,
    mail: &Mail<'_>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into user_mails (key, recipient, template, variables, correlation_id)
         values ($1, $2, $3, $4, $5)",
        key,
        mail.to.as_str(),
        mail.template,
        Json(&mail.variables) as _,
        correlation::current().0,
    )
    .execute(conn)
    .await?;
    Ok(())
}

pub(crate) async fn due(conn: &mut PgConnection) -> sqlx::Result<Vec<Waiting>> {
    sqlx::query_as!(
        Waiting,
        r#"select key, recipient as "to: _", template, variables as "variables: _",
               correlation_id as "correlation_id: _"
           from user_mails where next_try <= now() order by created_at limit 100"#
    )
    .fetch_all(conn)
    .await
}

pub(crate) async fn delete(conn: &mut PgConnection, key: &str) -> sqlx::Result<()> {
    sqlx::query!("delete from user_mails where key = $1", key).execute(conn).await?;
    Ok(())
}

/// After 5 s, 10 s, 20 s, … an hour at most.
pub(crate) async fn try_later(conn: &mut PgConnection, key: &str) -> sqlx::Result<()> {
    sqlx::query!(
        "update user_mails
         set tries = tries + 1, next_try = now() + least(interval '5 seconds' * (2 ^ least(tries, 12)), interval '1 hour')
         where key = $1",
        key
    )
    .execute(conn)
    .await?;
    Ok(())
}
