//! How long a customer waits: from the order, or the payment, to the login page.

use std::time::Duration;

use anyhow::{Context as _, Result};
use contract::billing::{CustomerQuery, OrderInstance, Ordered, RecordPayment};
use contract::database::PoolsQuery;
use contract::user::EnsureCustomer;
use tokio::time::Instant;
use vocabulary::CustomerId;

use super::Sample;
use crate::patience;
use crate::platform::{Interface, Site};

const PATIENCE: Duration = Duration::from_secs(180);

/// Waits until this many databases are in stock.
pub(super) async fn stock(interface: &Interface, wanted: u64) -> Result<()> {
    patience::until("a full stock", Duration::from_secs(600), async || {
        let pools = interface.database.pools(&PoolsQuery::default()).await?.pools;
        let stock: i64 = pools.iter().map(|pool| pool.stock).sum();
        Ok((wanted.cast_signed() <= stock).then_some(()))
    })
    .await
}

/// A customer who buys one instance after the other.
pub(super) struct Buyer {
    interface: Interface,
    site: Site,
    browser: reqwest::Client,
    id: CustomerId,
    name: &'static str,
}

impl Buyer {
    pub(super) async fn new(site: &Site, name: &'static str) -> Result<Self> {
        let interface = site.staff().await?;
        let who =
            EnsureCustomer { email: format!("{name}@example.com").try_into()?, company: None };
        let id = interface.user.ensure_customer(&who).await?.id;
        Ok(Self { interface, site: site.clone(), browser: reqwest::Client::new(), id, name })
    }

    /// Order to login page; and, after a suspension, payment to login page.
    pub(super) async fn measure(&self, rounds: u32) -> Result<(Sample, Sample)> {
        let (mut bought, mut back) = (Vec::new(), Vec::new());
        for round in 0..rounds {
            let (ordered, took) = self.buy(round).await?;
            bought.push(took);
            back.push(self.come_back(&ordered, round).await?);
            self.leave(&ordered, round).await?;
        }
        Ok((Sample::new(bought), Sample::new(back)))
    }

    /// Order to login page.
    pub(super) async fn buy_all(&self, rounds: u32) -> Result<Sample> {
        let mut times = Vec::new();
        for round in 0..rounds {
            let (ordered, took) = self.buy(round).await?;
            times.push(took);
            self.leave(&ordered, round).await?;
        }
        Ok(Sample::new(times))
    }

    async fn buy(&self, round: u32) -> Result<(Ordered, Duration)> {
        let order = OrderInstance {
            customer_id: Some(self.id),
            plan_name: "basic-monthly".to_owned().try_into()?,
            subdomain: self.subdomain(round).try_into()?,
            name: None,
            odoo_version: None,
            admin_email: Some(format!("{}@example.com", self.name).try_into()?),
            language: None,
            timezone: None,
        };
        let begun = Instant::now();
        let ordered = self.interface.billing.order(&order).await?;
        self.answers(round, 200).await?;
        Ok((ordered, begun.elapsed()))
    }

    async fn come_back(&self, ordered: &Ordered, round: u32) -> Result<Duration> {
        self.interface.billing.act(ordered.subscription_id, "suspend").await?;
        self.answers(round, 402).await?;
        let query = CustomerQuery { customer_id: Some(self.id) };
        let invoices = self.interface.billing.invoices(&query).await?.invoices;
        let unpaid = invoices.iter().find(|invoice| !invoice.balance.is_zero());
        let invoice_id = unpaid.context("there is nothing to pay")?.id;
        let payment =
            RecordPayment { invoice_id, amount: None, reference: format!("bench {invoice_id}") };
        let begun = Instant::now();
        self.interface.billing.record_payment(&payment).await?;
        self.answers(round, 200).await?;
        Ok(begun.elapsed())
    }

    /// Deletes the instance, so that the next one has the machine to itself.
    async fn leave(&self, ordered: &Ordered, round: u32) -> Result<()> {
        let confirm = contract::instance::DeleteQuery { confirm: self.subdomain(round) };
        self.interface.instance.delete(ordered.instance_id, &confirm).await?;
        self.answers(round, 404).await
    }

    async fn answers(&self, round: u32, status: u16) -> Result<()> {
        let host = format!("{}.localhost", self.subdomain(round));
        let url = format!("http://{}/web/login", self.site.address);
        patience::closely(&format!("{host}: {status}"), PATIENCE, async || {
            let answer = self.browser.get(&url).header("host", &host).send().await;
            Ok(answer.is_ok_and(|answer| answer.status().as_u16() == status).then_some(()))
        })
        .await
    }

    fn subdomain(&self, round: u32) -> String {
        format!("{}-{round}", self.name)
    }
}
