//! What a platform does first: a staff account, a pool, a template and a stock, and a demo instance, all of it
//! through its own interfaces, so that the second start finds what the first one made.

use std::net::SocketAddr;
use std::time::Duration;

use backon::{ConstantBuilder, Retryable};
use contract::client::Bearer;
use contract::database::{Pool, PoolsQuery};
use contract::instance::Instance;
use secrecy::{ExposeSecret, SecretString};
use vocabulary::{EmailAddress, InstanceStatus};

use crate::cli::{OrderArgs, Up};
use crate::client::{Platform, staff_token_of};
use crate::command::order;
use crate::failure::{Failure, Outcome};
use crate::machine::Machine;
use crate::progress::Progress;

/// The subdomain of the demo instance.
const DEMO: &str = "demo";
/// Its customer.
const DEMO_CUSTOMER: &str = "demo@example.com";
/// The first staff account.
const STAFF: &str = "staff@example.com";

/// Does the first things, and says what one needs to know.
pub(crate) async fn things(machine: &Machine, args: &Up, progress: &Progress) -> Outcome {
    let settings = &machine.parts.settings;
    let token = staff_token_of(&machine.parts.key);
    let platform = Platform::at(&super::gateway(settings.platform.listen), Bearer::Token(token));
    let staff = EmailAddress::try_from(STAFF.to_owned()).expect("this is an address");
    let password = user_service::ensure_first_staff(&machine.parts.user(), &staff).await?;
    let database = &settings.database;
    if 0 < database.free_slots_low {
        patiently(progress, "the first shared pool is active", pool(&platform)).await?;
    }
    if 0 < database.stock_per_server && !database.templates.is_empty() {
        patiently(progress, "databases are in stock", stock(&platform)).await?;
    }
    progress.step("what ran before runs again", again(machine, &platform)).await?;
    if !args.no_demo {
        demo(&platform, progress).await?;
    }
    say_staff(password.as_ref(), settings, progress);
    Ok(())
}

fn say_staff(password: Option<&SecretString>, settings: &settings::Settings, progress: &Progress) {
    let console = settings.platform.url("app");
    match password {
        Some(password) => {
            let password = password.expose_secret();
            progress.say(&format!(
                "\n  staff     {console}\n  login     {STAFF}\n  password  {password}   (shown this once)\n"
            ));
        }
        None => progress.say(&format!("\n  staff     {console}\n  login     {STAFF}\n")),
    }
}

/// Waits for what comes by itself. That it takes long is no reason to end a platform which goes on with it.
async fn patiently(
    progress: &Progress,
    what: &str,
    coming: impl Future<Output = Result<(), Failure>>,
) -> Outcome {
    match progress.step(what, coming).await {
        Err(Failure::TookTooLong(told)) => {
            tracing::warn!("{told}");
            progress.say(&format!("  {told}; the platform goes on with it"));
            Ok(())
        }
        other => other,
    }
}

/// The planner makes the first pool, as it makes every other.
async fn pool(platform: &Platform) -> Result<(), Failure> {
    until(Duration::from_secs(120), "no pool became active", || async {
        Ok(shared(platform).await?.iter().any(|pool| pool.status == "active"))
    })
    .await
}

/// Stock means that a template was built, which takes half a minute the first time.
async fn stock(platform: &Platform) -> Result<(), Failure> {
    until(Duration::from_secs(300), "no database came into stock", || async {
        Ok(shared(platform).await?.iter().any(|pool| 0 < pool.stock || pool.status == "full"))
    })
    .await
}

async fn shared(platform: &Platform) -> Result<Vec<Pool>, Failure> {
    let query = PoolsQuery { status: None, server_type: Some("shared".to_owned()) };
    Ok(platform.database.pools(&query).await?.pools)
}

async fn demo(platform: &Platform, progress: &Progress) -> Outcome {
    let instance = match find(platform).await? {
        Some(instance) => instance,
        None => buy(platform, progress).await?,
    };
    let login = platform.instance.admin_login(instance.id).await?;
    progress.say(&format!(
        "\n  demo      {}/web/login\n  login     {}\n  password  {}",
        login.url, login.login, login.password
    ));
    Ok(())
}

async fn find(platform: &Platform) -> Result<Option<Instance>, Failure> {
    let all = platform.instances(None).await?;
    let is_demo = |instance: &Instance| {
        instance.subdomain == DEMO && instance.status != InstanceStatus::Terminated
    };
    Ok(all.into_iter().find(is_demo))
}

async fn buy(platform: &Platform, progress: &Progress) -> Result<Instance, Failure> {
    let customer = EmailAddress::try_from(DEMO_CUSTOMER.to_owned()).expect("this is an address");
    let args = OrderArgs {
        plan: "basic-test-trial".parse().expect("this is a plan's name"),
        subdomain: DEMO.parse().expect("this is a subdomain"),
        customer: Some(customer),
        admin_email: None,
        name: None,
        odoo_version: None,
        language: None,
        wait: true,
    };
    progress.say("  a demo instance is bought");
    let ordered = order::place(platform, &args).await?;
    order::watch(platform, &ordered, |line| progress.say(line)).await?;
    Ok(platform.instance.get(ordered.instance_id).await?)
}

/// Waits for every Odoo that is to run: what the rows say is from before the start. One that does not answer in
/// time is no reason not to serve the others; the platform goes on trying.
async fn again(machine: &Machine, platform: &Platform) -> Result<(), Failure> {
    let is_wanted =
        |i: &Instance| matches!(i.status, InstanceStatus::Running | InstanceStatus::Starting);
    let wanted = platform.instances(None).await?.into_iter().filter(is_wanted);
    let door = machine.parts.settings.platform.listen;
    let answers = wanted.map(|instance| async move {
        let door = Door::to(&instance, door)?;
        let patience = Duration::from_secs(60);
        let answer = until(patience, "it does not answer", || door.answers()).await;
        if let Err(failure) = answer {
            tracing::warn!(instance = %instance.id, "{} is not back yet: {failure:?}", instance.subdomain);
        }
        Ok::<_, anyhow::Error>(())
    });
    futures::future::try_join_all(answers).await?;
    Ok(())
}

/// The way of a visitor to one instance: by its name, through our own edge.
struct Door {
    http: reqwest::Client,
    url: String,
}

impl Door {
    fn to(instance: &Instance, edge: SocketAddr) -> anyhow::Result<Self> {
        let url = format!("{}/web/login", instance.url);
        let host =
            url.split('/').nth(2).and_then(|host| host.split(':').next()).unwrap_or_default();
        let http = reqwest::Client::builder()
            .no_proxy()
            .resolve(host, super::reachable(edge))
            .timeout(Duration::from_secs(10))
            .build()?;
        Ok(Self { http, url })
    }

    async fn answers(&self) -> Result<bool, Failure> {
        let answer = self.http.get(&self.url).send().await;
        Ok(answer.is_ok_and(|answer| answer.status().is_success()))
    }
}

/// Looks until something holds.
async fn until<F>(patience: Duration, otherwise: &str, holds: impl Fn() -> F) -> Result<(), Failure>
where
    F: Future<Output = Result<bool, Failure>>,
{
    let pace =
        ConstantBuilder::default().with_delay(Duration::from_millis(500)).without_max_times();
    let look = || async { if holds().await? { Ok(()) } else { Err(Look::Again) } };
    let looked = look.retry(pace).when(|error| matches!(error, Look::Again));
    match tokio::time::timeout(patience, looked).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(Look::Failed(failure))) => Err(failure),
        Ok(Err(Look::Again)) | Err(_) => Err(Failure::TookTooLong(format!(
            "{otherwise} within {} s; the log says why",
            patience.as_secs()
        ))),
    }
}

/// Why a look did not find what it looked for.
enum Look {
    Again,
    Failed(Failure),
}

impl From<Failure> for Look {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}
