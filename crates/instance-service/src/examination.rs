//! What `saasodoo doctor` asks of this service: which invariants its rows break, a sweep over everything, and the secrets
//! that may stand nowhere.

use anyhow::Context as _;
use chrono::{DateTime, TimeDelta, Utc};
use contract::examination::{Rule, Violation};
use secrecy::SecretString;
use sqlx::{PgConnection, PgPool};
use vault::Vault;
use vocabulary::{InstanceId, InstanceStatus};

use crate::QUEUE;
use crate::desire::Desired;
use crate::instance::Instance;
use crate::reconciler::InstanceReconciler;
use crate::store::{all, secret};

/// How long what is under way may take.
const PATIENCE: TimeDelta = TimeDelta::seconds(60);

const MISFIT: Rule = Rule::swept(5, "it lasts seconds; `saasodoo operations` says what holds it");
const UNDEMANDED: Rule =
    Rule::personal(4, "find out who ended it; restore it from its last backup");
const UNTOLD: Rule =
    Rule::personal(7, "find out who did it, from the log: rows were changed past the services");

/// Every violation that the rows show.
///
/// # Errors
/// An error of the database.
pub(crate) async fn violations(conn: &mut PgConnection) -> sqlx::Result<Vec<Violation>> {
    use all::violation as query;
    let now = Utc::now();
    let alive = all::instance::alive(conn).await?;
    let misfits =
        alive.iter().filter_map(|instance| Some((name(instance), misfit(instance, now)?)));
    let mut found: Vec<_> = MISFIT.broken(misfits).collect();
    found.extend(UNDEMANDED.broken(query::ended_undemanded(conn).await?));
    found.extend(UNTOLD.broken(query::wishes_unaudited(conn).await?));
    found.extend(UNTOLD.broken(query::statuses_unaudited(conn).await?));
    Ok(found)
}

/// Has every instance looked at, those that are over too: something of them may be left. Tells how many that are.
///
/// # Errors
/// An error of the database.
pub(crate) async fn sweep(conn: &mut PgConnection) -> sqlx::Result<usize> {
    let instances = all::instance::ids(conn).await?;
    QUEUE.wake_all::<InstanceReconciler>(conn, &instances).await?;
    Ok(instances.len())
}

fn name(instance: &Instance) -> String {
    format!("instance {} ({})", instance.id, instance.subdomain)
}

/// What an instance should be doing and does not, where that is no matter of seconds.
fn misfit(instance: &Instance, now: DateTime<Utc>) -> Option<String> {
    use InstanceStatus as S;
    let (desired, status) = (Desired::of(instance), instance.state.status);
    let is_late = PATIENCE < now - instance.state.since;
    let is_wrong = match (desired, status) {
        // An operation has it in its hands.
        (_, S::Maintenance | S::Migrating) => false,
        (_, S::Error) => true,
        (Desired::Running, S::Running | S::Sleeping)
        | (Desired::Reserved, S::AwaitingPayment)
        | (Desired::Stopped, S::Stopped)
        | (Desired::Suspended(_), S::Suspended)
        | (Desired::Gone, S::Terminated) => false,
        (_, S::Creating | S::WaitingForDatabase | S::Starting | S::Stopping | S::Terminating) => {
            is_late
        }
        _ => true,
    };
    is_wrong.then(|| {
        let standing = instance.entitlement.as_ref().map_or("none", |e| e.standing.as_str());
        format!("is {status}, its standing is {standing}, and it should be {}", word(desired))
    })
}

fn word(desired: Desired) -> &'static str {
    match desired {
        Desired::Reserved => "waiting for a payment",
        Desired::Running => "running",
        Desired::Stopped => "stopped",
        Desired::Suspended(_) => "suspended",
        Desired::Gone => "gone",
    }
}

/// Every secret that this service keeps: the administrators' first passwords, and the Odoos' master passwords.
///
/// # Errors
/// An error of the database; one that a secret does not open.
pub async fn secrets(pool: &PgPool, vault: &Vault) -> anyhow::Result<Vec<SecretString>> {
    let mut conn = pool.acquire().await.context("reading sealed secrets")?;
    let mut secrets = Vec::new();
    for (InstanceId(id), sealed) in secret::all(&mut conn).await? {
        for (column, sealed) in [
            (secret::ADMIN_PASSWORD, sealed.admin_password),
            (secret::MASTER_PASSWORD, sealed.master_password),
        ] {
            secrets.push(vault.open(secret::TABLE, column, id, &sealed)?);
        }
    }
    Ok(secrets)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::example;
    use crate::instance::Wish;
    use vocabulary::Standing;

    fn instance(standing: Standing, status: InstanceStatus, seconds: i64) -> Instance {
        let mut instance = example::instance(Some(standing));
        instance.state.status = status;
        instance.state.since = Utc::now() - TimeDelta::seconds(seconds);
        instance
    }

    #[test]
    fn what_is_under_way_is_wrong_only_when_it_takes_long() {
        use InstanceStatus::{Running, Starting, Stopped, Suspended};
        let cases = [
            (Standing::Active, Running, 1000, false),
            (Standing::Active, Starting, 5, false),
            (Standing::Active, Starting, 100, true),
            (Standing::Active, Stopped, 0, true),
            (Standing::Suspended, Running, 0, true),
            (Standing::Suspended, Suspended, 1000, false),
        ];
        for (standing, status, seconds, is_wrong) in cases {
            let instance = instance(standing, status, seconds);
            let found = misfit(&instance, Utc::now());
            assert_eq!(found.is_some(), is_wrong, "{standing} {status} {seconds}: {found:?}");
        }
    }

    #[test]
    fn what_its_owner_has_stopped_is_as_it_should_be() {
        let mut instance = instance(Standing::Active, InstanceStatus::Stopped, 1000);
        instance.wish = Wish::Stop;
        assert_eq!(misfit(&instance, Utc::now()), None);
    }
}
