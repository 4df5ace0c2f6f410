//! Trouble that leaves its marks on a job while nothing known is at fault.
//!
//! The models know how a subject looks that suffers from a problem of another one. Where that goes on and no subject of
//! the job has a problem that is known, the honest answer is `unknown`: something is wrong, and nobody can say what.

use streamwarden_proto::Class;
use streamwarden_proto::finding::FindingSubject;
use streamwarden_proto::scope::Scope;

use super::Judge;
use super::candidate::{Candidate, UNKNOWN_WINDOWS};
use super::errors::UNKNOWN;
use super::history::History;
use super::job::{Job, Phase};
use super::place::subject_of;
use super::score::Row;
use crate::model::manifest::ELSEWHERE;

/// For this long after a known problem ended, what is left of it is no news.
const RECOVERY_MS: i64 = 120_000;

/// The subject that suffers most from what no subject of the job is known to have; none where errors or a finding
/// explain it.
pub(super) fn unplaced(job: &Job, judge: Judge<'_>, phase: Phase) -> Option<Candidate> {
    let mut causes = job.errors.tracks().filter(|(_, track)| track.is_cause);
    if phase != Phase::Judged
        || causes.any(|(slug, track)| subject_of(job, judge, slug, track).is_some())
    {
        return None;
    }
    let own = job
        .subjects
        .iter()
        .filter(|((scope, _), _)| matches!(scope, Scope::Job | Scope::Vertex));
    own.filter_map(|((scope, _), history)| suffering(job, judge, *scope, history))
        .max_by(|a, b| {
            a.ready
                .cmp(&b.ready)
                .then(a.confidence.total_cmp(&b.confidence))
        })
}

fn suffering(job: &Job, judge: Judge<'_>, scope: Scope, history: &History) -> Option<Candidate> {
    let manifest = &judge.models.get(scope)?.manifest;
    let elsewhere = manifest.label_index(ELSEWHERE)?;
    let row = history.fresh(job.now_ms, judge.config.stale_ms)?;
    if *row.probabilities.get(elsewhere)? < manifest.thresholds.open {
        return None;
    }
    let limit = manifest.thresholds.elsewhere;
    let streak = unexplained_windows(history, elsewhere, limit, job.explained_ms);
    Some(Candidate {
        slug: UNKNOWN.to_owned(),
        class: Class::Unknown,
        subject: FindingSubject {
            scope: Scope::Job,
            id: job.id.clone(),
            name: job.name.clone(),
            subtask: None,
        },
        confidence: f64::from(history.mean(elsewhere, UNKNOWN_WINDOWS)),
        ready: streak >= UNKNOWN_WINDOWS,
        since_ms: history.since(streak.max(1)),
        last_ms: row.end_ms,
        figures: Some((scope, row.id.clone())),
        errors: Vec::new(),
    })
}

/// Windows in a row, up to the newest, in which the subject suffers and no known problem explains it.
fn unexplained_windows(
    history: &History,
    elsewhere: usize,
    limit: f32,
    explained_ms: i64,
) -> usize {
    history.streak(|row| is_unexplained(row, explained_ms) && row.probabilities[elsewhere] >= limit)
}

/// Whether a window lies so long after a known problem, last open at `explained_ms`, that it is not what is left of that.
pub(super) fn is_unexplained(row: &Row, explained_ms: i64) -> bool {
    row.end_ms > explained_ms.saturating_add(RECOVERY_MS)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ELSEWHERE_INDEX: usize = 1;
    const NEVER: i64 = i64::MIN;

    /// A window of ten seconds each.
    fn history(elsewhere: &[f32]) -> History {
        let mut history = History::default();
        for (index, probability) in elsewhere.iter().enumerate() {
            let end_ms = (i64::try_from(index).unwrap() + 1) * 10_000;
            history.push(Row {
                scope: Scope::Vertex,
                id: "totals".into(),
                name: "totals".into(),
                end_ms,
                values: Vec::new(),
                probabilities: vec![1.0 - probability, *probability],
            });
        }
        history
    }

    #[test]
    fn windows_in_which_a_subject_suffers_count_back_to_the_first_that_is_fine() {
        let calm_between = history(&[0.95, 0.2, 0.95, 0.95]);
        assert_eq!(
            unexplained_windows(&calm_between, ELSEWHERE_INDEX, 0.9, NEVER),
            2
        );
        let less_than_the_limit = history(&[0.85; 4]);
        assert_eq!(
            unexplained_windows(&less_than_the_limit, ELSEWHERE_INDEX, 0.9, NEVER),
            0
        );
    }

    #[test]
    fn what_is_left_of_a_known_problem_for_two_minutes_is_no_unknown_one() {
        let suffering = history(&[0.95; 4]);
        let windows =
            |explained_ms| unexplained_windows(&suffering, ELSEWHERE_INDEX, 0.9, explained_ms);
        assert_eq!(windows(20_000), 0);
        assert_eq!(windows(20_000 - RECOVERY_MS), 2);
        assert_eq!(windows(-RECOVERY_MS), 4);
    }
}
