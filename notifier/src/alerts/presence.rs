//! Which clusters and jobs report, and since when, in the records' own time.
//!
//! An alert that nobody confirms is over only if its job reports all the while: silence alone proves nothing.

use std::collections::HashMap;

/// Windows further apart than this are a gap: reporting began anew.
const GAP_MS: i64 = 120_000;

/// When a subject reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Reporting {
    since_ms: i64,
    last_ms: i64,
}

/// Which clusters and jobs report.
#[derive(Debug, Default)]
pub struct Presence {
    jobs: HashMap<(String, String), Reporting>,
    clusters: HashMap<String, Reporting>,
}

impl Reporting {
    fn extend(&mut self, at_ms: i64) {
        if at_ms > self.last_ms + GAP_MS {
            self.since_ms = at_ms;
        }
        self.last_ms = self.last_ms.max(at_ms);
    }

    /// For how long it has reported without hearing of something that was last heard of at this time.
    fn without_ms(&self, heard_ms: i64) -> i64 {
        self.last_ms - heard_ms.max(self.since_ms)
    }
}

impl Presence {
    /// A window of this job came. An empty job is the cluster alone.
    pub fn saw(&mut self, cluster_id: &str, job_id: &str, at_ms: i64) {
        let fresh = Reporting {
            since_ms: at_ms,
            last_ms: at_ms,
        };
        match self.clusters.get_mut(cluster_id) {
            Some(known) => known.extend(at_ms),
            None => drop(self.clusters.insert(cluster_id.to_owned(), fresh)),
        }
        if job_id.is_empty() {
            return;
        }
        let key = (cluster_id.to_owned(), job_id.to_owned());
        self.jobs.entry(key).or_insert(fresh).extend(at_ms);
    }

    /// For how long the job has reported since something was last heard of; nothing if it does not report.
    #[must_use]
    pub fn job_without_ms(&self, cluster_id: &str, job_id: &str, heard_ms: i64) -> Option<i64> {
        if job_id.is_empty() {
            return self.cluster_without_ms(cluster_id, heard_ms);
        }
        let key = (cluster_id.to_owned(), job_id.to_owned());
        self.jobs.get(&key).map(|job| job.without_ms(heard_ms))
    }

    /// For how long the cluster has reported since something was last heard of.
    #[must_use]
    pub fn cluster_without_ms(&self, cluster_id: &str, heard_ms: i64) -> Option<i64> {
        self.clusters
            .get(cluster_id)
            .map(|cluster| cluster.without_ms(heard_ms))
    }

    /// When the job's newest window ended.
    #[must_use]
    pub fn job_last_ms(&self, cluster_id: &str, job_id: &str) -> Option<i64> {
        let key = (cluster_id.to_owned(), job_id.to_owned());
        self.jobs.get(&key).map(|job| job.last_ms)
    }

    /// Forgets jobs whose cluster has reported for so long without them.
    pub fn forget_gone(&mut self, after_ms: i64) {
        let clusters = &self.clusters;
        self.jobs.retain(|(cluster, _), job| {
            let newest = clusters
                .get(cluster)
                .map_or(job.last_ms, |cluster| cluster.last_ms);
            newest - job.last_ms <= after_ms
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_in_reporting_starts_the_count_anew() {
        let mut presence = Presence::default();
        presence.saw("c", "j", 0);
        for at in (3_600_000..3_660_000).step_by(10_000) {
            presence.saw("c", "j", at);
        }
        assert_eq!(presence.job_without_ms("c", "j", 0), Some(50_000));
    }

    #[test]
    fn who_does_not_report_proves_nothing() {
        let presence = Presence::default();
        assert_eq!(presence.job_without_ms("c", "j", 0), None);
    }
}
