//! Commands on invoices and payments.

use contract::billing::{CustomerQuery, RecordPayment};
use vocabulary::{EmailAddress, InvoiceId};

use crate::client::Platform;
use crate::failure::Outcome;
use crate::output::{self, Format};

/// `saasodoo invoices`
pub(crate) async fn invoices(
    platform: &Platform,
    format: Format,
    customer: Option<&EmailAddress>,
) -> Outcome {
    let mut query = CustomerQuery::default();
    if let Some(email) = customer {
        query.customer_id = Some(platform.known_customer(email).await?.id);
    }
    let invoices = platform.billing.invoices(&query).await?;
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
    let payment = platform.billing.record_payment(&body).await?;
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
    let subscription = platform.billing.act(instance.subscription_id, "suspend").await?;
    let fields = [
        ("subscription", subscription.id.to_string()),
        ("standing", subscription.standing.to_string()),
    ];
    Ok(output::print_fields(format, &subscription, &fields)?)
}
