//! The pages that stand where an Odoo cannot be seen at the moment: small, self-contained, and each of them
//! makes room for the Odoo by itself as soon as there is one.

mod icon;

use maud::{DOCTYPE, Markup, PreEscaped, html};
use uuid::Uuid;
use vocabulary::StatusReason;

const STYLE: &str = include_str!("page/style.css");
const SCRIPT: &str = include_str!("page/look.js");

/// What a visitor is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Page {
    /// The Odoo comes in seconds.
    Starting,
    /// Its owner has stopped it.
    Stopped,
    /// It is stopped against its owner's wish.
    Suspended(Option<StatusReason>),
    /// Something failed and is being worked on.
    Failing,
    /// A part of the platform itself is not there yet.
    Unavailable,
    /// The host is nobody's.
    NobodysHost,
}

/// A page, and what it may load and run.
pub(crate) struct Rendered {
    pub(crate) html: String,
    pub(crate) policy: String,
}

/// Who looks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Visitor<'a> {
    /// The host that was asked for.
    pub(crate) host: &'a str,
    /// The console's address.
    pub(crate) console: &'a str,
}

/// Renders a page for a visitor.
pub(crate) fn render(page: Page, visitor: Visitor<'_>) -> Rendered {
    let nonce = Uuid::new_v4().simple().to_string();
    let html = html! {
        (DOCTYPE)
        html lang="en" {
            head { (head(page, &nonce)) }
            body { (body(page, visitor)) }
        }
    };
    let policy = format!(
        "default-src 'none'; style-src 'nonce-{nonce}'; script-src 'nonce-{nonce}'; connect-src 'self'; \
         img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    );
    Rendered { html: html.into_string(), policy }
}

impl Page {
    /// The status of the answer.
    pub(crate) fn status(self) -> u16 {
        match self {
            Self::Suspended(Some(StatusReason::Unpaid)) => 402,
            Self::NobodysHost => 404,
            _ => 503,
        }
    }

    /// The name for programs.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Stopped => "stopped",
            Self::Suspended(_) => "suspended",
            Self::Failing => "failing",
            Self::Unavailable => "unavailable",
            Self::NobodysHost => "not_found",
        }
    }

    /// After how many seconds it makes sense to ask again.
    pub(crate) fn retry_after(self) -> Option<u32> {
        match self {
            Self::Starting | Self::Unavailable => Some(2),
            Self::Stopped | Self::Suspended(_) => Some(60),
            Self::Failing => Some(15),
            Self::NobodysHost => None,
        }
    }

    /// The one line.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Starting => "Your Odoo is starting",
            Self::Stopped => "This Odoo is stopped",
            Self::Suspended(Some(StatusReason::Unpaid)) => "This Odoo waits for a payment",
            Self::Suspended(Some(StatusReason::Paused)) => "This Odoo is paused",
            Self::Suspended(Some(StatusReason::Ended)) => "This subscription has ended",
            Self::Suspended(_) => "This Odoo is on hold",
            Self::Failing => "This Odoo has a problem",
            Self::Unavailable => "One moment, please",
            Self::NobodysHost => "There is no Odoo at this address",
        }
    }

    fn text(self) -> &'static str {
        match self {
            Self::Starting => "It takes a few seconds. This page turns into your Odoo by itself.",
            Self::Stopped => {
                "Its owner has switched it off. Everything in it is safe, and it can be started again at any time."
            }
            Self::Suspended(Some(StatusReason::Unpaid)) => {
                "An invoice is open. Nothing is lost: it runs again within seconds of the payment."
            }
            Self::Suspended(Some(StatusReason::Paused)) => {
                "Its subscription is paused. Nothing is lost: it runs again as soon as the subscription is resumed."
            }
            Self::Suspended(Some(StatusReason::Ended)) => {
                "Its owner can see in the console what becomes of the data."
            }
            Self::Suspended(_) => {
                "It is being looked after and will be back. Its owner finds more in the console."
            }
            Self::Failing => {
                "It does not answer at the moment. The platform is already working on it and tries again by itself."
            }
            Self::Unavailable => {
                "This part of the platform is just starting. The page comes by itself."
            }
            Self::NobodysHost => "Please check the address for a typing error.",
        }
    }

    /// Where the visitor can do something about it.
    fn action(self) -> Option<&'static str> {
        match self {
            Self::Starting | Self::Unavailable => None,
            Self::Suspended(Some(StatusReason::Unpaid)) => Some("Pay the invoice"),
            Self::Stopped => Some("Start it in the console"),
            Self::Suspended(_) | Self::Failing | Self::NobodysHost => Some("Open the console"),
        }
    }

    /// How often the page looks whether it is still needed, in milliseconds.
    fn pace(self) -> Option<u32> {
        match self {
            Self::Starting | Self::Unavailable => Some(700),
            Self::Failing | Self::Stopped | Self::Suspended(_) => Some(5000),
            Self::NobodysHost => None,
        }
    }

    fn tone(self) -> &'static str {
        match self {
            Self::Starting | Self::Unavailable => "live",
            Self::Stopped | Self::NobodysHost => "calm",
            Self::Suspended(_) | Self::Failing => "warm",
        }
    }
}

fn head(page: Page, nonce: &str) -> Markup {
    html! {
        meta charset="utf-8";
        meta name="viewport" content="width=device-width, initial-scale=1";
        meta name="robots" content="noindex";
        meta name="color-scheme" content="light dark";
        title { (page.title()) }
        link rel="icon" href="data:,";
        style nonce=(nonce) { (PreEscaped(STYLE)) }
        @if let Some(pace) = page.pace() {
            noscript { meta http-equiv="refresh" content=(pace.div_ceil(1000).max(3)); }
            script nonce=(nonce) data-page=(page.code()) data-pace=(pace) { (PreEscaped(SCRIPT)) }
        }
    }
}

fn body(page: Page, visitor: Visitor<'_>) -> Markup {
    html! {
        main class=(page.tone()) {
            div.emblem aria-hidden="true" { (icon::of(page)) }
            p.host { (visitor.host) }
            h1 { (page.title()) }
            p role="status" { (page.text()) }
            @if let Some(label) = page.action() {
                a.button href=(visitor.console) { (label) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VISITOR: Visitor<'_> =
        Visitor { host: "demo.localhost:8080", console: "//app.localhost:8080/" };

    #[test]
    fn a_page_that_waits_looks_again_with_and_without_a_script() {
        let html = render(Page::Starting, VISITOR).html;
        assert!(html.contains(r#"<noscript><meta http-equiv="refresh" content="3">"#), "{html}");
        assert!(html.contains(r#"data-page="starting" data-pace="700""#), "{html}");
        assert!(!render(Page::NobodysHost, VISITOR).html.contains("<script"));
    }

    #[test]
    fn unpaid_is_402_and_says_where_to_pay() {
        let page = Page::Suspended(Some(StatusReason::Unpaid));
        assert_eq!(page.status(), 402);
        let html = render(page, VISITOR).html;
        assert!(
            html.contains(r#"<a class="button" href="//app.localhost:8080/">Pay the invoice</a>"#),
            "{html}"
        );
        assert_eq!(Page::Suspended(Some(StatusReason::Staff)).status(), 503);
    }

    #[test]
    fn what_a_visitor_sends_is_never_markup() {
        let html = render(Page::NobodysHost, Visitor { host: "<b>", ..VISITOR }).html;
        assert!(html.contains("&lt;b&gt;") && !html.contains("<b>"), "{html}");
    }
}
