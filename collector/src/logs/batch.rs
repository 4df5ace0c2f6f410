//! Events become a batch: warnings, errors and the first of each code with their text, the rest as counts.

use std::collections::{BTreeMap, HashSet};

use prost::Message;
use streamwarden_proto::v1::{LogBatch, LogCount, LogEvent, LogLevel};

/// Codes whose first text was told; more than a process ever has.
const TOLD_LIMIT: usize = 10_000;
/// Codes counted in one batch.
const COUNTS_LIMIT: usize = 1_000;
/// Events of one code in one batch: a flood of one warning must not hide the error behind it.
const EVENTS_PER_CODE: u32 = 10;
/// Kafka takes records of up to 1 MB.
const BATCH_LIMIT_BYTES: usize = 600_000;

/// Remembers which codes were told with their text.
#[derive(Debug, Default)]
pub(super) struct Coalescer {
    told: HashSet<String>,
    all_matter: bool,
}

impl Coalescer {
    /// Every event counts as a warning: nothing says which do.
    pub(super) fn of_all() -> Self {
        Self {
            all_matter: true,
            ..Self::default()
        }
    }

    /// A batch without process and file.
    pub(super) fn batch(&mut self, events: Vec<LogEvent>, max_events: usize) -> LogBatch {
        let mut batch = LogBatch::default();
        let mut counts: BTreeMap<(String, i32), u64> = BTreeMap::new();
        let mut of_code: BTreeMap<String, u32> = BTreeMap::new();
        let mut bytes = 0;
        for event in events {
            let first = self.told.len() < TOLD_LIMIT && !self.told.contains(&event.code);
            let told = of_code.entry(event.code.clone()).or_default();
            let worth = first || (self.matters(&event) && *told < EVENTS_PER_CODE);
            let size_bytes = event.encoded_len();
            if worth && batch.events.len() < max_events && bytes + size_bytes < BATCH_LIMIT_BYTES {
                *told += 1;
                bytes += size_bytes;
                self.told.insert(event.code.clone());
                batch.events.push(event);
                continue;
            }
            let key = (event.code, event.level);
            if counts.len() < COUNTS_LIMIT || counts.contains_key(&key) {
                *counts.entry(key).or_default() += 1;
            } else {
                batch.dropped_lines += 1;
            }
        }
        let count = |((code, level), count)| LogCount { code, level, count };
        batch.counts = counts.into_iter().map(count).collect();
        batch
    }

    fn matters(&self, event: &LogEvent) -> bool {
        self.all_matter || event.level >= LogLevel::Warn as i32 || event.throwable.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(code: &str, level: LogLevel) -> LogEvent {
        LogEvent {
            code: code.into(),
            level: level.into(),
            text: "text".into(),
            ..LogEvent::default()
        }
    }

    #[test]
    fn an_info_line_has_its_text_once_and_is_counted_from_then_on() {
        let mut coalescer = Coalescer::default();
        let batch = coalescer.batch(vec![event("E-1", LogLevel::Info); 5], 100);
        assert_eq!(batch.events.len(), 1);
        assert_eq!(batch.counts[0].count, 4);
        let next = coalescer.batch(vec![event("E-1", LogLevel::Info)], 100);
        assert!(next.events.is_empty());
        assert_eq!(next.counts[0].count, 1);
    }

    #[test]
    fn where_lines_have_no_levels_each_is_told_again_but_none_floods() {
        let mut coalescer = Coalescer::of_all();
        for _ in 0..2 {
            let batch = coalescer.batch(vec![event("E-1", LogLevel::Unspecified)], 100);
            assert_eq!(batch.events.len(), 1);
        }
        let flood = vec![event("E-1", LogLevel::Unspecified); 1_000];
        let batch = coalescer.batch(flood, 100);
        assert_eq!(
            (batch.events.len(), batch.counts[0].count),
            (EVENTS_PER_CODE as usize, 1_000 - u64::from(EVENTS_PER_CODE))
        );
    }

    #[test]
    fn a_flood_of_one_warning_does_not_hide_the_error_behind_it() {
        let mut events = vec![event("E-1", LogLevel::Warn); 10_000];
        events.push(event("E-2", LogLevel::Error));
        let batch = Coalescer::default().batch(events, 50);
        assert!(batch.events.iter().any(|event| event.code == "E-2"));
        let counted: u64 = batch.counts.iter().map(|count| count.count).sum();
        assert_eq!(
            counted + batch.events.len() as u64,
            10_001,
            "every line is told or counted"
        );
    }

    #[test]
    fn no_batch_is_larger_than_kafka_takes() {
        let mut large = event("E-1", LogLevel::Error);
        large.text = "x".repeat(4_000);
        let events = (0..1_000)
            .map(|i| LogEvent {
                code: format!("E-{i}"),
                ..large.clone()
            })
            .collect();
        let batch = Coalescer::default().batch(events, usize::MAX);
        assert!(batch.encoded_len() < 900_000, "{}", batch.encoded_len());
    }
}
