//! Commands on invoices and payments.

use contract::billing::{Invoices, Payment, RecordPayment, Subscription};
use vocabulary::{EmailAddress, InvoiceId};

use crate::client::Platform;
use crate::failure::{Failure, Outcome};
use crate::output::{self, Format};

/// `saasodoo invoices`
pub(crate) async fn invoices(
    platform: &Platform,
    format: Format,
    customer: Option<&EmailAddress>,
) -> Outcome {
    let filter = match customer {
        None => String::new(),
        Some(email) => {
            let customer = platform.customer(email).await?;
            let id = customer.ok_or_else(|| Failure::Refused(format!("there is no customer {email}")))?.id;
            format!("?customer_id={id}")
        }
    };
    let invoices: Invoices = platform.billing.get(&format!("/api/billing/invoices{filter}")).await?;
    let rows = invoices.invoices.iter().map(|invoice| {
        vec![
            invoice.number.to_string(),
            invoice.date.to_string(),
            format!("{} {}", invoice.amount, invoice.currency),
            invoice.balance.to_string(),
            invoice.id.to_string(),
        ]
    });
    Ok(output::print(format, &invoices, &["NUMBER", "DATE", "AMOUNT", "TO BE PAID", "ID"], rows)?)
}

/// `saasodoo pay INVOICE --reference TEXT`
pub(crate) async fn pay(
    platform: &Platform,
    format: Format,
    invoice: InvoiceId,
    reference: &str,
) -> Outcome {
    let body = RecordPayment { invoice_id: invoice, amount: None, reference: reference.to_owned() };
    let payment: Payment = platform.billing.post("/api/billing/payments", &body).await?;
    let fields = [
        ("payment", payment.id.to_string()),
        ("amount", payment.amount.to_string()),
        ("to be paid", payment.balance.to_string()),
    ];
    Ok(output::print_fields(format, &payment, &fields)?)
}

/// `saasodoo suspend WHICH`
pub(crate) async fn suspend(platform: &Platform, format: Format, which: &str) -> Outcome {
    let instance = platform.instance(which).await?;
    let path = format!("/api/billing/subscriptions/{}/suspend", instance.subscription_id);
    let subscription: Subscription = platform.billing.act(&path).await?;
    let fields = [
        ("subscription", subscription.id.to_string()),
        ("standing", subscription.standing.to_string()),
    ];
    Ok(output::print_fields(format, &subscription, &fields)?)
}
