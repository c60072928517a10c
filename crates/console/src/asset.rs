//! The style and the script of the pages, as they lie in `assets`.

use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::IntoResponse;

// They may change with every version, and asking costs little.
const CACHING: (axum::http::HeaderName, &str) = (CACHE_CONTROL, "no-cache");

pub(crate) async fn style() -> impl IntoResponse {
    ([(CONTENT_TYPE, "text/css; charset=utf-8"), CACHING], include_str!("../assets/console.css"))
}

pub(crate) async fn script() -> impl IntoResponse {
    ([(CONTENT_TYPE, "text/javascript; charset=utf-8"), CACHING], include_str!("../assets/live.js"))
}
