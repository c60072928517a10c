//! The interface: each handler authorizes, does one thing, and answers.

pub(crate) mod account;
pub(crate) mod admin;
pub(crate) mod body;
pub(crate) mod examination;
pub(crate) mod instance;
pub(crate) mod invoice;
pub(crate) mod payment;
pub(crate) mod plan;
pub(crate) mod subscription;

use crate::Context;
use api::{ApiError, ApiResult, CustomerOrStaff};
use billing_engine::AccountSnapshot;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use vocabulary::{AccountId, CustomerId};

/// How many accounts a list of everybody's things shows.
const NEWEST: i64 = 100;

/// All routes.
pub(crate) fn all() -> OpenApiRouter<Context> {
    OpenApiRouter::new()
        .routes(routes!(plan::list))
        .routes(routes!(plan::show))
        .routes(routes!(account::show))
        .routes(routes!(account::trial_eligibility))
        .routes(routes!(instance::order))
        .routes(routes!(subscription::list))
        .routes(routes!(subscription::show))
        .routes(routes!(subscription::cancel))
        .routes(routes!(subscription::uncancel))
        .routes(routes!(subscription::pause))
        .routes(routes!(subscription::resume))
        .routes(routes!(subscription::upgrade))
        .routes(routes!(subscription::suspend))
        .routes(routes!(invoice::list))
        .routes(routes!(invoice::show))
        .routes(routes!(payment::record))
        .routes(routes!(admin::entitlements))
        .routes(routes!(examination::statements))
        .routes(routes!(examination::violations))
        .routes(routes!(examination::sweep))
}

/// Customers see themselves, and everybody else is nobody; staff see everybody.
fn may_see(caller: &CustomerOrStaff, customer: CustomerId) -> ApiResult<()> {
    match caller {
        CustomerOrStaff::Customer(own) if own.customer != customer => Err(ApiError::NotFound),
        _ => Ok(()),
    }
}

/// Whose things a list shows: the caller's own, the asked customer's, or the newest accounts'.
async fn snapshots(
    context: &Context,
    caller: &CustomerOrStaff,
    asked: Option<CustomerId>,
) -> ApiResult<Vec<AccountSnapshot>> {
    let customer = match caller {
        CustomerOrStaff::Customer(own) => Some(asked.unwrap_or(own.customer)),
        CustomerOrStaff::Staff(_) => asked,
    };
    let accounts = accounts(context, caller, customer).await?;
    let mut snapshots = Vec::new();
    for account in accounts {
        snapshots.push(context.engine.snapshot(account).await.map_err(crate::refusal::answer)?);
    }
    Ok(snapshots)
}

async fn accounts(
    context: &Context,
    caller: &CustomerOrStaff,
    customer: Option<CustomerId>,
) -> ApiResult<Vec<AccountId>> {
    let Some(customer) = customer else {
        let mut conn = context.pool.acquire().await?;
        return Ok(crate::store::all::newest_accounts(&mut conn, NEWEST).await?);
    };
    may_see(caller, customer)?;
    let account = context.engine.find_account(customer).await;
    Ok(account.map_err(crate::refusal::answer)?.into_iter().collect())
}
