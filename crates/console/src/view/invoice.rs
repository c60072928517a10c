//! What is still to be paid. Nothing is shown where nothing is.

use contract::billing::Invoice;
use maud::{Markup, html};

use crate::overview::Part;

pub(super) fn section(invoices: &Part<Invoice>) -> Markup {
    // An overview without a word about invoices is better than one that worries people whose bills are paid.
    let Ok(open) = invoices else { return html! {} };
    if open.is_empty() {
        return html! {};
    }
    html! {
        section.bills {
            h2 { "To be paid" span.count { (open.len()) } }
            table {
                thead { tr { th { "Invoice" } th { "Date" } th { "For" } th.number { "Open" } } }
                tbody { @for invoice in open { (row(invoice)) } }
            }
            p.hint { "State the invoice's number with your payment. What it is for runs again seconds after it has arrived." }
        }
    }
}

fn row(invoice: &Invoice) -> Markup {
    let plans: Vec<&str> = invoice.items.iter().map(|item| item.plan_name.as_str()).collect();
    html! {
        tr {
            td { "No. " (invoice.number) }
            td { time datetime=(invoice.date) { (invoice.date) } }
            td { (plans.join(", ")) }
            td.number { strong { (invoice.balance) " " (invoice.currency) } }
        }
    }
}
