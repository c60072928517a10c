//! What a customer does: buys, pays, changes their mind, and insists, as people whose page did not load do.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context as _, Result};
use contract::billing::{CustomerQuery, OrderInstance, Ordered, RecordPayment};
use contract::instance::{Act, DeleteQuery};
use contract::user::EnsureCustomer;
use rand::RngExt as _;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use vocabulary::{CustomerId, InstanceStatus, Standing, Subdomain};

use crate::patience::{insist, pass, until};
use crate::platform::{Interface, Site};

/// How long a customer insists on one thing, while the platform is being killed.
const PATIENCE: Duration = Duration::from_secs(600);

/// How a purchase is to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum End {
    Runs,
    Stopped,
    Unpaid,
    Gone,
}

impl End {
    pub(super) fn status(self) -> InstanceStatus {
        match self {
            Self::Runs => InstanceStatus::Running,
            Self::Stopped => InstanceStatus::Stopped,
            Self::Unpaid => InstanceStatus::Suspended,
            Self::Gone => InstanceStatus::Terminated,
        }
    }
}

/// A purchase that was acknowledged.
#[derive(Debug)]
pub(super) struct Purchase {
    pub(super) subdomain: Subdomain,
    pub(super) ordered: Ordered,
    pub(super) end: End,
}

/// How many purchases are to end in each way.
pub(super) fn counts(purchases: &[Purchase]) -> BTreeMap<&'static str, u32> {
    let mut counts = BTreeMap::new();
    for purchase in purchases {
        *counts.entry(purchase.end.status().as_str()).or_default() += 1;
    }
    counts
}

/// One customer's life: everything was acknowledged when it returns.
pub(super) async fn live(
    site: &Site,
    number: u32,
    mut random: StdRng,
    begin: Duration,
) -> Result<Purchase> {
    pass(begin).await;
    let customer =
        Customer::new(site, number).await.with_context(|| format!("customer {number}"))?;
    customer.buy_and_live(number, &mut random).await.with_context(|| format!("chaos-{number}"))
}

struct Customer {
    interface: Interface,
    id: CustomerId,
    subdomain: Subdomain,
}

impl Customer {
    async fn new(site: &Site, number: u32) -> Result<Self> {
        // The keys are made by the first start.
        let interface = until("a token", PATIENCE, async || Ok(site.staff().await.ok())).await?;
        let email = format!("chaos-{number}@example.com").try_into()?;
        let who = EnsureCustomer { email, company: None };
        let customer =
            insist("being known", PATIENCE, async || interface.user.ensure_customer(&who).await)
                .await?;
        let subdomain = format!("chaos-{number}").try_into()?;
        Ok(Self { interface, id: customer.id, subdomain })
    }

    async fn buy_and_live(self, number: u32, random: &mut StdRng) -> Result<Purchase> {
        let ordered = self.buy(number, random).await?;
        if ordered.standing == Standing::AwaitingPayment {
            self.pay_all().await?;
        }
        let mut end = End::Runs;
        for _ in 0..random.random_range(0..4) {
            if random.random_bool(0.5) {
                self.wait(&ordered, end).await?;
            } else {
                pass(Duration::from_millis(random.random_range(0..4000))).await;
            }
            end = self.act(&ordered, end, random).await?;
            if end == End::Gone {
                break;
            }
        }
        Ok(Purchase { subdomain: self.subdomain, ordered, end })
    }

    async fn buy(&self, number: u32, random: &mut StdRng) -> Result<Ordered> {
        // A dedicated server each twenty-fifth time: it is a whole PostgreSQL.
        let plan = match number % 25 {
            7 => "premium-monthly",
            _ => ["basic-monthly", "basic-immediate"].choose(random).unwrap_or(&"basic-monthly"),
        };
        let order = OrderInstance {
            customer_id: Some(self.id),
            plan_name: plan.to_owned().try_into()?,
            subdomain: self.subdomain.clone(),
            name: None,
            odoo_version: None,
            admin_email: Some(format!("chaos-{number}@example.com").try_into()?),
            language: None,
            timezone: None,
        };
        let key = format!("chaos-{number}");
        let call = async || self.interface.billing.order_once(&order, &key).await;
        insist("the order", PATIENCE, call).await
    }

    /// Does something else than before, and says how the purchase is to end now.
    async fn act(&self, ordered: &Ordered, end: End, random: &mut StdRng) -> Result<End> {
        let chance = random.random_range(0..100);
        match end {
            End::Runs if chance < 25 => self.ask(ordered, "restart").await.map(|()| End::Runs),
            End::Runs if chance < 50 => self.ask(ordered, "stop").await.map(|()| End::Stopped),
            End::Runs if chance < 85 => self.fall_behind(ordered).await,
            End::Stopped => self.ask(ordered, "start").await.map(|()| End::Runs),
            End::Unpaid => self.pay_all().await.map(|()| End::Runs),
            End::Runs | End::Gone => self.delete(ordered).await,
        }
    }

    async fn ask(&self, ordered: &Ordered, action: &str) -> Result<()> {
        let act = Act { action: action.to_owned() };
        let call = async || self.interface.instance.act(ordered.instance_id, &act).await;
        insist(action, PATIENCE, call).await.map(drop)
    }

    async fn fall_behind(&self, ordered: &Ordered) -> Result<End> {
        let call = async || self.interface.billing.act(ordered.subscription_id, "suspend").await;
        insist("the suspension", PATIENCE, call).await?;
        Ok(End::Unpaid)
    }

    /// Pays whatever is to be paid; the reference makes sure that it is paid once.
    async fn pay_all(&self) -> Result<()> {
        let query = CustomerQuery { customer_id: Some(self.id) };
        let call = async || self.interface.billing.invoices(&query).await;
        for invoice in insist("the invoices", PATIENCE, call).await?.invoices {
            if invoice.balance.is_zero() {
                continue;
            }
            let reference = format!("chaos {}", invoice.id);
            let payment = RecordPayment { invoice_id: invoice.id, amount: None, reference };
            let call = async || self.interface.billing.record_payment(&payment).await;
            insist("the payment", PATIENCE, call).await?;
        }
        Ok(())
    }

    async fn delete(&self, ordered: &Ordered) -> Result<End> {
        let instance = &self.interface.instance;
        let confirm = DeleteQuery { confirm: self.subdomain.to_string() };
        insist("the deletion", PATIENCE, async || {
            // An answer that was lost is found by looking.
            let status = instance.get(ordered.instance_id).await?.status;
            if !matches!(status, InstanceStatus::Terminating | InstanceStatus::Terminated) {
                instance.delete(ordered.instance_id, &confirm).await?;
            }
            Ok(())
        })
        .await?;
        Ok(End::Gone)
    }

    async fn wait(&self, ordered: &Ordered, end: End) -> Result<()> {
        let what = format!("to be {}", end.status());
        until(&what, PATIENCE, async || {
            let seen = self.interface.instance.get(ordered.instance_id).await;
            Ok(seen.is_ok_and(|seen| seen.status == end.status()).then_some(()))
        })
        .await
    }
}
