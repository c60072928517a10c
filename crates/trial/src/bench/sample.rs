//! Times that were measured, and what is said of them.

use std::time::Duration;

/// Times of the same thing, sorted.
#[derive(Debug, Clone)]
pub(super) struct Sample(Vec<Duration>);

impl Sample {
    /// At least one time.
    pub(super) fn new(mut times: Vec<Duration>) -> Self {
        assert!(!times.is_empty(), "a sample has one time at least");
        times.sort();
        Self(times)
    }

    pub(super) fn median(&self) -> Duration {
        self.quantile(0.5)
    }

    /// The time that this share of the sample did not exceed.
    pub(super) fn quantile(&self, share: f64) -> Duration {
        let rank = (share * self.0.len() as f64).ceil() as usize;
        self.0[rank.clamp(1, self.0.len()) - 1]
    }

    fn least(&self) -> Duration {
        self.quantile(0.0)
    }

    fn most(&self) -> Duration {
        self.quantile(1.0)
    }
}

impl std::fmt::Display for Sample {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let [median, least, most] =
            [self.median(), self.least(), self.most()].map(|time| time.as_secs_f64());
        if most < 1.0 {
            let [median, least, most] = [median, least, most].map(|seconds| seconds * 1000.0);
            write!(f, "{median:.1} ms ({least:.1}-{most:.1}, n={})", self.0.len())
        } else {
            write!(f, "{median:.2} s ({least:.2}-{most:.2}, n={})", self.0.len())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_times_of_the_sample() {
        let sample = Sample::new((1..=100).rev().map(Duration::from_millis).collect());
        assert_eq!(sample.median(), Duration::from_millis(50));
        assert_eq!(sample.quantile(0.99), Duration::from_millis(99));
        assert_eq!(sample.quantile(1.0), Duration::from_millis(100));
        assert_eq!(sample.to_string(), "50.0 ms (1.0-100.0, n=100)");
    }
}
