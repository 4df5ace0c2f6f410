//! A job's checkpoints of the last minutes, and what they say at the end of a window.

use std::collections::BTreeMap;

use streamwarden_experience::sizing::SMALL_STATE_BYTES;
use streamwarden_proto::v1::{Checkpoint, CheckpointSnapshot, CheckpointStatus, CheckpointVertex};

use crate::stats;

/// Checkpoints that ended longer ago are forgotten.
const REMEMBERED_MS: i64 = 600_000;
/// And never more than this many are kept.
const REMEMBERED: usize = 64;

/// Why a checkpoint failed, as far as features tell it apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failure {
    Expired,
    Other,
    /// A restart or rescale took it along; no fault of its own.
    Suspended,
}

/// Sorts a failure by its message.
pub(crate) fn failure_of(message: &str) -> Failure {
    let message = message.to_ascii_lowercase();
    const NO_FAULT: [&str; 5] = [
        "coordinator is suspending",
        "coordinator was suspended",
        "tasks are currently running",
        "has been subsumed",
        "coordinator shutdown",
    ];
    if message.contains("expired") || message.contains("timed out") {
        Failure::Expired
    } else if NO_FAULT.iter().any(|text| message.contains(text)) {
        Failure::Suspended
    } else {
        Failure::Other
    }
}

#[derive(Debug, Clone)]
struct Entry {
    checkpoint: Checkpoint,
    /// When it ended, or was first seen to have ended.
    ended_at_ms: Option<i64>,
}

/// State of one job's checkpoints.
#[derive(Debug, Clone, Default)]
pub(crate) struct CheckpointLog {
    entries: BTreeMap<u64, Entry>,
    known: bool,
}

impl CheckpointLog {
    /// Takes a look at the checkpoints in. A job that was submitted again counts from 1 again.
    pub(crate) fn observe(&mut self, at_ms: i64, snapshot: &CheckpointSnapshot) {
        // What had ended before anybody looked did not end now.
        let seen_at_ms = self.known.then_some(at_ms);
        self.known = true;
        for checkpoint in snapshot
            .checkpoints
            .iter()
            .filter(|checkpoint| !checkpoint.is_savepoint)
        {
            let in_progress = checkpoint.status() == CheckpointStatus::InProgress;
            let before = self
                .entries
                .get(&checkpoint.id)
                .and_then(|entry| entry.ended_at_ms);
            let ended_at_ms = match (in_progress, ended_by_itself(checkpoint)) {
                (true, _) => None,
                (false, Some(ended_at_ms)) => Some(ended_at_ms.min(at_ms)),
                (false, None) => before.or(seen_at_ms).or(Some(checkpoint.triggered_at_ms)),
            };
            self.entries.insert(
                checkpoint.id,
                Entry {
                    checkpoint: checkpoint.clone(),
                    ended_at_ms,
                },
            );
        }
        if snapshot.in_progress == 0 {
            self.entries.retain(|_, entry| entry.ended_at_ms.is_some());
        }
    }

    /// Ends a window.
    pub(crate) fn close(&mut self, end_ms: i64) -> CheckpointFigures {
        self.entries.retain(|_, entry| {
            entry
                .ended_at_ms
                .is_none_or(|ended_at_ms| end_ms - ended_at_ms < REMEMBERED_MS)
        });
        while self.entries.len() > REMEMBERED {
            self.entries.pop_first();
        }
        CheckpointFigures {
            known: self.known,
            end_ms,
            entries: self.entries.values().cloned().collect(),
        }
    }
}

/// When it ended, where Flink says so.
fn ended_by_itself(checkpoint: &Checkpoint) -> Option<i64> {
    let duration_ms = checkpoint
        .end_to_end_duration_ms
        .filter(|duration_ms| *duration_ms > 0.0)?;
    Some(checkpoint.triggered_at_ms + duration_ms as i64)
}

/// Checkpoints as they stood at the end of a window, oldest first.
#[derive(Debug, Clone, Default)]
pub(crate) struct CheckpointFigures {
    /// Whether the job's checkpoints were ever looked at.
    pub(crate) known: bool,
    end_ms: i64,
    entries: Vec<Entry>,
}

impl CheckpointFigures {
    fn completed(&self) -> impl DoubleEndedIterator<Item = &Checkpoint> {
        self.entries
            .iter()
            .map(|entry| &entry.checkpoint)
            .filter(|checkpoint| checkpoint.status() == CheckpointStatus::CheckpointCompleted)
    }

    pub(crate) fn last_completed(&self) -> Option<&Checkpoint> {
        self.completed().next_back()
    }

    /// A figure of the last completed checkpoint.
    pub(crate) fn last(&self, figure: impl Fn(&Checkpoint) -> Option<f64>) -> f64 {
        self.last_completed().and_then(figure).unwrap_or(f64::NAN)
    }

    /// Age of the oldest checkpoint that is still on its way.
    pub(crate) fn in_progress_age_ms(&self) -> f64 {
        let open = self
            .entries
            .iter()
            .filter(|entry| entry.ended_at_ms.is_none());
        stats::max_of(
            open.map(|entry| (self.end_ms - entry.checkpoint.triggered_at_ms).max(0) as f64),
        )
    }

    /// Time since the last completed checkpoint was triggered.
    pub(crate) fn since_completed_ms(&self) -> f64 {
        self.last(|checkpoint| Some((self.end_ms - checkpoint.triggered_at_ms).max(0) as f64))
    }

    /// Checkpoints that ended within the last `span_ms`, by what they ended with.
    fn ended_within(&self, span_ms: i64) -> impl Iterator<Item = &Checkpoint> {
        let since_ms = self.end_ms - span_ms;
        self.entries
            .iter()
            .filter(move |entry| {
                entry
                    .ended_at_ms
                    .is_some_and(|ended_at_ms| ended_at_ms >= since_ms)
            })
            .map(|entry| &entry.checkpoint)
    }

    pub(crate) fn failed_within(&self, span_ms: i64, kind: Failure) -> f64 {
        if !self.known {
            return f64::NAN;
        }
        let failed = self
            .ended_within(span_ms)
            .filter(|checkpoint| fault(checkpoint) == Some(kind));
        failed.count() as f64
    }

    pub(crate) fn completed_within(&self, span_ms: i64) -> f64 {
        if !self.known {
            return f64::NAN;
        }
        let completed =
            |checkpoint: &&Checkpoint| checkpoint.status() == CheckpointStatus::CheckpointCompleted;
        self.ended_within(span_ms).filter(completed).count() as f64
    }

    /// Failures at the end of the row, without a success after them.
    pub(crate) fn failures_in_a_row(&self) -> f64 {
        if !self.known {
            return f64::NAN;
        }
        let ended = self
            .entries
            .iter()
            .rev()
            .filter(|entry| entry.ended_at_ms.is_some());
        let outcomes = ended.map(|entry| fault(&entry.checkpoint));
        let faults = outcomes.filter(|fault| *fault != Some(Failure::Suspended));
        faults.take_while(Option::is_some).count() as f64
    }

    /// Growth of a size over the completed checkpoints that are remembered: the slope against the mean, a checkpoint.
    ///
    /// A mean below `least` counts as `least`.
    pub(crate) fn growth(&self, size: impl Fn(&Checkpoint) -> Option<f64>, least: f64) -> f64 {
        relative_slope(
            &self.completed().filter_map(size).collect::<Vec<_>>(),
            least,
        )
    }

    /// Share of the steps from one completed checkpoint to the next in which the size grew.
    pub(crate) fn growing_share(&self, size: impl Fn(&Checkpoint) -> Option<f64>) -> f64 {
        let sizes: Vec<f64> = self.completed().filter_map(size).collect();
        let steps: Vec<f64> = sizes.windows(2).map(|pair| pair[1] - pair[0]).collect();
        if steps.len() < 2 {
            f64::NAN
        } else {
            stats::share(&steps, |step| step > 0.0)
        }
    }

    /// The newest checkpoint in trouble: failed, or on its way for longer than `patience_ms`.
    pub(crate) fn troubled(&self, patience_ms: f64) -> Option<&Checkpoint> {
        let last = self.entries.iter().rev().find(|entry| {
            let open_ms = (self.end_ms - entry.checkpoint.triggered_at_ms) as f64;
            match (entry.ended_at_ms, fault(&entry.checkpoint)) {
                (None, _) => open_ms > patience_ms,
                (Some(_), fault) => fault != Some(Failure::Suspended),
            }
        })?;
        let completed = last.checkpoint.status() == CheckpointStatus::CheckpointCompleted;
        (!completed).then_some(&last.checkpoint)
    }

    /// The newest part of a vertex that says how long a phase took, or the largest of the last three.
    pub(crate) fn vertex_last(
        &self,
        vertex_id: &str,
        figure: impl Fn(&CheckpointVertex) -> Option<f64>,
    ) -> f64 {
        const NEWEST: usize = 3;
        let parts = self
            .entries
            .iter()
            .rev()
            .filter_map(|entry| part(&entry.checkpoint, vertex_id));
        stats::max_of(parts.filter_map(figure).take(NEWEST))
    }

    /// Growth of a vertex's state, as in [`Self::growth`].
    pub(crate) fn vertex_growth(&self, vertex_id: &str) -> f64 {
        let parts = self
            .completed()
            .filter_map(|checkpoint| part(checkpoint, vertex_id));
        let sizes: Vec<f64> = parts
            .filter_map(|part| part.state_size_bytes)
            .map(|size| size as f64)
            .collect();
        relative_slope(&sizes, SMALL_STATE_BYTES)
    }

    /// State of a vertex in the last completed checkpoint.
    pub(crate) fn vertex_state_bytes(&self, vertex_id: &str) -> f64 {
        let part = self
            .last_completed()
            .and_then(|checkpoint| part(checkpoint, vertex_id));
        stats::known(
            part.and_then(|part| part.state_size_bytes)
                .map(|size| size as f64),
        )
    }
}

/// A checkpoint's part of one vertex.
pub(crate) fn part<'a>(
    checkpoint: &'a Checkpoint,
    vertex_id: &str,
) -> Option<&'a CheckpointVertex> {
    checkpoint
        .vertices
        .iter()
        .find(|vertex| vertex.vertex_id == vertex_id)
}

fn fault(checkpoint: &Checkpoint) -> Option<Failure> {
    let failed = checkpoint.status() == CheckpointStatus::CheckpointFailed;
    failed.then(|| failure_of(&checkpoint.failure_message))
}

/// Least-squares slope against the mean, or against `least` if the mean is smaller; needs three values.
fn relative_slope(values: &[f64], least: f64) -> f64 {
    const LEAST: usize = 3;
    if values.len() < LEAST {
        return f64::NAN;
    }
    let middle = (values.len() - 1) as f64 / 2.0;
    let mean = stats::mean(values);
    let (mut over, mut under) = (0.0, 0.0);
    for (index, value) in values.iter().enumerate() {
        let distance = index as f64 - middle;
        over += distance * (value - mean);
        under += distance * distance;
    }
    stats::ratio(over / under, mean.max(least))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checkpoint(id: u64, status: CheckpointStatus, size: u64) -> Checkpoint {
        Checkpoint {
            id,
            status: status.into(),
            triggered_at_ms: id as i64 * 1_000,
            state_size_bytes: Some(size),
            ..Checkpoint::default()
        }
    }

    fn figures(checkpoints: Vec<Checkpoint>) -> CheckpointFigures {
        let mut log = CheckpointLog::default();
        let in_progress = 1;
        let snapshot = CheckpointSnapshot {
            checkpoints,
            in_progress,
            ..CheckpointSnapshot::default()
        };
        log.observe(9_000, &snapshot);
        log.close(10_000)
    }

    #[test]
    fn a_failure_that_came_with_a_restart_is_no_failure_of_checkpoints() {
        assert_eq!(
            failure_of("Checkpoint Coordinator is suspending."),
            Failure::Suspended
        );
        assert_eq!(
            failure_of("Checkpoint expired before completing."),
            Failure::Expired
        );
        assert_eq!(failure_of("Could not perform checkpoint 3"), Failure::Other);
    }

    #[test]
    fn growth_is_the_slope_against_the_mean() {
        let done = CheckpointStatus::CheckpointCompleted;
        let rising = (1..=3).map(|id| checkpoint(id, done, id * 100)).collect();
        let size = |c: &Checkpoint| c.state_size_bytes.map(|size| size as f64);
        assert_eq!(figures(rising).growth(size, 0.0), 0.5);
        assert!(
            figures(vec![checkpoint(1, done, 7)])
                .growth(size, 0.0)
                .is_nan()
        );
    }

    #[test]
    fn a_state_of_a_few_kilobytes_does_not_grow() {
        let done = CheckpointStatus::CheckpointCompleted;
        let first_keys = (1..=3)
            .map(|id| checkpoint(id, done, id * 20_000))
            .collect();
        let size = |c: &Checkpoint| c.state_size_bytes.map(|size| size as f64);
        assert!(figures(first_keys).growth(size, SMALL_STATE_BYTES) < 0.01);
    }

    #[test]
    fn failures_in_a_row_end_with_a_success() {
        let failed = CheckpointStatus::CheckpointFailed;
        let done = CheckpointStatus::CheckpointCompleted;
        let row = figures(vec![
            checkpoint(1, failed, 0),
            checkpoint(2, done, 0),
            checkpoint(3, failed, 0),
        ]);
        assert_eq!(row.failures_in_a_row(), 1.0);
        assert_eq!(row.failed_within(60_000, Failure::Other), 2.0);
    }

    #[test]
    fn a_checkpoint_on_its_way_has_an_age_and_is_in_trouble_when_it_is_old() {
        let open = figures(vec![checkpoint(2, CheckpointStatus::InProgress, 0)]);
        assert_eq!(open.in_progress_age_ms(), 8_000.0);
        assert!(open.troubled(9_000.0).is_none());
        assert_eq!(
            open.troubled(5_000.0).map(|checkpoint| checkpoint.id),
            Some(2)
        );
    }
}
