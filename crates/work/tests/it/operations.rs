//! Operations: forward, backward, stuck, and by hand.

use crate::world::{QUEUE, World, eventually, run};
use async_trait::async_trait;
use contract::operation::Operation as Shown;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use vocabulary::OperationId;
use work::{Attempt, Operation, Progress, Which};

/// Builds a house; what stands is in the world outside.
#[derive(Default)]
pub(crate) struct Build {
    pub(crate) site: Arc<Site>,
}

#[derive(Default)]
pub(crate) struct Site {
    stands: Mutex<BTreeSet<String>>,
    log: Mutex<Vec<String>>,
    /// What breaks, as `run Walls`.
    breaks: Mutex<BTreeSet<String>>,
    /// What hangs.
    hangs: Mutex<BTreeSet<String>>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Part {
    Ground,
    Walls { height: u32 },
    Roof,
}

impl Part {
    fn name(&self) -> &'static str {
        match self {
            Self::Ground => "Ground",
            Self::Walls { .. } => "Walls",
            Self::Roof => "Roof",
        }
    }
}

impl Site {
    async fn enter(&self, what: &str) -> anyhow::Result<()> {
        self.log.lock().unwrap().push(what.to_owned());
        let hangs = || self.hangs.lock().unwrap().contains(what);
        while hangs() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        anyhow::ensure!(!self.breaks.lock().unwrap().contains(what), "{what} broke");
        Ok(())
    }

    fn log(&self) -> Vec<String> {
        self.log.lock().unwrap().clone()
    }

    pub(crate) fn stands(&self) -> Vec<String> {
        self.stands.lock().unwrap().iter().cloned().collect()
    }

    pub(crate) fn breaks(&self, what: &[&str]) {
        *self.breaks.lock().unwrap() = what.iter().map(|what| (*what).to_owned()).collect();
    }

    fn hangs(&self, what: &[&str]) {
        *self.hangs.lock().unwrap() = what.iter().map(|what| (*what).to_owned()).collect();
    }
}

#[async_trait]
impl Operation for Build {
    const KIND: &'static str = "build";
    type Step = Part;
    const TRIES: u32 = 3;

    async fn run(&self, step: Part, attempt: &Attempt) -> anyhow::Result<Progress<Part>> {
        let name = step.name();
        self.site.stands.lock().unwrap().insert(name.to_owned());
        attempt.did("put up").await?;
        self.site.enter(&format!("run {name}")).await?;
        Ok(match step {
            Part::Ground => Progress::Next(Part::Walls { height: 1 }),
            Part::Walls { height: 1 } => {
                Progress::Wait(Part::Walls { height: 2 }, Duration::from_millis(50))
            }
            Part::Walls { .. } => Progress::Next(Part::Roof),
            Part::Roof => Progress::Done,
        })
    }

    async fn undo(&self, step: Part, attempt: &Attempt) -> anyhow::Result<()> {
        let name = step.name();
        self.site.enter(&format!("undo {name}")).await?;
        self.site.stands.lock().unwrap().remove(name);
        attempt.did("torn down").await
    }
}

impl World {
    pub(crate) async fn build(&self) -> OperationId {
        QUEUE.start::<Build>(&mut self.conn().await, "my house", &Part::Ground).await.unwrap()
    }

    pub(crate) async fn shown(&self, id: OperationId) -> Shown {
        QUEUE.operation(&mut self.conn().await, id).await.unwrap().unwrap()
    }
}

fn builder() -> (Build, Arc<Site>) {
    let build = Build::default();
    let site = Arc::clone(&build.site);
    (build, site)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operation_goes_from_step_to_step_and_is_done() {
    let world = World::new().await;
    let id = world.build().await;
    assert_eq!(
        (world.shown(id).await.state.as_str(), world.shown(id).await.step.as_str()),
        ("queued", "Ground")
    );
    let (build, site) = builder();
    world.worker().operation(build).settle().await.unwrap();
    assert_eq!(site.log(), ["run Ground", "run Walls", "run Walls", "run Roof"]);
    let shown = world.shown(id).await;
    assert_eq!((shown.state.as_str(), shown.step.as_str(), shown.error), ("done", "Roof", None));
    assert_eq!((shown.subject.as_str(), shown.kind.as_str()), ("my house", "build"));
    assert_eq!((world.jobs().await, world.attempts().await), (0, 0));
    let mut conn = world.conn().await;
    assert!(QUEUE.operations(&mut conn, Which::UnderWay).await.unwrap().is_empty());
    assert_eq!(QUEUE.operations(&mut conn, Which::About("my house")).await.unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fails_for_good_is_undone_backwards() {
    let world = World::new().await;
    let id = world.build().await;
    let (build, site) = builder();
    site.breaks(&["run Roof"]);
    world.worker().operation(build).settle().await.unwrap();
    let log = site.log();
    assert_eq!(
        log[3..],
        ["run Roof", "run Roof", "run Roof", "undo Roof", "undo Walls", "undo Ground"]
    );
    assert!(site.stands().is_empty());
    let shown = world.shown(id).await;
    assert_eq!((shown.state.as_str(), shown.error.as_deref()), ("undone", Some("run Roof broke")));
    let failures = QUEUE.failures(&mut world.conn().await, "build", &id.to_string()).await.unwrap();
    assert_eq!(
        failures.iter().map(|failure| failure.step.as_str()).collect::<Vec<_>>(),
        ["Roof"; 3]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_undoing_that_fails_is_stuck_until_somebody_helps() {
    let world = World::new().await;
    let id = world.build().await;
    let (build, site) = builder();
    site.breaks(&["run Roof", "undo Walls"]);
    let worker = world.worker().operation(build);
    worker.settle().await.unwrap();
    let shown = world.shown(id).await;
    assert_eq!(
        (shown.state.as_str(), shown.step.as_str(), shown.tries),
        ("stuck", "undo Walls", 3)
    );
    assert_eq!(shown.error.as_deref(), Some("undo Walls broke"));
    assert_eq!(world.load("build").await.stuck, 1);
    worker.settle().await.unwrap();
    assert_eq!(world.shown(id).await.state, "stuck");

    site.breaks(&[]);
    assert!(QUEUE.retry(&mut world.conn().await, id).await.unwrap());
    worker.settle().await.unwrap();
    assert_eq!(world.shown(id).await.state, "undone");
    assert!(site.stands().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_that_runs_can_be_undone_by_hand() {
    let world = World::new().await;
    let (build, site) = builder();
    site.hangs(&["run Walls"]);
    let worker = run(world.worker().operation(build));
    let id = world.build().await;
    eventually("it builds walls", || async { site.log().contains(&"run Walls".to_owned()) }).await;
    let shown = world.shown(id).await;
    assert_eq!((shown.state.as_str(), shown.step.as_str()), ("running", "Walls: put up"));
    assert!(QUEUE.undo(&mut world.conn().await, id).await.unwrap());
    site.hangs(&[]);
    eventually("it is undone", || async { world.shown(id).await.state == "undone" }).await;
    assert_eq!(site.log(), ["run Ground", "run Walls", "undo Walls", "undo Ground"]);
    assert!(site.stands().is_empty());
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_cancelled_is_left_as_it_is() {
    let world = World::new().await;
    let id = world.build().await;
    assert!(QUEUE.cancel(&mut world.conn().await, id).await.unwrap());
    let (build, site) = builder();
    world.worker().operation(build).settle().await.unwrap();
    assert!(site.log().is_empty());
    assert_eq!(world.shown(id).await.state, "cancelled");
    let mut conn = world.conn().await;
    for late in [
        QUEUE.cancel(&mut conn, id).await,
        QUEUE.undo(&mut conn, id).await,
        QUEUE.retry(&mut conn, id).await,
    ] {
        assert!(!late.unwrap(), "it is over");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operation_goes_on_where_a_stopped_worker_left_it() {
    let world = World::new().await;
    let (build, site) = builder();
    site.hangs(&["run Walls"]);
    let pace = work::Pace { grace: Duration::from_millis(50), ..work::Pace::quick() };
    let first = run(world.worker().pace(pace).operation(build));
    let id = world.build().await;
    eventually("it builds walls", || async { site.log().contains(&"run Walls".to_owned()) }).await;
    first.stop().await;
    let (build, site) = builder();
    world.worker().operation(build).settle().await.unwrap();
    assert_eq!(site.log(), ["run Walls", "run Walls", "run Roof"]);
    assert_eq!(world.shown(id).await.state, "done");
}
