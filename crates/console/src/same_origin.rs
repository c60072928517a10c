//! Forms are taken only from the console's own pages.
//!
//! The cookie is `SameSite=Lax`, which keeps other sites away. Tenants live on names beside the console's and
//! count as the same site, so what a browser says about a form's origin is checked as well.

use api::ApiError;
use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::header::{HOST, ORIGIN};
use axum::http::request::Parts;

/// The request comes from one of our own pages, or from no page at all.
pub(crate) struct SameOrigin;

impl<S: Send + Sync> FromRequestParts<S> for SameOrigin {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        if is_same(&parts.headers) { Ok(Self) } else { Err(ApiError::Forbidden) }
    }
}

fn is_same(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    match (text(ORIGIN.as_str()), text("sec-fetch-site")) {
        (Some(origin), _) => {
            let host = origin.split_once("://").map(|(_, host)| host);
            host.is_some() && host == text(HOST.as_str())
        }
        (None, Some(site)) => matches!(site, "same-origin" | "none"),
        // A browser says at least one of the two; a program has no cookie that somebody could ride on.
        (None, None) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_are_strangers() {
        for (origin, site, expected) in [
            (Some("http://app.localhost:8080"), None, true),
            (Some("http://demo.localhost:8080"), Some("same-site"), false),
            (Some("http://app.localhost:8081"), None, false),
            (Some("null"), Some("same-origin"), false),
            (None, Some("same-origin"), true),
            (None, Some("same-site"), false),
            (None, Some("cross-site"), false),
            (None, None, true),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(HOST, "app.localhost:8080".parse().unwrap());
            if let Some(origin) = origin {
                headers.insert(ORIGIN, origin.parse().unwrap());
            }
            if let Some(site) = site {
                headers.insert("sec-fetch-site", site.parse().unwrap());
            }
            assert_eq!(is_same(&headers), expected, "{origin:?} {site:?}");
        }
    }
}
