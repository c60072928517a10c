//! What is examined: a platform over its gateway, and its data folder, where that is on this machine.

use std::time::Duration;

use contract::database::{Pool, PoolsQuery};
use contract::instance::Instance;
use settings::Settings;
use tokio::time::interval;

use super::report::{Finding, Report};
use super::{chain, door, key, machine, secret, service};
use crate::cli::Global;
use crate::client::{self, Platform};
use crate::command::configuration;
use crate::data_folder::DataFolder;
use crate::failure::Failure;

/// So often doctor looks before it tells what it has found each time.
const LOOKS: usize = 3;
/// Between two looks.
const PAUSE: Duration = Duration::from_secs(3);
/// So often doctor looks whether what it has done has helped.
const HOPES: usize = 15;

/// What is examined.
pub(super) struct Patient {
    /// The platform, over its gateway.
    pub(super) platform: Platform,
    /// Where the gateway is.
    pub(super) url: String,
    /// This machine's part of it.
    pub(super) home: Option<Home>,
}

/// A platform's data folder, and what it runs with.
pub(super) struct Home {
    /// The folder.
    pub(super) data: DataFolder,
    /// The effective configuration.
    pub(super) settings: Settings,
}

/// What several checks need.
pub(super) struct Facts {
    /// All instances, also those that are over.
    pub(super) instances: Vec<Instance>,
    /// All servers that are not gone.
    pub(super) pools: Vec<Pool>,
}

impl Patient {
    /// The platform that the flags, the environment or the data folder name.
    pub(super) fn find(global: &Global) -> Result<Self, Failure> {
        let platform = Platform::find(global)?;
        // With an address and a token the platform may be anywhere; a data folder is then another's.
        let is_elsewhere = global.url.is_some() && global.token.is_some() && global.data.is_none();
        let data = client::local(global).ok().filter(|_| !is_elsewhere);
        let url = match (&global.url, &data) {
            (Some(url), _) => url.clone(),
            (None, Some(data)) => data.whereabouts()?.url,
            (None, None) => return Err(Failure::Usage("there is no platform".to_owned())),
        };
        let home = match data {
            Some(data) => Some(Home { data, settings: configuration::load(global)? }),
            None => None,
        };
        Ok(Self { platform, url, home })
    }

    /// What falls short, at each of several looks.
    pub(super) async fn examine(&self) -> Result<Report, Failure> {
        let mut pace = interval(PAUSE);
        pace.tick().await;
        let mut report = self.look().await?;
        for _ in 1..LOOKS {
            if report.findings.is_empty() {
                break;
            }
            pace.tick().await;
            report = self.look().await?.lasting_since(&report);
        }
        Ok(report)
    }

    /// Does what can be done about what was found, each thing once; tells what was done, and what was not, and why.
    pub(super) async fn mend(&self, report: &Report) -> Vec<String> {
        let mut remedies = Vec::new();
        for remedy in report.findings.iter().filter_map(|found| found.remedy.as_ref()) {
            if !remedies.contains(&remedy) {
                remedies.push(remedy);
            }
        }
        let mut told = Vec::new();
        for remedy in remedies {
            told.push(match remedy.apply(&self.platform).await {
                Ok(()) => remedy.to_string(),
                Err(error) => format!("not done: {remedy}: {error:#}"),
            });
        }
        told
    }

    /// Gives what was done the time that it takes, and examines again.
    pub(super) async fn recover(&self) -> Result<Report, Failure> {
        let mut pace = interval(PAUSE);
        for _ in 0..HOPES {
            pace.tick().await;
            if !self.look().await?.is_mendable() {
                break;
            }
        }
        self.examine().await
    }

    async fn look(&self) -> Result<Report, Failure> {
        let mut report = Report::default();
        let facts = self.facts().await?;
        service::examine(&self.platform, &facts, &mut report).await?;
        chain::examine(&self.platform, &facts, &mut report).await?;
        door::examine(&self.url, &facts, &mut report).await?;
        match &self.home {
            Some(home) => examine_home(home, &facts, &mut report).await?,
            None => report.note(
                "the data folder is elsewhere: processes, files and secrets were not examined",
            ),
        }
        Ok(report)
    }

    async fn facts(&self) -> Result<Facts, Failure> {
        let instances = self.platform.instances(None).await?;
        let pools = self.platform.database.pools(&PoolsQuery::default()).await?.pools;
        Ok(Facts { instances, pools })
    }
}

async fn examine_home(home: &Home, facts: &Facts, report: &mut Report) -> Result<(), Failure> {
    key::examine(&home.data, report)?;
    let seen = machine::examine(home, facts, report)?;
    if let Err(error) = secret::examine(home, seen, report).await {
        let wrong = format!("could not be looked for: {error:#}");
        let advice = "without them nobody knows where they are: see what is wrong with the keys";
        report.find(Finding::new(6, "the platform's secrets", &wrong, advice));
    }
    let walls = home.data.whereabouts()?.walls;
    walls.standing.into_iter().for_each(|wall| report.note(wall));
    walls.missing.iter().for_each(|wall| report.note(format!("a wall is missing here: {wall}")));
    Ok(())
}
