//! What notification-service offers over HTTP.

use api::{ApiResult, Json, Query, Service, Staff};
use axum::extract::State;
use axum::http::StatusCode;
use contract::error::ErrorBody;
use contract::notification::{Email, Emails, EmailsQuery, SendEmail, Templates};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::Context;
use crate::email::{self, Sent};

pub(crate) fn all(context: Context) -> OpenApiRouter {
    let routes = OpenApiRouter::default()
        .routes(routes!(send, list))
        .routes(routes!(templates))
        .with_state(context);
    OpenApiRouter::default().nest("/api/v1", routes)
}

/// Puts a mail into the outbox.
#[utoipa::path(post, path = "/emails", tag = "service", security(("bearer" = [])), responses(
    (status = 201, body = Email),
    (status = 200, description = "The key is known: the mail of then", body = Email),
    (status = 422, body = ErrorBody)))]
async fn send(
    service: Service,
    State(context): State<Context>,
    Json(request): Json<SendEmail>,
) -> ApiResult<(StatusCode, Json<Email>)> {
    Ok(match email::send(&context, &service.to_string(), &request).await? {
        Sent::New(email) => (StatusCode::CREATED, Json(email)),
        Sent::Known(email) => (StatusCode::OK, Json(email)),
    })
}

/// The newest mails.
#[utoipa::path(get, path = "/emails", tag = "staff", security(("bearer" = [])), params(EmailsQuery),
    responses((status = 200, body = Emails)))]
async fn list(
    _staff: Staff,
    State(context): State<Context>,
    Query(query): Query<EmailsQuery>,
) -> ApiResult<Json<Emails>> {
    email::list(&context, &query).await.map(Json)
}

/// The kinds of mails.
#[utoipa::path(get, path = "/templates", tag = "staff", security(("bearer" = [])),
    responses((status = 200, body = Templates)))]
async fn templates(_staff: Staff) -> Json<Templates> {
    Json(email::templates())
}
