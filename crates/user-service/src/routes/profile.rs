//! `/users/profile`: one's own words about oneself.

use api::{ApiResult, Customer, Json, Origin, Token};
use axum::extract::State;
use contract::user::{ChangeProfile, Profile};

use crate::context::Context;
use crate::{customer, login};

/// One's own profile.
#[utoipa::path(get, path = "/users/profile", tag = "users", security(("bearer" = [])), responses(
    (status = 200, body = Profile)))]
pub(crate) async fn read(
    me: Customer,
    token: Token,
    State(context): State<Context>,
) -> ApiResult<Json<Profile>> {
    login::check_session(&context, token).await?;
    customer::profile(&context, &me).await.map(Json)
}

/// Changes one's own profile.
#[utoipa::path(put, path = "/users/profile", tag = "users", security(("bearer" = [])), responses(
    (status = 200, body = Profile)))]
pub(crate) async fn change(
    me: Customer,
    token: Token,
    State(context): State<Context>,
    from: Origin,
    Json(request): Json<ChangeProfile>,
) -> ApiResult<Json<Profile>> {
    login::check_session(&context, token).await?;
    customer::change_profile(&context, &me, &request, from).await.map(Json)
}
