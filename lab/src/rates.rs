//! Rates of counters that Flink refreshes every few seconds.
//!
//! Flink's own `...PerSecond` figures are means over a minute and start with a fiction (1000 ms/s busy), so the lab looks
//! at how its accumulated counters move.

use std::collections::VecDeque;

/// Too short a span would mostly measure when Flink refreshes.
const SHORTEST_MS: i64 = 7_000;
/// What is older says nothing about now.
const LONGEST_MS: i64 = 14_000;

/// Counters of one vertex's subtasks, seen again and again.
#[derive(Debug, Default)]
pub struct Rates {
    seen: VecDeque<(i64, Vec<f64>)>,
}

impl Rates {
    /// Takes one more look. Counters that have not moved at all were not refreshed, and are no look.
    pub fn add(&mut self, now_ms: i64, values: Vec<f64>) {
        let repeated = self.seen.back().is_some_and(|(_, last)| *last == values);
        let other_tasks = self
            .seen
            .back()
            .is_some_and(|(_, last)| last.len() != values.len());
        if other_tasks {
            self.seen.clear();
        }
        if !repeated && !values.is_empty() {
            self.seen.push_back((now_ms, values));
        }
        while self.seen.len() > 2
            && self
                .seen
                .front()
                .is_some_and(|(at, _)| now_ms - at > LONGEST_MS)
        {
            self.seen.pop_front();
        }
    }

    /// Growth per second of each counter; nothing before enough time has passed.
    #[must_use]
    pub fn per_second(&self) -> Option<Vec<f64>> {
        let (first_ms, first) = self.seen.front()?;
        let (last_ms, last) = self.seen.back()?;
        let span_ms = last_ms - first_ms;
        if span_ms < SHORTEST_MS {
            return None;
        }
        let rate = |(last, first): (&f64, &f64)| (last - first) * 1_000.0 / span_ms as f64;
        Some(last.iter().zip(first).map(rate).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_needs_enough_time() {
        let mut rates = Rates::default();
        rates.add(0, vec![100.0]);
        rates.add(4_000, vec![500.0]);
        assert_eq!(rates.per_second(), None);
        rates.add(8_000, vec![900.0]);
        assert_eq!(rates.per_second(), Some(vec![100.0]));
    }

    #[test]
    fn a_look_without_a_refresh_does_not_dilute_the_rate() {
        let mut rates = Rates::default();
        rates.add(0, vec![0.0]);
        rates.add(8_000, vec![8_000.0]);
        rates.add(9_000, vec![8_000.0]);
        rates.add(11_000, vec![8_000.0]);
        assert_eq!(rates.per_second(), Some(vec![1_000.0]));
    }

    #[test]
    fn what_is_long_ago_is_forgotten() {
        let mut rates = Rates::default();
        for (at_ms, value) in [
            (0, 0.0),
            (10_000, 0.1),
            (20_000, 5_000.0),
            (30_000, 15_000.0),
        ] {
            rates.add(at_ms, vec![value]);
        }
        assert_eq!(rates.per_second(), Some(vec![1_000.0]));
    }
}
