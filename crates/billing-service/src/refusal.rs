//! What a refusal of the billing engine is to the one who asked.

use api::ApiError;
use billing_engine::EngineError;

/// Turns an error of the engine into an answer: 404, 409, 422, or 500 where it is our fault.
pub(crate) fn answer(error: EngineError) -> ApiError {
    let message = error.to_string();
    match error {
        EngineError::NoSuchAccount
        | EngineError::NoSuchSubscription
        | EngineError::NoSuchInvoice => ApiError::NotFound,
        EngineError::UnknownPlan(_) => ApiError::invalid("plan_name", message),
        EngineError::AboveBalance(_) | EngineError::BadAmount(_) => {
            ApiError::invalid("amount", message)
        }
        EngineError::Storage(error) => error.into(),
        EngineError::NoPrice(_) | EngineError::Corrupt(_) => {
            ApiError::Internal(anyhow::Error::from(error))
        }
        EngineError::NotOffered(_) => ApiError::conflict("not_offered", message),
        EngineError::OtherCurrency(_) => ApiError::conflict("other_currency", message),
        EngineError::TrialIsUsed => ApiError::conflict("had_a_trial", message),
        EngineError::BundleIsTaken => ApiError::conflict("instance_has_subscription", message),
        EngineError::AccountIsOverdue => ApiError::conflict("account_is_overdue", message),
        EngineError::AwaitsPayment => ApiError::conflict("awaiting_payment", message),
        EngineError::IsCancelled => ApiError::conflict("subscription_has_ended", message),
        EngineError::NothingToDemand => ApiError::conflict("nothing_to_demand", message),
        EngineError::NothingToPay => ApiError::conflict("nothing_to_pay", message),
        EngineError::ReferenceIsTaken => ApiError::conflict("reference_is_taken", message),
    }
}
