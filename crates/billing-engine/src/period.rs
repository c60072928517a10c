//! Half-open periods of days, and the monthly cycles of a subscription.

use chrono::{Months, NaiveDate};

/// From a day up to another, without it; never empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Period {
    pub(crate) start: NaiveDate,
    pub(crate) end: NaiveDate,
}

impl Period {
    /// The period between two days, unless it would be empty.
    pub(crate) fn new(start: NaiveDate, end: NaiveDate) -> Option<Self> {
        (start < end).then_some(Self { start, end })
    }

    pub(crate) fn days(self) -> i64 {
        (self.end - self.start).num_days()
    }

    /// What is left of it when others are taken away, in order.
    pub(crate) fn without(self, others: &[Self]) -> Vec<Self> {
        others.iter().fold(vec![self], |left, other| {
            left.into_iter().flat_map(|period| period.minus(*other)).collect()
        })
    }

    fn minus(self, other: Self) -> impl Iterator<Item = Self> {
        let before = Self::new(self.start, self.end.min(other.start));
        let after = Self::new(self.start.max(other.end), self.end);
        before.into_iter().chain(after)
    }

    /// The period in pieces that each lie in one cycle counted from `anchor`.
    pub(crate) fn by_cycle(self, anchor: NaiveDate) -> Vec<Self> {
        let mut pieces = Vec::new();
        let mut start = self.start;
        while start < self.end {
            let end = cycle_of(anchor, start).end.min(self.end);
            pieces.push(Self { start, end });
            start = end;
        }
        pieces
    }
}

/// The cycle that a day on or after `anchor` lies in. Cycles begin on the anchor's day of the month, or on the last day
/// of a month that is too short.
pub(crate) fn cycle_of(anchor: NaiveDate, day: NaiveDate) -> Period {
    let mut index = months_between(anchor, day);
    if day < start_of(anchor, index) {
        index = index.saturating_sub(1);
    }
    Period { start: start_of(anchor, index), end: start_of(anchor, index + 1) }
}

fn start_of(anchor: NaiveDate, index: u32) -> NaiveDate {
    anchor.checked_add_months(Months::new(index)).unwrap_or(NaiveDate::MAX)
}

fn months_between(anchor: NaiveDate, day: NaiveDate) -> u32 {
    use chrono::Datelike as _;
    let months = |date: NaiveDate| i64::from(date.year()) * 12 + i64::from(date.month0());
    u32::try_from(months(day) - months(anchor)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn cycles_follow_the_anchors_day_through_short_months() {
        let anchor = day("2026-01-31");
        assert_eq!(
            cycle_of(anchor, day("2026-02-27")),
            Period { start: anchor, end: day("2026-02-28") }
        );
        assert_eq!(cycle_of(anchor, day("2026-02-28")).end, day("2026-03-31"));
        assert_eq!(cycle_of(anchor, day("2026-03-30")).start, day("2026-02-28"));
    }

    #[test]
    fn a_period_without_others_is_what_is_left() {
        let period = Period { start: day("2026-01-01"), end: day("2026-02-01") };
        let hole = Period { start: day("2026-01-10"), end: day("2026-01-20") };
        let left = period.without(&[hole]);
        assert_eq!(left.iter().map(|p| p.days()).collect::<Vec<_>>(), [9, 12]);
        assert!(period.without(&[period]).is_empty());
    }
}
