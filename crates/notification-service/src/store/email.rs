use contract::notification::{Email, SendEmail};
use sqlx::PgConnection;
use uuid::Uuid;
use vocabulary::{CorrelationId, EmailAddress};

use crate::template::Rendered;

/// A mail that is to be.
pub(crate) struct NewEmail<'a> {
    pub(crate) id: Uuid,
    pub(crate) request: &'a SendEmail,
    pub(crate) words: Rendered,
    pub(crate) requested_by: &'a str,
    pub(crate) correlation_id: CorrelationId,
}

/// None when there is a mail with this key already. Without SMTP a mail is held from the beginning.
pub(crate) async fn insert(
    conn: &mut PgConnection,
    new: &NewEmail<'_>,
) -> sqlx::Result<Option<Email>> {
    sqlx::query_as!(
        Email,
        r#"insert into emails (id, key, recipient, template, subject, text, state, requested_by, correlation_id)
           values ($1, $2, $3, $4, $5, $6, 'held', $7, $8)
           on conflict (key) do nothing
           returning id, recipient as "to", subject, text, state, created_at"#,
        new.id,
        new.request.key,
        new.request.to.as_str(),
        new.request.template,
        new.words.subject,
        new.words.text,
        new.requested_by,
        new.correlation_id.0,
    )
    .fetch_optional(conn)
    .await
}

pub(crate) async fn find_by_key(conn: &mut PgConnection, key: &str) -> sqlx::Result<Email> {
    sqlx::query_as!(
        Email,
        r#"select id, recipient as "to", subject, text, state, created_at from emails where key = $1"#,
        key,
    )
    .fetch_one(conn)
    .await
}

pub(crate) async fn newest(
    conn: &mut PgConnection,
    to: Option<&EmailAddress>,
) -> sqlx::Result<Vec<Email>> {
    sqlx::query_as!(
        Email,
        r#"select id, recipient as "to", subject, text, state, created_at from emails
           where $1::text is null or recipient = $1
           order by id desc limit 100"#,
        to.map(EmailAddress::as_str),
    )
    .fetch_all(conn)
    .await
}
