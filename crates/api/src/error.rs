//! The one error of the interfaces. Status and code stand in one `match`; the cause is logged here, once, and
//! never sent.

use std::borrow::Cow;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use contract::client::CallError;
use contract::error::{ErrorBody, ErrorDetail, FieldError};
use tracing::{error, warn};

mod conversion;

/// The answer of a handler.
pub type ApiResult<T> = Result<T, ApiError>;

/// Why a request is refused.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// The body is not in the format that it claims: 400.
    #[error("malformed: {0}")]
    Malformed(String),
    /// No token, or none that holds: 401.
    #[error("unauthorized: {0}")]
    Unauthorized(&'static str),
    /// The wrong kind of caller: 403.
    #[error("forbidden")]
    Forbidden,
    /// The right kind of caller, and still not now: 403 with a code of its own.
    #[error("forbidden: {message}")]
    Denied {
        /// Stable, in snake case.
        code: &'static str,
        /// A sentence for people.
        message: String,
    },
    /// There is no such thing, or it is somebody else's: 404.
    #[error("not found")]
    NotFound,
    /// The path is right and the method is not: 405.
    #[error("method not allowed")]
    MethodNotAllowed,
    /// Not now: 409.
    #[error("conflict: {message}")]
    Conflict {
        /// Stable, in snake case.
        code: &'static str,
        /// A sentence for people.
        message: String,
    },
    /// The body is over the limit: 413.
    #[error("too large")]
    TooLarge,
    /// The body does not say that it is JSON: 415.
    #[error("unsupported media type")]
    UnsupportedMediaType,
    /// Not ever: 422.
    #[error("invalid")]
    Invalid(Vec<FieldError>),
    /// Too often: 429.
    #[error("too many requests")]
    TooManyRequests {
        /// Seconds.
        retry_after: u32,
    },
    /// What another service answered, passed on as it is.
    #[error("refused by another service: {}", error.message)]
    Refused {
        /// A status from 400 to 499.
        status: StatusCode,
        /// What it said.
        error: ErrorDetail,
    },
    /// Something that this needs is down: 503.
    #[error("unavailable: {message}")]
    Unavailable {
        /// A sentence for people.
        message: String,
        /// Seconds.
        retry_after: u32,
    },
    /// A fault of ours: 500. The cause is logged, and the answer does not show it.
    #[error("internal error")]
    Internal(#[source] anyhow::Error),
}

impl ApiError {
    /// One field that breaks one rule.
    #[must_use]
    pub fn invalid(field: &str, rule: impl Into<String>) -> Self {
        Self::Invalid(vec![FieldError { field: field.to_owned(), rule: rule.into() }])
    }

    /// Not now, and why.
    #[must_use]
    pub fn conflict(code: &'static str, message: impl Into<String>) -> Self {
        Self::Conflict { code, message: message.into() }
    }

    /// Something that this needs is down.
    #[must_use]
    pub fn unavailable(message: impl Into<String>) -> Self {
        Self::Unavailable { message: message.into(), retry_after: 5 }
    }

    /// Passes on what another service refused, where its answer makes sense to our caller too. Its 401 does
    /// not: that is between the services.
    #[must_use]
    pub fn passed_on(error: CallError) -> Self {
        match error {
            CallError::Refused { status, error: detail }
                if (400..500).contains(&status) && status != 401 && status != 429 =>
            {
                let status = StatusCode::from_u16(status).expect("a status from 400 to 499");
                Self::Refused { status, error: detail }
            }
            other => other.into(),
        }
    }

    fn status_and_code(&self) -> (StatusCode, Cow<'static, str>) {
        let (status, code) = match self {
            Self::Malformed(_) => (StatusCode::BAD_REQUEST, "malformed"),
            Self::Unauthorized(_) => (StatusCode::UNAUTHORIZED, "unauthorized"),
            Self::Forbidden => (StatusCode::FORBIDDEN, "forbidden"),
            Self::Denied { code, .. } => (StatusCode::FORBIDDEN, *code),
            Self::NotFound => (StatusCode::NOT_FOUND, "not_found"),
            Self::MethodNotAllowed => (StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed"),
            Self::Conflict { code, .. } => (StatusCode::CONFLICT, *code),
            Self::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "too_large"),
            Self::UnsupportedMediaType => {
                (StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type")
            }
            Self::Invalid(_) => (StatusCode::UNPROCESSABLE_ENTITY, "invalid"),
            Self::TooManyRequests { .. } => (StatusCode::TOO_MANY_REQUESTS, "too_many_requests"),
            Self::Refused { status, error } => return (*status, Cow::Owned(error.code.clone())),
            Self::Unavailable { .. } => (StatusCode::SERVICE_UNAVAILABLE, "unavailable"),
            Self::Internal(_) => (StatusCode::INTERNAL_SERVER_ERROR, "internal"),
        };
        (status, Cow::Borrowed(code))
    }

    fn message(&self) -> String {
        match self {
            Self::Unauthorized(message) => (*message).to_owned(),
            Self::Forbidden => "this is not for callers of your kind".to_owned(),
            Self::NotFound => "there is no such thing".to_owned(),
            Self::MethodNotAllowed => "this path does not know this method".to_owned(),
            Self::TooLarge => "the body is larger than this interface takes".to_owned(),
            Self::UnsupportedMediaType => "send the body as application/json".to_owned(),
            Self::Invalid(fields) => sentence(fields),
            Self::TooManyRequests { .. } => "too many tries: wait a while".to_owned(),
            Self::Refused { error, .. } => error.message.clone(),
            Self::Internal(_) => "something went wrong on our side".to_owned(),
            Self::Malformed(message)
            | Self::Denied { message, .. }
            | Self::Conflict { message, .. }
            | Self::Unavailable { message, .. } => message.clone(),
        }
    }

    fn retry_after(&self) -> Option<u32> {
        match self {
            Self::TooManyRequests { retry_after } | Self::Unavailable { retry_after, .. } => {
                Some(*retry_after)
            }
            _ => None,
        }
    }

    fn details(self) -> Vec<FieldError> {
        match self {
            Self::Invalid(fields) => fields,
            Self::Refused { error, .. } => error.details,
            _ => Vec::new(),
        }
    }

    fn log(&self) {
        match self {
            Self::Internal(cause) => error!(error = format!("{cause:#}"), "a request failed"),
            Self::Unavailable { message, .. } => warn!("a request could not be served: {message}"),
            _ => {}
        }
    }
}

fn sentence(fields: &[FieldError]) -> String {
    match fields.first() {
        Some(FieldError { field, rule }) if !field.is_empty() => format!("{field}: {rule}"),
        Some(FieldError { rule, .. }) => rule.clone(),
        None => "the request breaks a rule".to_owned(),
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        self.log();
        let (status, code) = self.status_and_code();
        let message = self.message();
        let retry_after = self.retry_after();
        let error = ErrorDetail { code: code.into_owned(), message, details: self.details() };
        let mut response = (status, axum::Json(ErrorBody { error })).into_response();
        if status == StatusCode::UNAUTHORIZED {
            let bearer = HeaderValue::from_static("Bearer");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, bearer);
        }
        if let Some(seconds) = retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        }
        response
    }
}
