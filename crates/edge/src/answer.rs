//! What the edge answers itself: a page for people, JSON in the platform's one format for programs.

use bytes::Bytes;
use contract::error::{ErrorBody, ErrorDetail};
use http::Method;
use pingora::http::ResponseHeader;
use pingora::proxy::Session;
use serde_json::json;

use crate::page::{self, Page, Visitor};

/// Names the page that an answer is, so that the page's script sees when the answer is no longer ours.
pub(crate) const PAGE_HEADER: &str = "x-saasodoo-page";

/// An answer of the edge's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answer {
    /// About an instance or a host.
    Page(Page),
    /// An error.
    Error(Error),
    /// Somewhere else.
    Redirect(String),
    /// The edge is well.
    Healthy,
}

/// An error in the platform's one format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Error {
    pub(crate) status: u16,
    pub(crate) code: &'static str,
    pub(crate) message: &'static str,
    pub(crate) retry_after: Option<u32>,
}

impl Answer {
    pub(crate) const NO_SERVICE: Self = error(
        404,
        "not_found",
        "no service has this path: it begins with /user, /instance, /billing, /database or /notification",
    );
    pub(crate) const NOT_PLAIN: Self = error(
        400,
        "malformed",
        "the path must be in its plain form: no empty or dotted segments, no escaped separators",
    );
    pub(crate) const NO_HOST: Self =
        error(400, "malformed", "the request does not say which host it is for");
    pub(crate) const CLOSED: Self = error(404, "not_found", "there is no such page");
    pub(crate) const TOO_LARGE_HEADERS: Self =
        error(431, "headers_too_large", "the headers are larger than 64 KiB");
    pub(crate) const TOO_LONG_TARGET: Self =
        error(414, "target_too_long", "the path and the query are longer than 16 KiB");
    pub(crate) const TOO_LARGE: Self =
        error(413, "too_large", "the body is larger than this interface takes");
    pub(crate) const TOO_SLOW: Self =
        error(408, "too_slow", "the request's body does not come in time");
    pub(crate) const NO_METHOD: Self =
        error(405, "method_not_allowed", "this method is not for here");
    pub(crate) const MALFORMED: Self =
        error(400, "malformed", "the request breaks the rules of HTTP");
    pub(crate) const NO_ANSWER: Self = error(
        502,
        "bad_gateway",
        "the connection broke before an answer came; the request may have had its effect",
    );
    pub(crate) const TOO_LATE: Self = error(
        504,
        "gateway_timeout",
        "no answer came in time; the request may still have its effect",
    );
    pub(crate) const INTERNAL: Self =
        error(500, "internal", "something went wrong; it has been noted");
    pub(crate) const NOT_READY: Self = Self::Error(Error {
        status: 503,
        code: "unavailable",
        message: "the routing table has not been read yet",
        retry_after: Some(1),
    });

    /// Sends it, in the form that the visitor can read.
    pub(crate) async fn send(
        &self,
        session: &mut Session,
        visitor: Visitor<'_>,
    ) -> pingora::Result<()> {
        let is_head = session.req_header().method == Method::HEAD;
        let (header, body) = self.response(accepts_html(session), visitor)?;
        session.write_response_header(Box::new(header), is_head || body.is_empty()).await?;
        if !is_head && !body.is_empty() {
            session.write_response_body(Some(Bytes::from(body)), true).await?;
        }
        Ok(())
    }

    fn response(
        &self,
        wants_html: bool,
        visitor: Visitor<'_>,
    ) -> pingora::Result<(ResponseHeader, String)> {
        let (status, kind, body) = match self {
            Self::Page(page) if wants_html => return rendered(*page, visitor),
            Self::Page(page) => (page.status(), JSON, error_body(page.code(), page.title())),
            Self::Error(error) => (error.status, JSON, error_body(error.code, error.message)),
            Self::Redirect(_) => (307, PLAIN, String::new()),
            Self::Healthy => (200, JSON, json!({"status": "ok"}).to_string()),
        };
        let mut header = header(status, kind, &body)?;
        if let Some(seconds) = self.retry_after() {
            header.insert_header("retry-after", seconds.to_string())?;
        }
        match self {
            Self::Page(page) => header.insert_header(PAGE_HEADER, page.code())?,
            Self::Redirect(to) => header.insert_header("location", to.as_str())?,
            Self::Error(error) if error.status == 405 => header.insert_header("allow", METHODS)?,
            Self::Error(_) | Self::Healthy => {}
        }
        Ok((header, body))
    }

    fn retry_after(&self) -> Option<u32> {
        match self {
            Self::Page(page) => page.retry_after(),
            Self::Error(error) => error.retry_after,
            Self::Redirect(_) | Self::Healthy => None,
        }
    }
}

/// What is let through; whoever is behind us may know fewer.
const METHODS: &str = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";

const JSON: &str = "application/json";
const PLAIN: &str = "text/plain";

const fn error(status: u16, code: &'static str, message: &'static str) -> Answer {
    Answer::Error(Error { status, code, message, retry_after: None })
}

fn accepts_html(session: &Session) -> bool {
    let accepted = session.req_header().headers.get_all("accept");
    accepted.iter().any(|value| value.to_str().is_ok_and(|text| text.contains("text/html")))
}

fn rendered(page: Page, visitor: Visitor<'_>) -> pingora::Result<(ResponseHeader, String)> {
    let rendered = page::render(page, visitor);
    let mut header = header(page.status(), "text/html; charset=utf-8", &rendered.html)?;
    header.insert_header(PAGE_HEADER, page.code())?;
    header.insert_header("content-security-policy", rendered.policy)?;
    header.insert_header("referrer-policy", "no-referrer")?;
    if let Some(seconds) = page.retry_after() {
        header.insert_header("retry-after", seconds.to_string())?;
    }
    Ok((header, rendered.html))
}

fn header(status: u16, kind: &str, body: &str) -> pingora::Result<ResponseHeader> {
    let mut header = ResponseHeader::build(status, Some(8))?;
    header.insert_header("content-type", kind)?;
    header.insert_header("content-length", body.len().to_string())?;
    header.insert_header("cache-control", "no-store")?;
    header.insert_header("x-content-type-options", "nosniff")?;
    Ok(header)
}

fn error_body(code: &str, message: &str) -> String {
    let error =
        ErrorDetail { code: code.to_owned(), message: message.to_owned(), details: Vec::new() };
    json!(ErrorBody { error }).to_string()
}
