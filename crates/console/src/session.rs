//! Who is logged in: the access token in a cookie, checked offline.

use std::convert::Infallible;

use axum::extract::{FromRef, FromRequestParts};
use axum::http::header::COOKIE;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue};
use axum::response::Redirect;
use chrono::{DateTime, Utc};
use identity::{Claims, Subject, Verifier};
use secrecy::SecretString;

const NAME: &str = "saasodoo_session";

/// Somebody who is logged in.
#[derive(Clone)]
pub(crate) struct Session {
    pub(crate) token: SecretString,
    claims: Claims,
}

impl Session {
    /// The address that they log in with.
    pub(crate) fn email(&self) -> &str {
        match &self.claims.subject {
            Subject::Customer { email, .. } | Subject::Staff { email, .. } => email.as_str(),
            Subject::Service { name } => name,
        }
    }

    /// Whether they belong to the operator.
    pub(crate) fn is_staff(&self) -> bool {
        matches!(self.claims.subject, Subject::Staff { .. })
    }

    /// Whether the token's time is over.
    pub(crate) fn is_over(&self) -> bool {
        self.claims.expires_at <= Utc::now()
    }
}

/// How people reach the console, as the edge says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scheme {
    Http,
    Https,
}

impl<S: Send + Sync> FromRequestParts<S> for Scheme {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let is_https = parts.headers.get("x-forwarded-proto").is_some_and(|told| told == "https");
        Ok(if is_https { Self::Https } else { Self::Http })
    }
}

/// Whoever is not logged in is sent to the login.
impl<S> FromRequestParts<S> for Session
where
    S: Send + Sync,
    Verifier: FromRef<S>,
{
    type Rejection = Redirect;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Redirect> {
        let verifier = Verifier::from_ref(state);
        let tokens = tokens(&parts.headers);
        let known =
            tokens.into_iter().find_map(|token| Some((verifier.verify(token).ok()?, token)));
        match known {
            Some((claims, token)) => Ok(Self { token: token.to_owned().into(), claims }),
            None => Err(Redirect::to("/login")),
        }
    }
}

/// Where a neighbour has planted a cookie of this name for the whole base, there are several.
fn tokens(headers: &HeaderMap) -> Vec<&str> {
    let lines = headers.get_all(COOKIE).iter().filter_map(|line| line.to_str().ok());
    let pairs =
        lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.filter(|(name, _)| *name == NAME).map(|(_, token)| token).collect()
}

/// The cookie that keeps a token for as long as it is good.
pub(crate) fn keep(token: &str, expires_at: DateTime<Utc>, scheme: Scheme) -> Option<HeaderValue> {
    let seconds = (expires_at - Utc::now()).num_seconds().max(0);
    cookie(token, seconds, scheme)
}

/// The cookie that removes the token.
pub(crate) fn forget() -> Option<HeaderValue> {
    cookie("", 0, Scheme::Http)
}

// The `__Host-` prefix would need TLS everywhere, which a laptop's console does not have.
fn cookie(token: &str, seconds: i64, scheme: Scheme) -> Option<HeaderValue> {
    let secure = if scheme == Scheme::Https { "; Secure" } else { "" };
    let text = format!("{NAME}={token}; Path=/; HttpOnly; SameSite=Lax; Max-Age={seconds}{secure}");
    HeaderValue::try_from(text).ok()
}
