//! What can go wrong with a call, as wide as a caller's choices.

use reqwest::{Response, StatusCode};
use serde::de::DeserializeOwned;

use crate::error::{ErrorBody, ErrorDetail};

/// Why a call brought no answer.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// The other side says no, and why.
    #[error("refused with status {status}, {}: {}", error.code, error.message)]
    Refused {
        /// The status of the answer.
        status: u16,
        /// What the other side says.
        error: ErrorDetail,
    },
    /// No answer came: whether the call had an effect is not known.
    #[error("no answer from the other side")]
    Unreachable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// No answer came in time: whether the call had an effect is not known.
    #[error("no answer from the other side in time")]
    TooLate,
    /// The answer is not what the interface promises.
    #[error("an answer that the interface does not know")]
    Malformed(#[source] serde_json::Error),
}

impl CallError {
    /// The status of a refusal.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Refused { status, .. } => Some(*status),
            _ => None,
        }
    }

    /// Whether the other side says that there is no such thing.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        self.status() == Some(404)
    }

    /// The address stands in no error: it may carry what is nobody's business.
    pub(super) fn unreachable(error: reqwest::Error) -> Self {
        if error.is_timeout() {
            Self::TooLate
        } else {
            Self::Unreachable(Box::new(error.without_url()))
        }
    }
}

pub(super) async fn answer<A: DeserializeOwned>(response: Response) -> Result<A, CallError> {
    let body = refusal(response).await?.bytes().await.map_err(CallError::unreachable)?;
    let body: &[u8] = if body.is_empty() { b"null" } else { &body };
    serde_json::from_slice(body).map_err(CallError::Malformed)
}

pub(super) async fn refusal(response: Response) -> Result<Response, CallError> {
    let status = response.status();
    if status.is_success() {
        return Ok(response);
    }
    let body = response.bytes().await.map_err(CallError::unreachable)?;
    let error = match serde_json::from_slice::<ErrorBody>(&body) {
        Ok(body) => body.error,
        Err(_) => foreign(status),
    };
    Err(CallError::Refused { status: status.as_u16(), error })
}

/// Something between us and the service has answered in a format that is not ours.
fn foreign(status: StatusCode) -> ErrorDetail {
    ErrorDetail {
        code: "unknown".to_owned(),
        message: status.canonical_reason().unwrap_or("unknown").to_owned(),
        details: Vec::new(),
    }
}
