//! The emblem of a page, drawn in lines on a grid of 24.

use maud::{Markup, PreEscaped, html};
use vocabulary::StatusReason;

use super::Page;

/// The emblem of `page`.
pub(crate) fn of(page: Page) -> Markup {
    let lines = match page {
        Page::Starting | Page::Unavailable => return ring(),
        Page::Stopped => POWER,
        Page::Suspended(Some(StatusReason::Unpaid)) => CARD,
        Page::Suspended(_) => PAUSE,
        Page::Failing => WRENCH,
        Page::NobodysHost => COMPASS,
    };
    html! { svg viewBox="0 0 24 24" { (PreEscaped(lines)) } }
}

fn ring() -> Markup {
    html! {
        svg.ring viewBox="0 0 24 24" {
            circle cx="12" cy="12" r="9" {}
            path d="M12 3a9 9 0 0 1 9 9" {}
        }
    }
}

const POWER: &str = r#"<path d="M12 3v8"/><path d="M6.6 6.6a7.6 7.6 0 1 0 10.8 0"/>"#;
const CARD: &str =
    r#"<rect x="3" y="5.5" width="18" height="13" rx="2.2"/><path d="M3 10h18M7 14.8h3.5"/>"#;
const PAUSE: &str = r#"<circle cx="12" cy="12" r="9"/><path d="M10 9v6M14 9v6"/>"#;
const WRENCH: &str = r#"<path d="M14.7 6.3a4.3 4.3 0 0 1 5.6-1.2l-2.8 2.8.6 2.3 2.3.6 1-1a4.3 4.3 0 0 1-5.9 4.6l-6 6a2.1 2.1 0 0 1-3-3l6-6a4.3 4.3 0 0 1 2.2-5.1Z"/>"#;
const COMPASS: &str = r#"<circle cx="12" cy="12" r="9"/><path d="m15.6 8.4-2 5.2-5.2 2 2-5.2Z"/>"#;
