//! `/invoices`.

use super::{body, may_see, snapshots};
use crate::{Context, refusal};
use api::{ApiError, ApiResult, CustomerOrStaff, Json, Path, Query};
use axum::extract::State;
use contract::billing::{CustomerQuery, Invoice, Invoices};
use vocabulary::InvoiceId;

/// Invoices, newest first: the caller's own; for staff those of the customer they ask for, or of the newest accounts.
#[utoipa::path(get, path = "/api/billing/invoices", params(CustomerQuery),
    responses((status = 200, body = Invoices)))]
pub(crate) async fn list(
    caller: CustomerOrStaff,
    State(context): State<Context>,
    Query(query): Query<CustomerQuery>,
) -> ApiResult<Json<Invoices>> {
    let mut invoices = Vec::new();
    for account in snapshots(&context, &caller, query.customer_id).await? {
        let all = context.engine.invoices(account.account).await.map_err(refusal::answer)?;
        let shown = all.iter().map(|i| body::invoice(i, account.customer, &account.currency));
        invoices.extend(shown);
    }
    invoices.sort_by_key(|invoice| std::cmp::Reverse(invoice.number));
    Ok(Json(Invoices { invoices }))
}

/// One invoice.
#[utoipa::path(get, path = "/api/billing/invoices/{id}", params(("id" = InvoiceId, Path)),
    responses((status = 200, body = Invoice)))]
pub(crate) async fn show(
    caller: CustomerOrStaff,
    State(context): State<Context>,
    Path(id): Path<InvoiceId>,
) -> ApiResult<Json<Invoice>> {
    let found = context.engine.find_invoice(id).await.map_err(refusal::answer)?;
    let (customer, invoice) = found.ok_or(ApiError::NotFound)?;
    may_see(&caller, customer)?;
    let account = context.engine.find_account(customer).await.map_err(refusal::answer)?;
    let account = account.ok_or(ApiError::NotFound)?;
    let snapshot = context.engine.snapshot(account).await.map_err(refusal::answer)?;
    Ok(Json(body::invoice(&invoice, customer, &snapshot.currency)))
}
