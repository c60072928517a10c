//! Logging in: one door for customers and staff. A wrong password and an unknown address get the same answer
//! in the same time.

use api::{ApiError, ApiResult, Origin, Token};
use chrono::{DateTime, Utc};
use contract::user::{LoggedIn, Login};
use identity::Subject;
use secrecy::{ExposeSecret, SecretString};
use vocabulary::EmailAddress;

use crate::context::Context;
use crate::limit::{self, Act};
use crate::password;
use crate::store;
use crate::store::audit::Entry;
use crate::store::person::Person;

/// Logs somebody in.
pub(crate) async fn log_in(context: &Context, login: Login, from: Origin) -> ApiResult<LoggedIn> {
    password::bound("password", &login.password)?;
    let email = login.email;
    let result = try_log_in(context, &email, login.password.into(), from).await;
    if let Some(outcome) = refusal(&result) {
        let subject = format!("address {email}");
        let entry = Entry { actor: "nobody", action: "log_in", subject: &subject, from, outcome };
        store::audit::write(&mut *context.pool.acquire().await?, &entry).await?;
    }
    result
}

/// Ends a log-in. This service knows at once; elsewhere the token lives until its time is over.
pub(crate) async fn log_out(
    context: &Context,
    actor: &str,
    token: Token,
    from: Origin,
) -> ApiResult<()> {
    let mut tx = context.pool.begin().await?;
    store::session::end(&mut tx, token.id).await?;
    let subject = format!("token {}", token.id);
    let entry = Entry { actor, action: "log_out", subject: &subject, from, outcome: "done" };
    store::audit::write(&mut tx, &entry).await?;
    tx.commit().await?;
    Ok(())
}

/// Refuses a token whose log-in has ended.
pub(crate) async fn check_session(context: &Context, token: Token) -> ApiResult<()> {
    if store::session::has_ended(&mut *context.pool.acquire().await?, token.id).await? {
        Err(ApiError::Unauthorized("this log-in has ended: log in again"))
    } else {
        Ok(())
    }
}

async fn try_log_in(
    context: &Context,
    email: &EmailAddress,
    password: SecretString,
    from: Origin,
) -> ApiResult<LoggedIn> {
    // Counted before it is checked: many tries at the same moment are many tries.
    limit::count(context, Act::LogIn, email, from).await?;
    let mut conn = context.pool.acquire().await?;
    let (person, hash) = store::person::find(&mut conn, email).await?.unzip();
    // No connection is held while a core is busy with hashing.
    drop(conn);
    let is_right = context.hasher.is_right(password, hash.flatten()).await?;
    match person {
        Some(person) if is_right => admit(context, email, person, from).await,
        _ => Err(ApiError::Unauthorized("the address or the password is wrong")),
    }
}

/// The password was right.
async fn admit(
    context: &Context,
    email: &EmailAddress,
    person: Person,
    from: Origin,
) -> ApiResult<LoggedIn> {
    if let Person::Member { is_verified: false, .. } = person {
        return Err(ApiError::Denied {
            code: "not_verified",
            message: "prove your address first: open the link in the mail that we sent you".into(),
        });
    }
    let (kind, subject) = subject_of(&person, email);
    let token = context.key.issue(&subject, context.options.session_life);
    let claims =
        context.key.verifier().verify(token.expose_secret()).map_err(anyhow::Error::new)?;

    let mut tx = context.pool.begin().await?;
    limit::forgive(&mut tx, Act::LogIn, email, from).await?;
    store::session::begin(&mut tx, claims.token_id, &person, from, claims.expires_at).await?;
    let (actor, token_name) = (subject.to_string(), format!("token {}", claims.token_id));
    let entry =
        Entry { actor: &actor, action: "log_in", subject: &token_name, from, outcome: "done" };
    store::audit::write(&mut tx, &entry).await?;
    tx.commit().await?;
    Ok(logged_in(&token, claims.expires_at, kind, &person))
}

fn subject_of(person: &Person, email: &EmailAddress) -> (&'static str, Subject) {
    let email = email.clone();
    match *person {
        Person::Staff { staff } => ("staff", Subject::Staff { staff, email }),
        Person::Member { member, customer, .. } => {
            ("customer", Subject::Customer { customer, member, email })
        }
    }
}

fn logged_in(
    token: &SecretString,
    expires_at: DateTime<Utc>,
    kind: &str,
    person: &Person,
) -> LoggedIn {
    LoggedIn {
        access_token: token.expose_secret().to_owned(),
        token_type: "bearer".to_owned(),
        expires_at,
        kind: kind.to_owned(),
        customer_id: match person {
            Person::Member { customer, .. } => Some(*customer),
            Person::Staff { .. } => None,
        },
    }
}

fn refusal(result: &ApiResult<LoggedIn>) -> Option<&'static str> {
    match result {
        Err(ApiError::Unauthorized(_)) => Some("refused: wrong"),
        Err(ApiError::Denied { .. }) => Some("refused: not verified"),
        Err(ApiError::TooManyRequests { .. }) => Some("refused: too many tries"),
        _ => None,
    }
}
