//! Registering, and proving an address. The answer never says whether the address is known: its owner learns
//! that from a mail.

use api::{ApiError, ApiResult, Origin};
use contract::user::{ForAddress, Register};
use secrecy::SecretString;
use sqlx::PgConnection;
use tracing::info;
use vocabulary::{CustomerId, DisplayName, MemberId};

use crate::context::Context;
use crate::even::evenly;
use crate::limit::{self, Act};
use crate::link::{self, Purpose};
use crate::mail::{self, Mail};
use crate::store::audit::Entry;
use crate::store::member::{Member, NewMember};
use crate::{password, store};

/// Registers a customer with its first member.
pub(crate) async fn register(context: &Context, request: Register, from: Origin) -> ApiResult<()> {
    if !request.accept_terms {
        return Err(ApiError::invalid("accept_terms", "the terms must be accepted"));
    }
    password::check("password", &request.password)?;
    limit::count(context, Act::Register, &request.email, from).await?;
    // Hashed for known addresses too, so that the time says nothing.
    let hash = context.hasher.hash(SecretString::from(request.password.clone())).await?;

    evenly(enter(context, &request, &hash, from)).await
}

async fn enter(context: &Context, request: &Register, hash: &str, from: Origin) -> ApiResult<()> {
    let mut tx = context.pool.begin().await?;
    let known = store::member::find_by_email_for_update(&mut tx, &request.email).await?;
    let outcome = match known {
        Some(member) => register_again(&mut tx, context, &member, request, hash).await?,
        None => register_new(&mut tx, context, request, hash).await?,
    };
    let subject = format!("address {}", request.email);
    let entry = Entry { actor: "nobody", action: "register", subject: &subject, from, outcome };
    store::audit::write(&mut tx, &entry).await?;
    tx.commit().await?;
    context.mail_is_due.notify_one();
    Ok(())
}

/// Sends another link to an address that is not proven yet.
pub(crate) async fn resend(context: &Context, request: &ForAddress, from: Origin) -> ApiResult<()> {
    limit::count(context, Act::AskForMail, &request.email, from).await?;
    evenly(send_again(context, request, from)).await
}

async fn send_again(context: &Context, request: &ForAddress, from: Origin) -> ApiResult<()> {
    let mut tx = context.pool.begin().await?;
    let member = store::member::find_by_email_for_update(&mut tx, &request.email).await?;
    let outcome = match member {
        Some(member) if member.verified_at.is_none() => {
            prove(&mut tx, context, &member).await?;
            "sent"
        }
        Some(_) => "refused: verified already",
        None => "refused: unknown",
    };
    let subject = format!("address {}", request.email);
    let action = "resend_verification";
    let entry = Entry { actor: "nobody", action, subject: &subject, from, outcome };
    store::audit::write(&mut tx, &entry).await?;
    tx.commit().await?;
    context.mail_is_due.notify_one();
    Ok(())
}

/// The link has come back: the address is proven. A link works as often as it is opened while it lives,
/// because mail programs open links before people do.
pub(crate) async fn verify(context: &Context, secret: &str, from: Origin) -> ApiResult<()> {
    let mut tx = context.pool.begin().await?;
    let member = link::owner(&mut tx, secret, Purpose::VerifyEmail).await?;
    store::member::set_verified(&mut tx, member).await?;
    let subject = format!("member {member}");
    let (actor, action) = ("holder of a link", "verify_email");
    let entry = Entry { actor, action, subject: &subject, from, outcome: "done" };
    store::audit::write(&mut tx, &entry).await?;
    tx.commit().await?;
    Ok(())
}

async fn register_new(
    tx: &mut PgConnection,
    context: &Context,
    request: &Register,
    hash: &str,
) -> ApiResult<&'static str> {
    let own_name = format!("{} {}", request.first_name, request.last_name);
    let name = request.company.as_ref().map_or(own_name.as_str(), DisplayName::as_str);
    let new = NewMember {
        customer: CustomerId::new(),
        member: MemberId::new(),
        email: &request.email,
        first_name: request.first_name.as_str(),
        last_name: request.last_name.as_str(),
        password_hash: Some(hash),
    };
    store::customer::insert(tx, new.customer, name).await?;
    let member = store::member::insert(tx, &new).await?;
    prove(tx, context, &member).await?;
    Ok("registered")
}

/// An address that is known. A proven one only gets a mail that says so. For one that nobody has proven the
/// newest words count, but a password is taken only where there was one: a member that staff made owns things
/// already, and gets to choose a password by mail.
async fn register_again(
    tx: &mut PgConnection,
    context: &Context,
    member: &Member,
    request: &Register,
    hash: &str,
) -> ApiResult<&'static str> {
    if member.verified_at.is_some() {
        let link = context.options.console_url.clone();
        mail::enqueue(tx, &Mail::to(member, "already_registered", link)).await?;
        return Ok("refused: verified already");
    }
    if member.password_hash.is_none() {
        let link = link::make(tx, &context.options, member.id, Purpose::ResetPassword).await?;
        info!(email = %member.email, "{} may choose a password: {link}", member.email);
        mail::enqueue(tx, &Mail::to(member, "password_reset", link)).await?;
        return Ok("asked to choose a password");
    }
    let (first_name, last_name) = (request.first_name.as_str(), request.last_name.as_str());
    store::member::set_names(tx, member.id, first_name, last_name).await?;
    store::member::set_password(tx, member.id, hash).await?;
    prove(tx, context, member).await?;
    Ok("registered again")
}

/// Until a server for mails is configured the log is where an operator finds the link.
async fn prove(tx: &mut PgConnection, context: &Context, member: &Member) -> sqlx::Result<()> {
    let link = link::make(tx, &context.options, member.id, Purpose::VerifyEmail).await?;
    info!(email = %member.email, "{} proves its address by {link}", member.email);
    mail::enqueue(tx, &Mail::to(member, "verify_email", link)).await
}
