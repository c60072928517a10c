//! A subscription as the fold of its events. Its state at any time depends on them and on nothing else.

use crate::period::Period;
use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;
use vocabulary::{InstanceId, PlanName, SubscriptionId};

/// What a subscription goes through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Phase {
    /// Free, for a time.
    Trial,
    /// Paid, for ever.
    Evergreen,
}

/// Something that happens to a subscription.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum EventKind {
    Create { plan: PlanName, phase: Phase },
    Phase(Phase),
    Pause,
    Resume,
    Cancel,
}

/// Something that happens to a subscription at a time, which may be in the future.
#[derive(Debug, Clone)]
pub(crate) struct Event {
    pub(crate) id: Uuid,
    pub(crate) kind: EventKind,
    pub(crate) effective_at: DateTime<Utc>,
}

/// One subscription with those of its events that hold.
#[derive(Debug, Clone)]
pub(crate) struct Subscription {
    pub(crate) id: SubscriptionId,
    pub(crate) bundle: InstanceId,
    pub(crate) plan: PlanName,
    pub(crate) created_at: DateTime<Utc>,
    /// In the order in which they were recorded.
    pub(crate) events: Vec<Event>,
}

impl Subscription {
    /// The events in the order in which they take effect.
    fn in_effect(&self) -> Vec<&Event> {
        let mut events: Vec<_> = self.events.iter().collect();
        events.sort_by_key(|event| event.effective_at);
        events
    }

    pub(crate) fn phase_at(&self, now: DateTime<Utc>) -> Phase {
        let so_far = self.in_effect().into_iter().filter(|event| event.effective_at <= now);
        so_far.fold(Phase::Trial, |phase, event| match event.kind {
            EventKind::Create { phase, .. } | EventKind::Phase(phase) => phase,
            EventKind::Pause | EventKind::Resume | EventKind::Cancel => phase,
        })
    }

    pub(crate) fn is_paused_at(&self, now: DateTime<Utc>) -> bool {
        let so_far = self.in_effect().into_iter().filter(|event| event.effective_at <= now);
        so_far.fold(false, |is_paused, event| match event.kind {
            EventKind::Pause => true,
            EventKind::Resume => false,
            _ => is_paused,
        })
    }

    /// When it ends or ended, if that is known.
    pub(crate) fn cancelled_at(&self) -> Option<DateTime<Utc>> {
        self.events
            .iter()
            .filter(|event| event.kind == EventKind::Cancel)
            .map(|event| event.effective_at)
            .min()
    }

    pub(crate) fn is_cancelled_at(&self, now: DateTime<Utc>) -> bool {
        self.cancelled_at().is_some_and(|at| at <= now)
    }

    /// Whether it began with a trial.
    pub(crate) fn began_in_trial(&self) -> bool {
        self.events
            .iter()
            .any(|event| matches!(event.kind, EventKind::Create { phase: Phase::Trial, .. }))
    }

    /// When its paid phase begins or began.
    pub(crate) fn evergreen_at(&self) -> Option<DateTime<Utc>> {
        let is_evergreen = |event: &&Event| {
            matches!(
                event.kind,
                EventKind::Create { phase: Phase::Evergreen, .. }
                    | EventKind::Phase(Phase::Evergreen)
            )
        };
        self.events.iter().filter(is_evergreen).map(|event| event.effective_at).min()
    }

    /// When its trial ends or ended, if it had one.
    pub(crate) fn trial_ends(&self) -> Option<DateTime<Utc>> {
        self.began_in_trial().then(|| self.evergreen_at()).flatten()
    }

    /// The days before `horizon` for which it is to be paid: those of its paid phase on which it was neither paused nor
    /// over. The day on which a stop begins is not paid for.
    pub(crate) fn paid_days(&self, horizon: NaiveDate) -> Vec<Period> {
        let Some(start) = self.evergreen_at() else { return Vec::new() };
        let end = self.cancelled_at().map_or(horizon, |at| at.date_naive().min(horizon));
        let paid = Period::new(start.date_naive(), end);
        paid.map_or_else(Vec::new, |paid| paid.without(&self.paused_days(horizon)))
    }

    fn paused_days(&self, horizon: NaiveDate) -> Vec<Period> {
        let mut pauses = Vec::new();
        let mut since = None;
        for event in self.in_effect() {
            let day = event.effective_at.date_naive();
            match event.kind {
                EventKind::Pause => since = since.or(Some(day)),
                EventKind::Resume => {
                    pauses.extend(since.take().and_then(|start| Period::new(start, day)));
                }
                _ => {}
            }
        }
        pauses.extend(since.and_then(|start| Period::new(start, horizon)));
        pauses
    }
}
