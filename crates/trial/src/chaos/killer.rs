//! Who kills, freezes and fills, and starts the platform again as an operator's init system would.

use std::collections::BTreeMap;
use std::pin::pin;
use std::time::{Duration, Instant};

use anyhow::Result;
use rand::RngExt as _;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rustix::process::Signal;
use tokio::time::timeout;

use super::disk::SmallDisk;
use crate::platform::{Platform, Site};
use crate::{patience, process};

/// The pause between two strikes, on average.
pub(super) const MEAN_PAUSE: Duration = Duration::from_millis(2000);
/// Longer than a worker may be silent before it is taken for dead (20 s).
const FREEZE: Duration = Duration::from_secs(25);
/// How long a disk stays full.
const FULL: Duration = Duration::from_secs(8);

/// What is struck.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Victim {
    Platform,
    PlatformPostgres,
    Server,
    Odoo,
    TemplateBuilder,
    Frozen,
    FullDisk,
}

impl Victim {
    const ALL: [Self; 7] = [
        Self::TemplateBuilder,
        Self::Platform,
        Self::PlatformPostgres,
        Self::Server,
        Self::Odoo,
        Self::Frozen,
        Self::FullDisk,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Platform => "platform",
            Self::PlatformPostgres => "platform's PostgreSQL",
            Self::Server => "pool's server",
            Self::Odoo => "Odoo",
            Self::TemplateBuilder => "template's builder",
            Self::Frozen => "frozen worker",
            Self::FullDisk => "full disk",
        }
    }

    /// How often it is chosen, in proportion.
    fn weight(self) -> u32 {
        match self {
            Self::Platform => 30,
            Self::Odoo => 30,
            Self::Server => 20,
            Self::PlatformPostgres => 12,
            Self::TemplateBuilder | Self::Frozen | Self::FullDisk => 4,
        }
    }
}

/// Strikes, and revives the platform.
pub(super) struct Killer {
    site: Site,
    platform: Platform,
    disk: SmallDisk,
    random: StdRng,
    say: fn(&str),
    /// Until when the platform is frozen, and the disk full.
    frozen: Option<Instant>,
    full: Option<Instant>,
    /// The kinds that have not come yet.
    first: Vec<Victim>,
    pub(super) strikes: BTreeMap<&'static str, u32>,
    /// When the platform ended without having been killed.
    pub(super) collapses: Vec<String>,
}

impl Killer {
    pub(super) fn new(site: Site, disk: SmallDisk, random: StdRng, say: fn(&str)) -> Result<Self> {
        let platform = site.start()?;
        let mut first = Victim::ALL.to_vec();
        first.retain(|victim| *victim != Victim::FullDisk || disk.can_be_filled());
        let (strikes, collapses) = (BTreeMap::new(), Vec::new());
        let (frozen, full) = (None, None);
        Ok(Self { site, platform, disk, random, say, frozen, full, first, strikes, collapses })
    }

    /// Strikes this often, and keeps the platform alive until everybody is done.
    pub(super) async fn attend(
        &mut self,
        kills: u32,
        everybody_is_done: impl Future<Output = ()>,
    ) -> Result<()> {
        let mut done = 0;
        while done < kills {
            let pause = self.random.random_range(0..2 * MEAN_PAUSE.as_millis() as u64);
            patience::pass(Duration::from_millis(pause)).await;
            self.relieve(Instant::now());
            self.revive()?;
            let victim = self.choose(kills - done);
            if self.strike(victim).await? {
                done += 1;
                *self.strikes.entry(victim.name()).or_default() += 1;
                (self.say)(&format!("{done:>4}  {}", victim.name()));
                self.first.retain(|first| *first != victim);
            }
        }
        self.relieve(Instant::now() + FREEZE.max(FULL));
        let mut everybody_is_done = pin!(everybody_is_done);
        while timeout(Duration::from_secs(1), &mut everybody_is_done).await.is_err() {
            self.revive()?;
        }
        Ok(())
    }

    /// Starts the platform again if it has ended.
    fn revive(&mut self) -> Result<()> {
        if let Some(status) = self.platform.ended()? {
            // One whose parts are killed while it starts may give up; one that runs may not.
            if self.platform.is_ready() {
                self.collapses.push(format!("the running platform ended by itself: {status}"));
            }
            self.platform = self.site.start()?;
        }
        Ok(())
    }

    /// Waits until the platform is ready.
    pub(super) async fn ready(&mut self) -> Result<()> {
        for _ in 0..3 {
            if self.platform.ready().await.is_ok() {
                return Ok(());
            }
            self.revive()?;
        }
        self.platform.ready().await
    }

    /// Stops the platform in order; nothing of it may be left.
    pub(super) async fn finish(self) -> Result<()> {
        self.platform.stop(&self.site.folder).await
    }

    /// Chance decides, but every kind comes at least once.
    fn choose(&mut self, left: u32) -> Victim {
        if self.platform.is_ready() {
            // The template is built, so its builder will not come again.
            self.first.retain(|victim| *victim != Victim::TemplateBuilder);
        }
        let must = self.first.len() as u32 >= left;
        match self.first.choose(&mut self.random) {
            Some(next) if must || self.random.random_bool(0.3) => *next,
            _ => *Victim::ALL
                .choose_weighted(&mut self.random, |victim| victim.weight())
                .unwrap_or(&Victim::Platform),
        }
    }

    /// Strikes, if there is somebody to strike.
    async fn strike(&mut self, victim: Victim) -> Result<bool> {
        match victim {
            Victim::Platform => self.kill_platform().await,
            Victim::PlatformPostgres => Ok(self.kill_one_of(|name| name == "platform-postgres")),
            Victim::Server => Ok(self.kill_one_of(|name| {
                name.starts_with("postgres-pool") || name.starts_with("postgres-dedicated")
            })),
            Victim::Odoo => Ok(self.kill_one_of(|name| name.starts_with("odoo-"))),
            Victim::TemplateBuilder => Ok(self.kill_one_of(|name| {
                !["platform-", "postgres-", "odoo-"].iter().any(|known| name.starts_with(known))
            })),
            Victim::Frozen => Ok(self.freeze()),
            Victim::FullDisk => self.fill(),
        }
    }

    async fn kill_platform(&mut self) -> Result<bool> {
        self.frozen = None;
        self.platform.kill().await?;
        self.platform = self.site.start()?;
        Ok(true)
    }

    /// Kills one process of one workload, whichever it is.
    fn kill_one_of(&mut self, is_wanted: impl Fn(&str) -> bool) -> bool {
        let mut all = process::workloads(&self.site.folder);
        all.retain(|name, _| is_wanted(name));
        let families: Vec<_> = all.into_values().collect();
        let Some(family) = families.choose(&mut self.random) else { return false };
        let Some(victim) = family.choose(&mut self.random) else { return false };
        victim.signal(Signal::KILL);
        true
    }

    /// Stops the platform's process as it stands, for longer than its workers may be silent.
    fn freeze(&mut self) -> bool {
        let Some(id) = self.platform.id().filter(|_| self.frozen.is_none()) else { return false };
        process::signal_to(id, Signal::STOP);
        self.frozen = Some(Instant::now() + FREEZE);
        true
    }

    fn fill(&mut self) -> Result<bool> {
        if self.full.is_some() || !self.disk.can_be_filled() {
            return Ok(false);
        }
        self.disk.fill()?;
        self.full = Some(Instant::now() + FULL);
        Ok(true)
    }

    /// Ends what has lasted long enough.
    fn relieve(&mut self, now: Instant) {
        if self.frozen.is_some_and(|until| until <= now) {
            self.frozen = None;
            if let Some(id) = self.platform.id() {
                process::signal_to(id, Signal::CONT);
            }
        }
        if self.full.is_some_and(|until| until <= now) {
            self.full = None;
            self.disk.free();
        }
    }
}
