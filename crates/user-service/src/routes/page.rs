//! Pages for people who open a link of a mail.

use maud::{DOCTYPE, Markup, html};

const STYLE: &str = "
    body { font: 18px/1.6 system-ui, sans-serif; max-width: 32rem; margin: 20vh auto; padding: 0 1rem; }
    @media (prefers-color-scheme: dark) { body { background: #16181d; color: #e6e6e6; } a { color: #8ab4ff; } }";

pub(super) fn verified(console_url: &str) -> Markup {
    page(
        "Your address is proven",
        &html! { p { "You can " a href=(console_url) { "log in" } " now." } },
    )
}

pub(super) fn link_is_over() -> Markup {
    page(
        "This link does not work",
        &html! { p { "It is unknown or has expired. Ask for another one." } },
    )
}

fn page(title: &str, content: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                // The address of this page is a secret.
                meta name="referrer" content="no-referrer";
                title { (title) }
                style { (STYLE) }
            }
            body { h1 { (title) } (content) }
        }
    }
}
