//! Logging in and out.

use api::Origin;
use axum::Form;
use axum::extract::State;
use axum::extract::rejection::FormRejection;
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use contract::client::{Bearer, CallError};
use contract::user::Login;
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::Context;
use crate::same_origin::SameOrigin;
use crate::session::{self, Scheme, Session};
use crate::view;

const WRONG: &str = "This address and this password do not belong together.";
const AWAY: &str = "The login cannot be checked at the moment. Please try again in a few seconds.";

/// What the form sends.
#[derive(Deserialize)]
pub(crate) struct Credentials {
    #[serde(default)]
    email: String,
    #[serde(default)]
    password: String,
}

pub(crate) async fn show(session: Result<Session, Redirect>) -> Response {
    match session {
        Ok(_) => Redirect::to("/").into_response(),
        Err(_) => view::login::page("", None).into_response(),
    }
}

pub(crate) async fn log_in(
    _: SameOrigin,
    State(context): State<Context>,
    from: Origin,
    scheme: Scheme,
    form: Result<Form<Credentials>, FormRejection>,
) -> Response {
    let Ok(Form(Credentials { email, password })) = form else {
        return refuse("", StatusCode::UNPROCESSABLE_ENTITY, WRONG);
    };
    let Ok(address) = email.parse() else {
        return refuse(&email, StatusCode::UNAUTHORIZED, WRONG);
    };
    let login = Login { email: address, password };
    match context.user(Bearer::Nobody, from).login(&login).await {
        Ok(granted) => {
            with_cookie(session::keep(&granted.access_token, granted.expires_at, scheme), "/")
        }
        Err(CallError::Refused { status, error }) => {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::UNAUTHORIZED);
            let sentence = if status == StatusCode::UNAUTHORIZED { WRONG } else { &error.message };
            refuse(&email, status, sentence)
        }
        Err(error) => {
            tracing::warn!(error = &error as &dyn std::error::Error, "nobody can log in");
            refuse(&email, StatusCode::SERVICE_UNAVAILABLE, AWAY)
        }
    }
}

pub(crate) async fn log_out(
    _: SameOrigin,
    State(context): State<Context>,
    from: Origin,
    session: Result<Session, Redirect>,
) -> Response {
    if let Ok(session) = session {
        let user = context.user(Bearer::Token(session.token), from);
        // The cookie goes in any case, and the token ends by itself soon.
        if let Err(error) = user.0.act::<Option<IgnoredAny>>("/auth/logout").await {
            tracing::warn!(error = &error as &dyn std::error::Error, "a logout was not noted");
        }
    }
    with_cookie(session::forget(), "/login")
}

/// Asks to log in again where a service no longer takes the token.
pub(crate) fn again() -> Response {
    with_cookie(session::forget(), "/login")
}

fn with_cookie(cookie: Option<HeaderValue>, to: &str) -> Response {
    let mut response = Redirect::to(to).into_response();
    if let Some(cookie) = cookie {
        response.headers_mut().insert(SET_COOKIE, cookie);
    }
    response
}

fn refuse(email: &str, status: StatusCode, sentence: &str) -> Response {
    (status, view::login::page(email, Some(sentence))).into_response()
}
