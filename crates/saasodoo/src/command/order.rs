//! Ordering an instance, and watching it come.

use std::time::Duration;

use contract::billing::{OrderInstance, Ordered};
use indicatif::{ProgressBar, ProgressStyle};
use vocabulary::{InstanceStatus, Standing};

use crate::cli::OrderArgs;
use crate::client::Platform;
use crate::failure::{Failure, Outcome};
use crate::follow::{self, Go};
use crate::output::{self, Format};

/// How long people wait in front of a terminal for one instance.
const PATIENCE: Duration = Duration::from_secs(300);

/// `saasodoo plans`
pub(crate) async fn plans(platform: &Platform, format: Format) -> Outcome {
    let plans = platform.billing.plans().await?;
    let rows = plans.plans.iter().map(|plan| {
        vec![
            plan.name.clone(),
            format!("{} {}", plan.price, plan.currency),
            format!("{} days", plan.trial_days),
            plan.cpu_limit.to_string(),
            plan.memory_limit.to_string(),
            plan.storage_limit.to_string(),
            plan.db_type.to_string(),
        ]
    });
    let head = ["PLAN", "PRICE A MONTH", "TRIAL", "CPU", "MEMORY", "STORAGE", "DATABASE"];
    Ok(output::print(format, &plans, &head, rows)?)
}

/// `saasodoo order`
pub(crate) async fn order(platform: &Platform, format: Format, args: &OrderArgs) -> Outcome {
    let ordered = place(platform, args).await?;
    if args.wait && ordered.standing != Standing::AwaitingPayment {
        wait(platform, &ordered).await?;
    }
    let invoice = ordered.invoice.as_ref();
    let fields = [
        ("instance", ordered.instance_id.to_string()),
        ("subscription", ordered.subscription_id.to_string()),
        ("standing", ordered.standing.to_string()),
        ("invoice", invoice.map(|i| i.id.to_string()).unwrap_or_default()),
        (
            "to be paid",
            invoice.map(|i| format!("{} {}", i.balance, i.currency)).unwrap_or_default(),
        ),
    ];
    Ok(output::print_fields(format, &ordered, &fields)?)
}

/// Places the order.
pub(crate) async fn place(platform: &Platform, args: &OrderArgs) -> Result<Ordered, Failure> {
    let customer = match &args.customer {
        Some(email) => Some(platform.ensure_customer(email).await?),
        None => None,
    };
    let body = OrderInstance {
        customer_id: customer.map(|customer| customer.id),
        plan_name: args.plan.clone(),
        subdomain: args.subdomain.clone(),
        name: args.name.clone(),
        odoo_version: args.odoo_version.clone(),
        admin_email: args.admin_email.clone().or_else(|| args.customer.clone()),
        language: args.language.clone(),
        timezone: None,
    };
    Ok(platform.billing.order(&body).await?)
}

/// Shows each step until the instance runs.
async fn wait(platform: &Platform, ordered: &Ordered) -> Outcome {
    let bar = spinner();
    bar.set_message("the instance is being made");
    let outcome = watch(platform, ordered, |line| bar.println(line)).await;
    bar.finish_and_clear();
    outcome
}

/// Says each step until the instance runs.
pub(crate) async fn watch(platform: &Platform, ordered: &Ordered, say: impl Fn(&str)) -> Outcome {
    let seen = follow::instance(platform, ordered.instance_id, |event| {
        say(&format!("    {}  {}", event.at.format("%T%.3f"), event.message));
        Ok(match event.status {
            InstanceStatus::Running => Go::Home,
            InstanceStatus::Terminated => anyhow::bail!("the instance was deleted"),
            _ => Go::On,
        })
    });
    tokio::time::timeout(PATIENCE, seen).await.unwrap_or_else(|_| {
        Err(Failure::TookTooLong(format!(
            "the instance does not run after {} minutes; the platform goes on: `saasodoo instance {}` says how far it is",
            PATIENCE.as_secs() / 60,
            ordered.instance_id
        )))
    })
}

/// A spinner that draws on a terminal only.
pub(crate) fn spinner() -> ProgressBar {
    let style = ProgressStyle::with_template("{spinner:.cyan} {elapsed:>4} {msg}")
        .expect("the template is well formed");
    let bar = ProgressBar::new_spinner().with_style(style);
    bar.enable_steady_tick(Duration::from_millis(100));
    bar
}
