//! Errors of one job, by the problem that the rules name.

use std::collections::{BTreeMap, VecDeque};

use streamwarden_proto::Class;
use streamwarden_proto::v1::{ErrorOrigin, ErrorRecord};

/// Records that are kept of each problem as evidence.
const KEPT_RECORDS: usize = 4;
/// One failure shows in several logs within this time.
const SAME_OCCURRENCE_MS: i64 = 1_500;
/// Occurrences further apart than this are not one story.
const FORGET_MS: i64 = 600_000;
/// Name of failures that no rule knows.
pub(super) const UNKNOWN: &str = "unknown";

/// All that errors said of one problem.
#[derive(Debug, Clone)]
pub(super) struct ErrorTrack {
    pub(super) first_ms: i64,
    pub(super) last_ms: i64,
    pub(super) occurrences: u32,
    /// When the newest occurrence began.
    occurrence_ms: i64,
    pub(super) confidence: f64,
    /// At least one of them does not merely follow from another failure.
    pub(super) is_cause: bool,
    /// The newest of what followed from a finding.
    explained_ms: i64,
    /// Newest last.
    pub(super) records: VecDeque<ErrorRecord>,
}

impl ErrorTrack {
    /// Everything that it holds followed from a finding: it is no news once that is over.
    pub(super) fn is_explained(&self) -> bool {
        self.last_ms <= self.explained_ms
    }
}

/// Errors of one job.
#[derive(Debug, Clone, Default)]
pub(super) struct Errors {
    tracks: BTreeMap<String, ErrorTrack>,
}

impl Errors {
    /// Notes an error. A failure without a rule that only follows from another one is evidence for nobody.
    pub(super) fn push(&mut self, record: &ErrorRecord) {
        let Some(slug) = slug_of(record) else { return };
        let track = self
            .tracks
            .entry(slug.to_owned())
            .or_insert_with(|| ErrorTrack {
                first_ms: record.at_ms,
                last_ms: i64::MIN,
                occurrences: 0,
                occurrence_ms: i64::MIN,
                confidence: 0.0,
                is_cause: false,
                explained_ms: i64::MIN,
                records: VecDeque::new(),
            });
        if track.last_ms != i64::MIN && record.at_ms - track.last_ms > FORGET_MS {
            track.first_ms = record.at_ms;
            track.occurrences = 0;
            track.records.clear();
        }
        if record.at_ms > track.occurrence_ms.saturating_add(SAME_OCCURRENCE_MS) {
            track.occurrences += 1;
            track.occurrence_ms = record.at_ms;
        }
        track.last_ms = track.last_ms.max(record.at_ms);
        track.confidence = track.confidence.max(record.confidence);
        track.is_cause |= !record.consequence;
        if track.records.len() == KEPT_RECORDS {
            track.records.pop_front();
        }
        track.records.push_back(record.clone());
    }

    pub(super) fn tracks(&self) -> impl Iterator<Item = (&str, &ErrorTrack)> {
        self.tracks
            .iter()
            .map(|(slug, track)| (slug.as_str(), track))
    }

    /// Notes that what was said of a problem so far follows from a finding.
    pub(super) fn explain(&mut self, slug: &str) {
        if let Some(track) = self.tracks.get_mut(slug) {
            track.explained_ms = track.last_ms;
        }
    }

    /// Forgets what is too old to matter.
    pub(super) fn forget(&mut self, now_ms: i64) {
        self.tracks
            .retain(|_, track| now_ms - track.last_ms <= FORGET_MS);
    }
}

/// Failures of the job itself without a rule are trouble that fits nothing known; a stray line of a log is not.
fn slug_of(record: &ErrorRecord) -> Option<&str> {
    if !record.problem_slug.is_empty() {
        return Some(&record.problem_slug);
    }
    if record.consequence {
        return None;
    }
    (record.origin() == ErrorOrigin::ExceptionHistory).then_some(UNKNOWN)
}

/// A single failure of this class may be an accident that a restart cures: it takes a second one, or a failed job.
pub(super) fn needs_repetition(class: Class) -> bool {
    matches!(
        class,
        Class::RestartLoopUserException | Class::DeserializationFailure | Class::Unknown
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(at_ms: i64, slug: &str) -> ErrorRecord {
        ErrorRecord {
            at_ms,
            problem_slug: slug.to_owned(),
            confidence: 0.9,
            ..ErrorRecord::default()
        }
    }

    #[test]
    fn one_failure_that_several_logs_show_is_one_occurrence() {
        let mut errors = Errors::default();
        for at_ms in [1_000, 1_200, 2_000, 9_000] {
            errors.push(&error(at_ms, "poison-record"));
        }
        let (_, track) = errors.tracks().next().unwrap();
        assert_eq!(track.occurrences, 2);
        assert_eq!((track.first_ms, track.last_ms), (1_000, 9_000));
    }

    #[test]
    fn a_job_that_fails_again_each_second_fails_often() {
        let mut errors = Errors::default();
        for second in 0..10 {
            errors.push(&error(second * 1_000, "function-open-fails"));
        }
        let (_, track) = errors.tracks().next().unwrap();
        assert_eq!(track.occurrences, 5);
    }

    #[test]
    fn a_stray_line_without_a_rule_is_no_evidence_and_a_consequence_is_no_cause() {
        let mut errors = Errors::default();
        errors.push(&error(2, ""));
        assert_eq!(errors.tracks().count(), 0);
        let mut follower = error(1, "peer-taskmanager-gone");
        follower.consequence = true;
        errors.push(&follower);
        assert!(errors.tracks().all(|(_, track)| !track.is_cause));
    }
}
