//! Mails: into the outbox, and read there.

use api::ApiResult;
use contract::correlation;
use contract::notification::{Email, Emails, EmailsQuery, SendEmail, Templates};
use uuid::Uuid;

use crate::store::email::NewEmail;
use crate::{Context, store, template};

/// Longer keys are a mistake.
const LONGEST_KEY: usize = 200;

/// A mail that was asked for.
pub(crate) enum Sent {
    /// Just now.
    New(Email),
    /// Before, by the same key.
    Known(Email),
}

/// Puts a mail into the outbox. The same key makes one mail.
pub(crate) async fn send(
    context: &Context,
    requested_by: &str,
    request: &SendEmail,
) -> ApiResult<Sent> {
    if !(1..=LONGEST_KEY).contains(&request.key.len()) || request.key.chars().any(char::is_control)
    {
        let rule = "a key has 1 to 200 bytes and no control characters";
        return Err(api::ApiError::invalid("key", rule));
    }
    let words = template::render(&request.template, &request.variables)?;
    let new = NewEmail {
        id: Uuid::now_v7(),
        request,
        words,
        requested_by,
        correlation_id: correlation::current(),
    };
    let mut conn = context.pool.acquire().await?;
    match store::email::insert(&mut conn, &new).await? {
        Some(email) => Ok(Sent::New(email)),
        None => Ok(Sent::Known(store::email::find_by_key(&mut conn, &request.key).await?)),
    }
}

/// The newest mails.
pub(crate) async fn list(context: &Context, query: &EmailsQuery) -> ApiResult<Emails> {
    let mut conn = context.pool.acquire().await?;
    Ok(Emails { emails: store::email::newest(&mut conn, query.to.as_ref()).await? })
}

/// The kinds of mails.
pub(crate) fn templates() -> Templates {
    Templates { templates: template::all() }
}
