//! From where the raw topic has to be read again, so that the state of every cluster can be rebuilt.
//!
//! No feature looks back further than [`HORIZON_MS`] of a cluster's own time; the oldest record of that stretch is where
//! reading has to begin again.

use std::collections::{BTreeMap, VecDeque};

use crate::cluster::HORIZON_MS;

/// Records are noted in stretches of this length, not one by one.
const STRETCH_MS: i64 = 10_000;

#[derive(Debug, Clone, Default)]
struct ClusterLog {
    newest_ms: i64,
    /// Start of each stretch and its first offset, oldest first.
    stretches: VecDeque<(i64, i64)>,
}

impl ClusterLog {
    fn note(&mut self, at_ms: i64, offset: i64) {
        let start_ms = at_ms - at_ms.rem_euclid(STRETCH_MS);
        // The core begins anew with such a record, and so does what it needs.
        if at_ms < self.newest_ms - 2 * HORIZON_MS || at_ms > self.newest_ms + HORIZON_MS {
            self.stretches.clear();
            self.newest_ms = at_ms;
        }
        self.newest_ms = self.newest_ms.max(at_ms);
        match self
            .stretches
            .binary_search_by_key(&start_ms, |(start_ms, _)| *start_ms)
        {
            Ok(_) => {}
            Err(position) => self.stretches.insert(position, (start_ms, offset)),
        }
        // The stretch that the horizon lies in is needed, too.
        let needed_from_ms = self.newest_ms - HORIZON_MS - STRETCH_MS;
        while self
            .stretches
            .front()
            .is_some_and(|(start_ms, _)| *start_ms < needed_from_ms)
        {
            self.stretches.pop_front();
        }
    }

    fn first_needed(&self) -> Option<i64> {
        self.stretches.iter().map(|(_, offset)| *offset).min()
    }
}

/// What one partition holds, as far as it is needed.
#[derive(Debug, Clone, Default)]
pub(crate) struct PartitionLog {
    clusters: BTreeMap<String, ClusterLog>,
    next_offset: i64,
}

impl PartitionLog {
    /// Notes a record.
    pub(crate) fn note(&mut self, cluster_id: &str, at_ms: i64, offset: i64) {
        self.pass(offset);
        self.clusters
            .entry(cluster_id.to_owned())
            .or_default()
            .note(at_ms, offset);
        // A cluster that is silent for so long holds nobody up: its state is too old to be of use.
        self.clusters
            .retain(|_, cluster| at_ms - cluster.newest_ms <= 2 * HORIZON_MS);
    }

    /// Notes a record that leaves no state behind.
    pub(crate) fn pass(&mut self, offset: i64) {
        self.next_offset = self.next_offset.max(offset + 1);
    }

    /// Where reading has to begin again.
    pub(crate) fn read_from(&self) -> i64 {
        let needed = self
            .clusters
            .values()
            .filter_map(ClusterLog::first_needed)
            .min();
        needed.unwrap_or(self.next_offset)
    }

    /// Behind the last record.
    pub(crate) fn next_offset(&self) -> i64 {
        self.next_offset
    }

    /// Clusters that were seen there.
    pub(crate) fn clusters(&self) -> impl Iterator<Item = &str> {
        self.clusters.keys().map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn no_record_that_a_cluster_still_needs_lies_before_the_committed_offset(
            steps in proptest::collection::vec((0..3_usize, -30_000_i64..120_000), 1..300)
        ) {
            let mut log = PartitionLog::default();
            let mut times = [1_000_000_i64; 3];
            let mut records = Vec::new();
            for (offset, (cluster, step)) in steps.into_iter().enumerate() {
                times[cluster] += step;
                let offset = offset as i64;
                records.push((cluster, times[cluster], offset));
                log.note(&cluster.to_string(), times[cluster], offset);
                let front = records.iter().map(|(_, at_ms, _)| *at_ms).max().unwrap_or_default();
                for cluster in 0..3 {
                    let own = records.iter().filter(|record| record.0 == cluster);
                    let Some(newest) = own.clone().map(|(_, at_ms, _)| *at_ms).max() else { continue };
                    if front - newest > HORIZON_MS {
                        continue;
                    }
                    for (_, at_ms, offset) in own {
                        prop_assert!(*at_ms < newest - HORIZON_MS || log.read_from() <= *offset);
                    }
                }
            }
        }
    }

    #[test]
    fn what_is_older_than_the_horizon_is_not_read_again() {
        let mut log = PartitionLog::default();
        (0..200).for_each(|poll| log.note("c", poll * 10_000, poll));
        assert_eq!(log.read_from(), 199 - (HORIZON_MS + STRETCH_MS) / 10_000);
        assert_eq!(log.next_offset(), 200);
    }

    #[test]
    fn a_cluster_that_is_gone_holds_nobody_up() {
        let mut log = PartitionLog::default();
        log.note("gone", 0, 0);
        (1..500).for_each(|poll| log.note("c", poll * 10_000, poll));
        assert!(log.read_from() > 300);
    }
}
