//! The login.

use axum::response::Response;
use maud::html;

/// The form, with the address as it was typed and the reason of a refusal.
pub(crate) fn page(email: &str, refusal: Option<&str>) -> Response {
    let body = html! {
        main.door {
            form.card method="post" action="/login" {
                div.brand { (super::mark()) "SaaSOdoo" }
                h1 { "Welcome back" }
                @if let Some(refusal) = refusal { p.notice role="alert" { (refusal) } }
                label {
                    "E-mail address"
                    input type="email" name="email" value=(email) autocomplete="username" required
                        autofocus[email.is_empty()];
                }
                label {
                    "Password"
                    input type="password" name="password" autocomplete="current-password" required
                        autofocus[!email.is_empty()];
                }
                button.primary type="submit" { "Log in" }
            }
        }
    };
    super::document("Log in", &body)
}
