//! `/payments`: what was paid elsewhere, recorded by staff.

use crate::audit::{self, Actor};
use crate::{Context, refusal};
use api::{ApiError, ApiResult, Json, Origin, Staff};
use axum::extract::State;
use axum::http::StatusCode;
use billing_engine::NewPayment;
use contract::billing::{Payment, RecordPayment};

/// Records a payment. The reference makes it safe to repeat: the same reference is recorded once.
#[utoipa::path(post, path = "/api/billing/payments", request_body = RecordPayment,
    responses((status = 201, body = Payment)))]
pub(crate) async fn record(
    staff: Staff,
    State(context): State<Context>,
    origin: Origin,
    Json(asked): Json<RecordPayment>,
) -> ApiResult<(StatusCode, Json<Payment>)> {
    let new = NewPayment {
        invoice: asked.invoice_id,
        amount: asked.amount,
        reference: reference(&asked.reference)?,
    };
    let actor = Actor::of(&staff, origin);
    let recording = context.engine.record_payment(&new);
    let result = audit::attest(&context, &actor, "record payment", &new.invoice, recording).await?;
    let recorded = result.map_err(refusal::answer)?;
    context.look_at(recorded.account).await?;
    let payment = Payment {
        id: recorded.id,
        invoice_id: recorded.invoice,
        amount: recorded.amount,
        reference: recorded.reference,
        balance: recorded.balance,
    };
    Ok((StatusCode::CREATED, Json(payment)))
}

fn reference(text: &str) -> ApiResult<String> {
    let text = text.trim();
    let is_good = (1..=200).contains(&text.chars().count()) && !text.chars().any(char::is_control);
    if is_good {
        return Ok(text.to_owned());
    }
    Err(ApiError::invalid("reference", "has 1 to 200 characters and no control characters"))
}
