//! A member under a name of its own that reads nothing asks for its share again.
//!
//! Partitions change hands in two rounds: the old owner lets go, and then asks for a second round in which the new one gets
//! them. An old owner that is killed between the two comes back under its name to what the first round had said, and no
//! second one follows: Kafka hands a known name its old share without asking anybody. What was let go would then be read by
//! nobody, for ever. Whoever was to have it has nothing to lose, so it leaves and joins again, which is a new round for all;
//! those that read keep what they have.

use std::time::{Duration, Instant};

/// Longer than a session: by then a dead member's partitions have moved by themselves.
const FIRST_PAUSE: Duration = Duration::from_secs(20);
/// Where there are more members than partitions, somebody is rightly idle.
const LONGEST_PAUSE: Duration = Duration::from_secs(320);

/// For how long this member has owned nothing.
#[derive(Debug)]
pub(super) struct IdleWatch {
    since: Instant,
    pause: Duration,
}

impl IdleWatch {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            since: now,
            pause: FIRST_PAUSE,
        }
    }

    /// Whether it is time to ask again, with so many partitions owned now. Each time in vain doubles the pause.
    pub(super) fn asks_again(&mut self, owned: usize, now: Instant) -> bool {
        if owned > 0 {
            *self = Self::new(now);
            return false;
        }
        if now.duration_since(self.since) < self.pause {
            return false;
        }
        self.since = now;
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Seconds at which a member that owns nothing asks, of one look a second.
    fn asked(watch: &mut IdleWatch, from: Instant, seconds: u64) -> Vec<u64> {
        let looks = 1..=seconds;
        looks
            .filter(|second| watch.asks_again(0, from + Duration::from_secs(*second)))
            .collect()
    }

    #[test]
    fn who_owns_nothing_asks_again_and_then_more_and_more_rarely() {
        let start = Instant::now();
        let mut watch = IdleWatch::new(start);
        let asked = asked(&mut watch, start, 1300);
        assert_eq!(asked, [20, 60, 140, 300, 620, 940, 1260]);
    }

    #[test]
    fn who_owns_something_never_asks_and_begins_anew_when_that_is_gone() {
        let start = Instant::now();
        let mut watch = IdleWatch::new(start);
        assert_eq!(asked(&mut watch, start, 30), [20]);
        let later = start + Duration::from_secs(500);
        assert!(!watch.asks_again(3, later));
        assert_eq!(asked(&mut watch, later, 30), [20]);
    }
}
