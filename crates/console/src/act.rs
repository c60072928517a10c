//! The buttons.

use api::Origin;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use contract::client::{CallError, InstanceClient};
use contract::instance::Act;
use vocabulary::InstanceId;

use crate::overview::Overview;
use crate::same_origin::SameOrigin;
use crate::session::Session;
use crate::{Context, login, view};

/// What there are buttons for; everything else is for the API.
const ACTIONS: [&str; 3] = ["start", "stop", "restart"];
const AWAY: &str = "This could not be passed on. Please try again in a few seconds.";

pub(crate) async fn act(
    _: SameOrigin,
    session: Session,
    State(context): State<Context>,
    Origin(visitor): Origin,
    Path((id, action)): Path<(String, String)>,
) -> Response {
    let (Ok(id), true) = (id.parse::<InstanceId>(), ACTIONS.contains(&action.as_str())) else {
        return api::ApiError::NotFound.into_response();
    };
    let instances = InstanceClient(context.instance(&session.token).0.for_visitor(visitor));
    match instances.act(id, &Act { action }).await {
        Ok(_) => Redirect::to("/").into_response(),
        Err(CallError::Refused { status: 401, .. }) => login::again(),
        Err(CallError::Refused { status, error }) => {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::CONFLICT);
            explain(&context, &session, status, &error.message).await
        }
        Err(error) => {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "an action could not be passed on"
            );
            explain(&context, &session, StatusCode::SERVICE_UNAVAILABLE, AWAY).await
        }
    }
}

/// The overview again, with the reason on top.
async fn explain(
    context: &Context,
    session: &Session,
    status: StatusCode,
    sentence: &str,
) -> Response {
    let overview = Overview::read(context, session).await;
    (status, view::page(session, &overview, Some(sentence))).into_response()
}
