//! The health of the servers: all of them at once, each within its deadline. Three failures in a row take a server out of
//! the choice, and the first success brings it back.

use std::time::Duration;

use anyhow::Context as _;
use async_trait::async_trait;
use chrono::Utc;
use contract::database as body;
use futures::future::join_all;
use vocabulary::ServerId;
use work::{Attempt, Next, Reconcile};

use crate::allocation::Allocations;
use crate::capacity::{Capacity, Everything};
use crate::state::HealthStatus;
use crate::store::server::{Look, Server};
use crate::tenant::{self, Findings};
use crate::{Context, QUEUE, guard, store};

/// Failures in a row that make a server unhealthy.
const PATIENCE: i32 = 3;
/// MiB of free disk below which a server is in danger.
const LITTLE_DISK: i64 = 512;

/// What a look at a server's health comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Verdict {
    status: HealthStatus,
    failures: i32,
    message: String,
}

/// Judges a look, after so many failures in a row.
fn judge(failures: i32, found: Result<&Findings, &str>) -> Verdict {
    match found {
        Ok(findings) => {
            let worries = worries(findings);
            let status =
                if worries.is_empty() { HealthStatus::Healthy } else { HealthStatus::Degraded };
            let message =
                if worries.is_empty() { "answers".to_owned() } else { worries.join("; ") };
            Verdict { status, failures: 0, message }
        }
        Err(error) => {
            let failures = failures.saturating_add(1);
            let status =
                if failures < PATIENCE { HealthStatus::Degraded } else { HealthStatus::Unhealthy };
            Verdict { status, failures, message: error.to_owned() }
        }
    }
}

/// What answers may still be in danger.
fn worries(findings: &Findings) -> Vec<String> {
    let mut worries = Vec::new();
    if findings.connections * 10 >= findings.max_connections * 9 {
        let (used, most) = (findings.connections, findings.max_connections);
        worries.push(format!("{used} of {most} connections are in use"));
    }
    if let Some(free) = findings.free_disk.filter(|free| *free < LITTLE_DISK) {
        worries.push(format!("only {free} MiB of disk are free"));
    }
    if findings.archiving_fails {
        worries.push("its log can't be shipped to the archive".to_owned());
    }
    worries
}

/// Looks at one server now and remembers what was found.
pub(crate) async fn check(context: &Context, server: &Server) -> anyhow::Result<body::Health> {
    let look =
        async { tenant::probe(&context.login(server)?, context.options.health_deadline).await };
    // At the same time: a server on which a tenant has taken everything may not let the look come to its end.
    let (found, guarded) = tokio::join!(look, guard::patrol(context, server));
    if let (true, Err(error)) = (found.is_ok(), guarded) {
        tracing::warn!(server = %server.id, error = format!("{error:#}"), "{} was not looked over", server.name);
    }
    let error = found.as_ref().err().map(|error| format!("{error:#}"));
    let verdict =
        judge(server.health_failures, found.as_ref().map_err(|_| error.as_deref().unwrap_or("")));
    let latency_ms =
        found.as_ref().ok().map(|f| i64::try_from(f.latency.as_millis()).unwrap_or(i64::MAX));
    let connections = found.as_ref().ok().map(|f| f.connections);
    remember(context, server, &verdict, (latency_ms, connections)).await?;
    Ok(body::Health {
        pool_id: server.id,
        status: server.status.to_string(),
        health_status: verdict.status.to_string(),
        message: verdict.message,
        latency_ms,
        connections,
        free_disk_mb: found.as_ref().ok().and_then(|f| f.free_disk),
        checked_at: Utc::now(),
    })
}

/// Whoever has waited for the server goes on when it is back; the planner makes up for one that is out.
async fn remember(
    context: &Context,
    server: &Server,
    verdict: &Verdict,
    (latency_ms, connections): (Option<i64>, Option<i64>),
) -> anyhow::Result<()> {
    let (before, after) = (server.health_status, verdict.status);
    let look = Look {
        status: after,
        failures: verdict.failures,
        message: &verdict.message,
        latency_ms,
        connections,
    };
    let mut tx = context.pool.begin().await?;
    store::server::set_health(&mut tx, server.id, &look).await?;
    if server.health_failures > 0 && verdict.failures == 0 {
        tracing::info!(server = %server.id, "{} answers again", server.name);
        let open = store::allocation::on_server(&mut tx, server.id).await?;
        let open: Vec<_> = open.iter().filter(|a| a.state.is_under_way()).map(|a| a.id).collect();
        QUEUE.wake_all::<Allocations>(&mut tx, &open).await?;
        QUEUE.wake::<crate::stock::Stocks>(&mut tx, &server.id).await?;
    }
    if (before == HealthStatus::Unhealthy) != (after == HealthStatus::Unhealthy) {
        QUEUE.wake::<Capacity>(&mut tx, &Everything).await?;
    }
    tx.commit().await?;
    if after == HealthStatus::Unhealthy && before != HealthStatus::Unhealthy {
        tracing::error!(server = %server.id, "{} is unhealthy: {}", server.name, verdict.message);
    }
    Ok(())
}

/// The server of this id, looked at now.
pub(crate) async fn check_now(
    context: &Context,
    id: ServerId,
) -> anyhow::Result<Option<body::Health>> {
    let mut conn = context.pool.acquire().await?;
    let Some(server) = store::server::find(&mut conn, id).await? else { return Ok(None) };
    drop(conn);
    check(context, &server).await.map(Some)
}

/// Looks at all servers at once.
pub(crate) struct HealthChecks {
    context: Context,
}

impl HealthChecks {
    /// Looks at the servers of this context.
    #[must_use]
    pub(crate) fn new(context: Context) -> Self {
        Self { context }
    }
}

#[async_trait]
impl Reconcile for HealthChecks {
    const NAME: &'static str = "check_health";
    type Key = Everything;
    const SWEEP: Duration = Duration::from_secs(30);

    async fn keys(&self) -> anyhow::Result<Vec<Everything>> {
        Ok(vec![Everything])
    }

    async fn reconcile(&self, _: &Everything, _: &Attempt) -> anyhow::Result<Next> {
        let mut conn = self.context.pool.acquire().await?;
        let servers = store::server::present(&mut conn).await?;
        drop(conn);
        let served = servers.iter().filter(|server| server.prepared_at.is_some());
        let checks = served.map(|server| async move {
            check(&self.context, server)
                .await
                .with_context(|| format!("remembering the health of {}", server.name))
        });
        for outcome in join_all(checks).await {
            outcome?;
        }
        Ok(Next::After(self.context.options.health_every))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fine() -> Findings {
        Findings {
            connections: 5,
            max_connections: 100,
            free_disk: Some(10_000),
            ..Findings::default()
        }
    }

    #[test]
    fn three_failures_make_it_unhealthy_and_one_success_brings_it_back() {
        let mut failures = 0;
        let mut statuses = Vec::new();
        for _ in 0..4 {
            let verdict = judge(failures, Err("no answer"));
            failures = verdict.failures;
            statuses.push(verdict.status);
        }
        use HealthStatus::{Degraded, Unhealthy};
        assert_eq!(statuses, [Degraded, Degraded, Unhealthy, Unhealthy]);
        assert_eq!(judge(failures, Ok(&fine())).status, HealthStatus::Healthy);
        assert_eq!(judge(failures, Ok(&fine())).failures, 0);
    }

    #[test]
    fn what_answers_in_danger_is_degraded_and_says_why() {
        let full = Findings { connections: 95, ..fine() };
        let tight = Findings { free_disk: Some(100), ..fine() };
        let stuck = Findings { archiving_fails: true, ..fine() };
        for (found, word) in [(full, "connections"), (tight, "disk"), (stuck, "archive")] {
            let verdict = judge(0, Ok(&found));
            assert_eq!(verdict.status, HealthStatus::Degraded);
            assert!(verdict.message.contains(word), "{}", verdict.message);
        }
        assert_eq!(
            judge(0, Ok(&Findings { free_disk: None, ..fine() })).status,
            HealthStatus::Healthy
        );
    }
}
