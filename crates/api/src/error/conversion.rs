//! What `?` makes of the errors of others: whatever is down is 503, and the rest is a fault of ours.

use contract::client::CallError;
use tracing::warn;

use super::ApiError;

impl From<anyhow::Error> for ApiError {
    fn from(error: anyhow::Error) -> Self {
        match error.downcast::<Self>() {
            Ok(error) => error,
            Err(error) => match error.downcast_ref::<sqlx::Error>().and_then(from_database) {
                Some(known) => known,
                None if error.downcast_ref::<CallError>().is_some_and(is_down) => down(),
                None => Self::Internal(error),
            },
        }
    }
}

impl From<sqlx::Error> for ApiError {
    fn from(error: sqlx::Error) -> Self {
        from_database(&error).unwrap_or_else(|| Self::Internal(error.into()))
    }
}

impl From<CallError> for ApiError {
    fn from(error: CallError) -> Self {
        if is_down(&error) {
            warn!(error = format!("{:#}", anyhow::Error::from(error)), "another service is down");
            down()
        } else {
            Self::Internal(error.into())
        }
    }
}

fn is_down(error: &CallError) -> bool {
    match error {
        CallError::Unreachable(_) | CallError::TooLate => true,
        CallError::Refused { status, .. } => matches!(status, 429 | 502 | 503 | 504),
        CallError::Malformed(_) => false,
    }
}

fn down() -> ApiError {
    ApiError::unavailable("a service that this needs does not answer")
}

/// The database's errors that are no fault of ours.
fn from_database(error: &sqlx::Error) -> Option<ApiError> {
    match error {
        sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::WorkerCrashed => Some(no_database(error)),
        sqlx::Error::Database(database) => match database.code().as_deref() {
            // A null character in a text, which JSON allows and PostgreSQL does not.
            Some("22021" | "22P05") => {
                Some(ApiError::invalid("", "text contains no null characters"))
            }
            // No connection, the server is stopping or starting, too many connections, a deadlock, a deadline.
            Some("57P01" | "57P02" | "57P03" | "53300" | "40001" | "40P01" | "57014" | "55P03") => {
                Some(no_database(error))
            }
            Some(code) if code.starts_with("08") => Some(no_database(error)),
            _ => None,
        },
        _ => None,
    }
}

fn no_database(error: &sqlx::Error) -> ApiError {
    warn!(%error, "the database does not serve");
    ApiError::unavailable("the database does not answer")
}
