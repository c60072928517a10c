//! A new password, for whoever reads the mails of an address.

use api::{ApiResult, Origin};
use contract::user::{ForAddress, PasswordReset};
use secrecy::SecretString;
use tracing::info;

use crate::context::Context;
use crate::even::evenly;
use crate::limit::{self, Act};
use crate::link::{self, Purpose};
use crate::mail::{self, Mail};
use crate::store::audit::Entry;
use crate::{password, store};

/// Sends a link that allows to choose a new password, if the address is known.
pub(crate) async fn ask(context: &Context, request: &ForAddress, from: Origin) -> ApiResult<()> {
    limit::count(context, Act::AskForMail, &request.email, from).await?;
    evenly(send(context, request, from)).await
}

async fn send(context: &Context, request: &ForAddress, from: Origin) -> ApiResult<()> {
    let mut tx = context.pool.begin().await?;
    let member = store::member::find_by_email_for_update(&mut tx, &request.email).await?;
    let outcome = match member {
        Some(member) => {
            let purpose = Purpose::ResetPassword;
            let link = link::make(&mut tx, &context.options, member.id, purpose).await?;
            info!(email = %member.email, "{} may choose a new password: {link}", member.email);
            mail::enqueue(&mut tx, &Mail::to(&member, "password_reset", link)).await?;
            "sent"
        }
        None => "refused: unknown",
    };
    let subject = format!("address {}", request.email);
    let action = "ask_for_password_reset";
    let entry = Entry { actor: "nobody", action, subject: &subject, from, outcome };
    store::audit::write(&mut tx, &entry).await?;
    tx.commit().await?;
    context.mail_is_due.notify_one();
    Ok(())
}

/// Sets the new password. The mail has proven the address too; all log-ins and links of before end.
pub(crate) async fn complete(
    context: &Context,
    request: PasswordReset,
    from: Origin,
) -> ApiResult<()> {
    password::check("new_password", &request.new_password)?;
    let mut conn = context.pool.acquire().await?;
    link::owner(&mut conn, &request.token, Purpose::ResetPassword).await?;
    drop(conn);
    let hash = context.hasher.hash(SecretString::from(request.new_password)).await?;

    let mut tx = context.pool.begin().await?;
    let member = link::owner(&mut tx, &request.token, Purpose::ResetPassword).await?;
    store::member::set_password(&mut tx, member, &hash).await?;
    store::member::set_verified(&mut tx, member).await?;
    store::one_time_link::delete_all(&mut tx, member).await?;
    store::session::end_all(&mut tx, member).await?;
    let subject = format!("member {member}");
    let (actor, action) = ("holder of a link", "reset_password");
    let entry = Entry { actor, action, subject: &subject, from, outcome: "done" };
    store::audit::write(&mut tx, &entry).await?;
    tx.commit().await?;
    Ok(())
}
