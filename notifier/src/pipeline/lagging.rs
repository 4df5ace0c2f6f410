//! Commits features an hour late, so that a restarted notifier reads that hour again and its time lines are whole.

use std::collections::{BTreeMap, VecDeque};

use streamwarden_kafka_io::{Partition, Position};

/// What time lines show.
const HOUR_MS: i64 = 3_600_000;
/// Positions are remembered this far apart: an hour of them is sixty.
const SAMPLE_EVERY_MS: i64 = 60_000;

/// Positions by their records' own time.
#[derive(Debug, Default)]
pub(super) struct LaggingCommit {
    samples: BTreeMap<Partition, VecDeque<(i64, i64)>>,
}

impl LaggingCommit {
    /// A record was read at this position.
    pub(super) fn read(&mut self, position: Position, timestamp_ms: i64) {
        let samples = self.samples.entry(position.partition).or_default();
        let newest_ms = samples.back().map_or(i64::MIN, |(at, _)| *at);
        if timestamp_ms >= newest_ms.saturating_add(SAMPLE_EVERY_MS) {
            samples.push_back((timestamp_ms, position.offset));
        }
    }

    /// Next offsets to read that are old enough to be committed.
    pub(super) fn due(&mut self) -> Vec<Position> {
        let mut due = Vec::new();
        for (partition, samples) in &mut self.samples {
            let newest_ms = samples.back().map_or(0, |(at, _)| *at);
            let mut last = None;
            while samples
                .front()
                .is_some_and(|(at, _)| newest_ms - at > HOUR_MS)
            {
                last = samples.pop_front();
            }
            due.extend(last.map(|(_, offset)| Position {
                partition: *partition,
                offset,
            }));
        }
        due
    }

    /// These partitions are another member's now.
    pub(super) fn forget(&mut self, partitions: &[Partition]) {
        self.samples
            .retain(|partition, _| !partitions.contains(partition));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use streamwarden_proto::Topic;

    fn at(offset: i64) -> Position {
        Position {
            partition: Partition {
                topic: Topic::Features,
                partition: 0,
            },
            offset,
        }
    }

    #[test]
    fn only_what_is_older_than_an_hour_is_committed() {
        let mut lagging = LaggingCommit::default();
        for minute in 0..60 {
            lagging.read(at(minute), minute * SAMPLE_EVERY_MS);
        }
        assert_eq!(lagging.due(), []);
        for minute in 60..70 {
            lagging.read(at(minute), minute * SAMPLE_EVERY_MS);
        }
        assert_eq!(lagging.due(), [at(8)]);
        assert_eq!(lagging.due(), []);
    }

    #[test]
    fn an_hour_takes_sixty_places_however_many_records_it_has() {
        let mut lagging = LaggingCommit::default();
        for record in 0..100_000 {
            lagging.read(at(record), record * 72);
            lagging.due();
        }
        assert!(lagging.samples.values().all(|samples| samples.len() <= 62));
    }
}
