//! How late an account is: a pure function of its unpaid invoices, the rules and the day.

use chrono::{Days, NaiveDate};

/// How late an account is, from the least to the worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Overdue {
    /// Nothing is late.
    Clear,
    /// Late: notices are sent, nothing can be changed, everything runs.
    Warning,
    /// Too late: everything of the account is stopped until all is paid.
    Blocked,
    /// Given up: the subscriptions are cancelled.
    Cancellation,
}

impl Overdue {
    /// The state as Kill Bill's overdue document names it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Clear => "CLEAR",
            Self::Warning => "WARNING",
            Self::Blocked => "BLOCKED",
            Self::Cancellation => "CANCELLATION",
        }
    }

    /// Whether service and billing stop.
    #[must_use]
    pub fn blocks(self) -> bool {
        self >= Self::Blocked
    }
}

/// After how many days an unpaid invoice has which consequence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dunning {
    /// Days until [`Overdue::Warning`].
    pub warning: u32,
    /// Days until [`Overdue::Blocked`].
    pub blocked: u32,
    /// Days until [`Overdue::Cancellation`].
    pub cancellation: u32,
}

impl Default for Dunning {
    fn default() -> Self {
        Self { warning: 3, blocked: 10, cancellation: 30 }
    }
}

/// What matters of an unpaid invoice.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Unpaid {
    pub(crate) date: NaiveDate,
    /// Whether staff demanded payment at once, without the days of grace.
    pub(crate) is_demanded: bool,
}

/// How late an account with these unpaid invoices is on a day.
pub(crate) fn evaluate(unpaid: &[Unpaid], rules: &Dunning, today: NaiveDate) -> Overdue {
    let Some(oldest) = unpaid.iter().map(|invoice| invoice.date).min() else {
        return Overdue::Clear;
    };
    let by_age = thresholds(oldest, rules)
        .into_iter()
        .filter(|(day, _)| *day <= today)
        .map(|(_, state)| state)
        .max()
        .unwrap_or(Overdue::Clear);
    if unpaid.iter().any(|invoice| invoice.is_demanded) {
        by_age.max(Overdue::Blocked)
    } else {
        by_age
    }
}

/// The next day after `today` on which [`evaluate`] may answer differently by age alone.
pub(crate) fn next_change(
    unpaid: &[Unpaid],
    rules: &Dunning,
    today: NaiveDate,
) -> Option<NaiveDate> {
    let oldest = unpaid.iter().map(|invoice| invoice.date).min()?;
    thresholds(oldest, rules).into_iter().map(|(day, _)| day).filter(|day| *day > today).min()
}

fn thresholds(oldest: NaiveDate, rules: &Dunning) -> [(NaiveDate, Overdue); 3] {
    let after =
        |days: u32| oldest.checked_add_days(Days::new(days.into())).unwrap_or(NaiveDate::MAX);
    [
        (after(rules.warning), Overdue::Warning),
        (after(rules.blocked), Overdue::Blocked),
        (after(rules.cancellation), Overdue::Cancellation),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn unpaid(day: u64, is_demanded: bool) -> Unpaid {
        Unpaid { date: first() + Days::new(day), is_demanded }
    }

    fn first() -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 1, 1).unwrap()
    }

    fn on_day(invoices: &[Unpaid], day: u64) -> Overdue {
        evaluate(invoices, &Dunning::default(), first() + Days::new(day))
    }

    #[test]
    fn the_days_of_grace_are_three_ten_and_thirty() {
        let invoices = [unpaid(0, false), unpaid(5, false)];
        let states = [2, 3, 9, 10, 29, 30].map(|day| on_day(&invoices, day));
        use Overdue::{Blocked, Cancellation, Clear, Warning};
        assert_eq!(states, [Clear, Warning, Warning, Blocked, Blocked, Cancellation]);
        assert_eq!(on_day(&[], 100), Clear);
    }

    #[test]
    fn a_demand_blocks_at_once() {
        assert_eq!(on_day(&[unpaid(0, true)], 0), Overdue::Blocked);
    }

    proptest! {
        #[test]
        fn an_account_gets_later_only_by_time_and_by_older_invoices(
            ages in proptest::collection::vec((0_u64..60, any::<bool>()), 0..5),
            day in 0_u64..90,
            later in 0_u64..30,
        ) {
            let invoices: Vec<_> = ages.iter().map(|(day, demanded)| unpaid(*day, *demanded)).collect();
            prop_assert!(on_day(&invoices, day) <= on_day(&invoices, day + later));
            for left_out in 0..invoices.len() {
                let mut fewer = invoices.clone();
                fewer.remove(left_out);
                prop_assert!(on_day(&fewer, day) <= on_day(&invoices, day));
            }
        }

        #[test]
        fn nothing_changes_before_the_next_change(
            ages in proptest::collection::vec(0_u64..60, 1..5),
            day in 0_u64..90,
        ) {
            let invoices: Vec<_> = ages.iter().map(|day| unpaid(*day, false)).collect();
            let today = first() + Days::new(day);
            let end = next_change(&invoices, &Dunning::default(), today)
                .unwrap_or(today + Days::new(40));
            let mut other = today;
            while other < end {
                prop_assert_eq!(
                    evaluate(&invoices, &Dunning::default(), other),
                    evaluate(&invoices, &Dunning::default(), today)
                );
                other = other + Days::new(1);
            }
        }
    }
}
