//! How often an alert ended lately, and what of a repeat is old news.

use std::collections::{HashMap, VecDeque};

/// Ends of alerts, by fingerprint.
#[derive(Debug, Default)]
pub(super) struct EndHistory {
    /// (the process's clock, the records' own time), oldest first.
    ends: HashMap<String, VecDeque<(i64, i64)>>,
}

impl EndHistory {
    /// An alert ended.
    pub(super) fn ended(&mut self, fingerprint: &str, now_ms: i64, event_ms: i64) {
        self.ends
            .entry(fingerprint.to_owned())
            .or_default()
            .push_back((now_ms, event_ms));
    }

    /// How often it ended since.
    #[must_use]
    pub(super) fn count_since(&self, fingerprint: &str, since_ms: i64) -> u32 {
        let ends = self.ends.get(fingerprint);
        let count = ends.map_or(0, |ends| {
            ends.iter().filter(|(now, _)| *now >= since_ms).count()
        });
        u32::try_from(count).unwrap_or(u32::MAX)
    }

    /// Does an event of this time speak of an episode that has already ended?
    #[must_use]
    pub(super) fn is_old_news(&self, fingerprint: &str, event_ms: i64) -> bool {
        let ends = self.ends.get(fingerprint);
        ends.and_then(VecDeque::back)
            .is_some_and(|(_, ended)| event_ms <= *ended)
    }

    /// Forgets what lies before.
    pub(super) fn forget_before(&mut self, before_ms: i64) {
        self.ends.retain(|_, ends| {
            ends.retain(|(now, _)| *now >= before_ms);
            !ends.is_empty()
        });
    }
}
