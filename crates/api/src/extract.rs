//! `Json`, `Path` and `Query`: as axum's, but what is malformed is answered in our format, with the field
//! and the rule that it breaks.

use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, FailedToBufferBody, PathRejection};
use axum::extract::{FromRequest, FromRequestParts, RawPathParams, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use contract::error::FieldError;
use serde::Serialize;
use serde::de::{DeserializeOwned, IgnoredAny};

use crate::ApiError;

/// A JSON body, of a request or of an answer.
#[derive(Debug, Clone, Copy)]
pub struct Json<T>(pub T);

/// What the path says.
#[derive(Debug, Clone, Copy)]
pub struct Path<T>(pub T);

/// What the query says.
#[derive(Debug, Clone, Copy)]
pub struct Query<T>(pub T);

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        axum::Json(self.0).into_response()
    }
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        if !claims_json(request.headers()) {
            return Err(ApiError::UnsupportedMediaType);
        }
        let bytes = Bytes::from_request(request, state).await.map_err(body_error)?;
        parse(&bytes).map(Self)
    }
}

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        match axum::extract::Path::<T>::from_request_parts(parts, state).await {
            Ok(axum::extract::Path(value)) => Ok(Self(value)),
            Err(rejection) => Err(path_error(&rejection, parts, state).await),
        }
    }
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let query = parts.uri.query().unwrap_or_default();
        let pairs = form_urlencoded::parse(query.as_bytes());
        serde_path_to_error::deserialize(serde_urlencoded::Deserializer::new(pairs))
            .map(Self)
            .map_err(|error| broken_rule(&error.path().to_string(), &error.inner().to_string()))
    }
}

fn claims_json(headers: &HeaderMap) -> bool {
    headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))
}

pub(crate) fn body_error(rejection: BytesRejection) -> ApiError {
    match rejection {
        BytesRejection::FailedToBufferBody(FailedToBufferBody::LengthLimitError(_)) => {
            ApiError::TooLarge
        }
        _ => ApiError::Malformed("the body broke off".to_owned()),
    }
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ApiError> {
    // A list would be read as an object's fields in their order.
    if bytes.trim_ascii_start().starts_with(b"[") {
        return Err(ApiError::invalid("", "the body is an object and no list"));
    }
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let rule = without_position(error.inner());
        // Where a word is wanted and a number comes, serde_json speaks of syntax too.
        if serde_json::from_slice::<IgnoredAny>(bytes).is_ok() {
            let rule = if error.inner().is_data() { &rule } else { "has another type" };
            broken_rule(&error.path().to_string(), rule)
        } else {
            ApiError::Malformed(format!("the body is not JSON: {rule}"))
        }
    })?;
    json.end().map_err(|_| ApiError::Malformed("the body is more than one JSON value".into()))?;
    Ok(value)
}

fn without_position(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.rsplit_once(" at line ").map_or(text.as_str(), |(rule, _)| rule).to_owned()
}

/// Serde names a field that is missing or unknown in its message only, and not in the path.
fn broken_rule(path: &str, message: &str) -> ApiError {
    let parent = if path == "." { "" } else { path };
    let below = |name: &str| match parent {
        "" => name.to_owned(),
        parent if parent.ends_with(name) => parent.to_owned(),
        parent => format!("{parent}.{name}"),
    };
    let (field, rule) =
        match (quoted(message, "missing field `"), quoted(message, "unknown field `")) {
            (Some(name), _) => (below(name), "is needed".to_owned()),
            (_, Some(name)) => (below(name), "is not a field of this".to_owned()),
            _ => (parent.to_owned(), message.to_owned()),
        };
    ApiError::Invalid(vec![FieldError { field, rule }])
}

fn quoted<'a>(message: &'a str, prefix: &str) -> Option<&'a str> {
    message.strip_prefix(prefix)?.split('`').next()
}

async fn path_error<S: Send + Sync>(
    rejection: &PathRejection,
    parts: &mut Parts,
    state: &S,
) -> ApiError {
    if rejection.status() == StatusCode::INTERNAL_SERVER_ERROR {
        return ApiError::Internal(anyhow::anyhow!("{}", rejection.body_text()));
    }
    let name = match RawPathParams::from_request_parts(parts, state).await {
        Ok(names) => names.iter().map(|(name, _)| name.to_owned()).collect::<Vec<_>>().join(", "),
        Err(_) => "path".to_owned(),
    };
    let text = rejection.body_text();
    let rule = text.strip_prefix("Invalid URL: ").unwrap_or(&text);
    ApiError::invalid(&name, rule)
}
