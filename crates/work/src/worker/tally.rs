//! How attempts ended: counted here, and handed in to the queue's tables with every heartbeat, where the counts of all
//! workers add up. A worker that is killed takes the counts since its last heartbeat with it.

use super::hands::Hands;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// What was counted since it was last handed in, by kind and outcome.
#[derive(Debug, Default)]
pub(super) struct Tally {
    counts: Mutex<Counts>,
}

type Counts = BTreeMap<(String, &'static str), Count>;

#[derive(Debug, Clone, Copy, Default)]
struct Count {
    attempts: i64,
    seconds: f64,
}

impl Tally {
    pub(super) fn count(&self, kind: &str, outcome: &'static str, took: Duration) {
        self.add((kind.to_owned(), outcome), Count { attempts: 1, seconds: took.as_secs_f64() });
    }

    fn add(&self, what: (String, &'static str), more: Count) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(what).or_default();
        count.attempts += more.attempts;
        count.seconds += more.seconds;
    }

    fn take(&self) -> Counts {
        std::mem::take(&mut *self.counts.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

const HAND_IN: &str = "
    insert into {schema}.tallies as tallies (kind, outcome, attempts, seconds)
    select * from unnest($1::text[], $2::text[], $3::bigint[], $4::double precision[])
    on conflict (kind, outcome) do update set
        attempts = tallies.attempts + excluded.attempts, seconds = tallies.seconds + excluded.seconds";

impl Hands {
    /// Adds what was counted to what all have counted. What can't be handed in now is kept for the next time.
    pub(super) async fn hand_in(&self) -> sqlx::Result<()> {
        let counts = self.tally.take();
        if counts.is_empty() {
            return Ok(());
        }
        // In the order of the map, so that two that hand in don't wait for each other.
        let (mut kinds, mut outcomes) = (Vec::new(), Vec::new());
        for (kind, outcome) in counts.keys() {
            kinds.push(kind.clone());
            outcomes.push((*outcome).to_owned());
        }
        let handed_in = sqlx::query(self.queue.sql(HAND_IN))
            .bind(kinds)
            .bind(outcomes)
            .bind(counts.values().map(|count| count.attempts).collect::<Vec<_>>())
            .bind(counts.values().map(|count| count.seconds).collect::<Vec<_>>())
            .execute(&self.desk)
            .await;
        if handed_in.is_err() {
            counts.into_iter().for_each(|(what, count)| self.tally.add(what, count));
        }
        handed_in.map(drop)
    }
}
