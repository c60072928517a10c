//! `/auth/…`: how somebody becomes known, and proves it.

use api::{ApiResult, CustomerOrStaff, Json, Origin, Query, Token};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use contract::error::ErrorBody;
use contract::user::{
    ForAddress, LoggedIn, Login, Me, Message, PasswordReset, Register, Registered, VerifyEmail,
};
use serde::Deserialize;
use utoipa::IntoParams;

use super::page;
use crate::context::Context;
use crate::{customer, login, registration, reset};

/// What a link in a mail carries.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct LinkQuery {
    /// The secret.
    token: String,
}

/// Registers a customer with its first member. The answer is the same for an address that is known.
#[utoipa::path(post, path = "/auth/register", tag = "auth", security(()), responses(
    (status = 201, body = Registered), (status = 422, body = ErrorBody)))]
pub(crate) async fn register(
    State(context): State<Context>,
    from: Origin,
    Json(request): Json<Register>,
) -> ApiResult<(StatusCode, Json<Registered>)> {
    registration::register(&context, request, from).await?;
    let message = "We have sent you a mail: open the link in it, then log in.".to_owned();
    Ok((StatusCode::CREATED, Json(Registered { message })))
}

/// Proves an address by the link's token.
#[utoipa::path(post, path = "/auth/verify-email", tag = "auth", security(()), responses(
    (status = 200, body = Message), (status = 422, body = ErrorBody)))]
pub(crate) async fn verify_email(
    State(context): State<Context>,
    from: Origin,
    Json(request): Json<VerifyEmail>,
) -> ApiResult<Json<Message>> {
    registration::verify(&context, &request.token, from).await?;
    Ok(message("Your address is proven: you can log in now."))
}

/// Proves an address: where the link in the mail leads, a page for people.
#[utoipa::path(get, path = "/auth/verify-email", tag = "auth", security(()), params(LinkQuery), responses(
    (status = 200, description = "A page", content_type = "text/html"),
    (status = 422, description = "A page", content_type = "text/html")))]
pub(crate) async fn open_verification_link(
    State(context): State<Context>,
    from: Origin,
    Query(link): Query<LinkQuery>,
) -> Response {
    match registration::verify(&context, &link.token, from).await {
        Ok(()) => page::verified(&context.options.console_url).into_response(),
        Err(api::ApiError::Invalid(_)) => {
            (StatusCode::UNPROCESSABLE_ENTITY, page::link_is_over()).into_response()
        }
        Err(error) => error.into_response(),
    }
}

/// Sends the link that proves an address again. The answer is the same for every address.
#[utoipa::path(post, path = "/auth/resend-verification", tag = "auth", security(()), responses(
    (status = 200, body = Message)))]
pub(crate) async fn resend_verification(
    State(context): State<Context>,
    from: Origin,
    Json(request): Json<ForAddress>,
) -> ApiResult<Json<Message>> {
    registration::resend(&context, &request, from).await?;
    Ok(message("If this address waits to be proven, a mail is on its way."))
}

/// Logs in: customers and staff by the same door.
#[utoipa::path(post, path = "/auth/login", tag = "auth", security(()), responses(
    (status = 200, body = LoggedIn),
    (status = 401, description = "The address or the password is wrong", body = ErrorBody),
    (status = 403, description = "`not_verified`", body = ErrorBody),
    (status = 429, body = ErrorBody)))]
pub(crate) async fn login(
    State(context): State<Context>,
    from: Origin,
    Json(request): Json<Login>,
) -> ApiResult<Json<LoggedIn>> {
    login::log_in(&context, request, from).await.map(Json)
}

/// Ends this log-in.
#[utoipa::path(post, path = "/auth/logout", tag = "auth", security(("bearer" = [])), responses(
    (status = 200, body = Message)))]
pub(crate) async fn logout(
    caller: CustomerOrStaff,
    token: Token,
    State(context): State<Context>,
    from: Origin,
) -> ApiResult<Json<Message>> {
    login::log_out(&context, &caller.to_string(), token, from).await?;
    Ok(message("You are logged out."))
}

/// Sends a link that allows to choose a new password. The answer is the same for every address.
#[utoipa::path(post, path = "/auth/password-reset", tag = "auth", security(()), responses(
    (status = 200, body = Message)))]
pub(crate) async fn password_reset(
    State(context): State<Context>,
    from: Origin,
    Json(request): Json<ForAddress>,
) -> ApiResult<Json<Message>> {
    reset::ask(&context, &request, from).await?;
    Ok(message("If we know this address, a mail is on its way."))
}

/// Sets a new password by the link's token.
#[utoipa::path(post, path = "/auth/password-reset-complete", tag = "auth", security(()), responses(
    (status = 200, body = Message), (status = 422, body = ErrorBody)))]
pub(crate) async fn password_reset_complete(
    State(context): State<Context>,
    from: Origin,
    Json(request): Json<PasswordReset>,
) -> ApiResult<Json<Message>> {
    reset::complete(&context, request, from).await?;
    Ok(message("Your password is changed: you can log in now."))
}

/// Says who asks.
#[utoipa::path(get, path = "/auth/me", tag = "auth", security(("bearer" = [])), responses(
    (status = 200, body = Me)))]
pub(crate) async fn me(
    caller: CustomerOrStaff,
    token: Token,
    State(context): State<Context>,
) -> ApiResult<Json<Me>> {
    login::check_session(&context, token).await?;
    Ok(Json(match caller {
        CustomerOrStaff::Customer(me) => Me::Customer(customer::profile(&context, &me).await?),
        CustomerOrStaff::Staff(me) => Me::Staff { id: me.staff, email: me.email.into() },
    }))
}

fn message(text: &str) -> Json<Message> {
    Json(Message { message: text.to_owned() })
}
