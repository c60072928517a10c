//! `/accounts` and `/trial-eligibility`.

use super::may_see;
use crate::{Context, refusal};
use api::{ApiError, ApiResult, CustomerOrStaff, Json, Path};
use axum::extract::State;
use billing_engine::AccountSnapshot;
use contract::billing::{Account, TrialEligibility};
use vocabulary::CustomerId;

/// A customer's account. There is none before the first order.
#[utoipa::path(get, path = "/api/billing/accounts/{customer}", params(("customer" = CustomerId, Path)),
    responses((status = 200, body = Account)))]
pub(crate) async fn show(
    caller: CustomerOrStaff,
    State(context): State<Context>,
    Path(customer): Path<CustomerId>,
) -> ApiResult<Json<Account>> {
    may_see(&caller, customer)?;
    let snapshot = snapshot(&context, customer).await?.ok_or(ApiError::NotFound)?;
    Ok(Json(Account {
        id: snapshot.account,
        customer_id: customer,
        balance: snapshot.balance,
        currency: snapshot.currency,
        overdue: snapshot.overdue.as_str().to_owned(),
    }))
}

/// Whether a customer may still have a trial: one per account, ever.
#[utoipa::path(get, path = "/api/billing/trial-eligibility/{customer}",
    params(("customer" = CustomerId, Path)), responses((status = 200, body = TrialEligibility)))]
pub(crate) async fn trial_eligibility(
    caller: CustomerOrStaff,
    State(context): State<Context>,
    Path(customer): Path<CustomerId>,
) -> ApiResult<Json<TrialEligibility>> {
    may_see(&caller, customer)?;
    let eligible = snapshot(&context, customer).await?.is_none_or(|account| !account.had_trial);
    let reason = if eligible { "eligible" } else { "had_a_trial" };
    Ok(Json(TrialEligibility { eligible, reason: reason.to_owned() }))
}

async fn snapshot(context: &Context, customer: CustomerId) -> ApiResult<Option<AccountSnapshot>> {
    let account = context.engine.find_account(customer).await.map_err(refusal::answer)?;
    let Some(account) = account else { return Ok(None) };
    Ok(Some(context.engine.snapshot(account).await.map_err(refusal::answer)?))
}
