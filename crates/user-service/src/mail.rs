//! Mails on their way to notification-service. A mail is written in the transaction of its cause, and a loop
//! hands it over until notification-service has it; its key makes handing it over twice harmless.

use std::collections::BTreeMap;
use std::time::Duration;

use contract::client::CallError;
use contract::correlation;
use contract::notification::SendEmail;
use sqlx::PgConnection;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tracing::{error, warn};
use uuid::Uuid;
use vocabulary::EmailAddress;

use crate::context::Context;
use crate::store;
use crate::store::mail::Waiting;
use crate::store::member::Member;

/// How long a mail waits at most that another process has written.
const LOOK: Duration = Duration::from_secs(5);

/// A mail to one member.
pub(crate) struct Mail<'a> {
    pub(crate) to: &'a EmailAddress,
    pub(crate) template: &'static str,
    pub(crate) variables: BTreeMap<String, String>,
}

impl<'a> Mail<'a> {
    pub(crate) fn to(member: &'a Member, template: &'static str, link: String) -> Self {
        let name = match member.first_name.as_str() {
            "" => member.email.to_string(),
            name => name.to_owned(),
        };
        let variables = [("name".to_owned(), name), ("link".to_owned(), link)];
        Self { to: &member.email, template, variables: variables.into() }
    }
}

/// Puts a mail on its way; it goes when the transaction is committed.
pub(crate) async fn enqueue(conn: &mut PgConnection, mail: &Mail<'_>) -> sqlx::Result<()> {
    let key = format!("{}:{}", mail.template, Uuid::now_v7());
    store::mail::insert(conn, &key, mail).await
}

/// Hands mails over until `stop`.
pub async fn deliver(context: Context, stop: CancellationToken) {
    while !stop.is_cancelled() {
        if let Err(error) = deliver_due(&context).await {
            warn!(error = format!("{error:#}"), "mails can't be handed over");
        }
        tokio::select! {
            () = stop.cancelled() => {}
            _ = timeout(LOOK, context.mail_is_due.notified()) => {}
        }
    }
}

/// Hands over every mail that is due.
///
/// # Errors
/// The database does not serve. That notification-service does not is no error: its mails stay due.
pub async fn deliver_due(context: &Context) -> anyhow::Result<()> {
    let due = store::mail::due(&mut *context.pool.acquire().await?).await?;
    for mail in due {
        hand_over(context, mail).await?;
    }
    Ok(())
}

async fn hand_over(context: &Context, mail: Waiting) -> sqlx::Result<()> {
    let Waiting { key, to, template, variables, correlation_id } = mail;
    let request = SendEmail { to, template, variables: variables.0, key };
    let sent = correlation::scope(correlation_id, context.notification.send(&request)).await;
    let mut conn = context.pool.acquire().await?;
    match sent {
        Ok(_) => store::mail::delete(&mut conn, &request.key).await,
        Err(refusal) => {
            report(&request, refusal);
            store::mail::try_later(&mut conn, &request.key).await
        }
    }
}

fn report(mail: &SendEmail, refusal: CallError) {
    let is_ours = refusal.status().is_some_and(|status| (400..500).contains(&status));
    let error = format!("{:#}", anyhow::Error::new(refusal));
    if is_ours {
        error!(error, key = mail.key, "notification-service refuses a mail to {}", mail.to);
    } else {
        warn!(error, key = mail.key, "a mail to {} waits for notification-service", mail.to);
    }
}
