//! Which of several problems an error speaks for that all of them fail with.

use std::collections::BTreeMap;

use streamwarden_experience::{Experience, Problem};
use streamwarden_proto::finding::FindingSubject;
use streamwarden_proto::scope::Scope;

use super::Judge;
use super::candidate::{Candidate, class_of};
use super::errors::{ErrorTrack, UNKNOWN};
use super::job::{Job, Phase};
use super::score::Row;
use crate::model::manifest::Manifest;

/// Errors that do not tell a problem from its like wait this long for figures that do.
const PATIENCE_MS: i64 = 30_000;

/// What the figure says that problems are told apart by.
pub(super) struct Told {
    pub(super) slug: String,
    pub(super) subject: FindingSubject,
    /// It is another problem than the usual one, so something shows that it is. That the figure fits the usual one shows less.
    pub(super) is_proven: bool,
}

/// Whether errors may be laid to this problem: they name it, its figure proves it, or whatever could tell it from its like has
/// had time to.
pub(super) fn is_settled(
    job: &Job,
    judge: Judge<'_>,
    slug: &str,
    track: &ErrorTrack,
    told: Option<&Told>,
) -> bool {
    if !needs_figures(judge.experience, slug) || told.is_some_and(|told| told.is_proven) {
        return true;
    }
    let fits_since_ms = told.map(|_| track.first_ms);
    let phase = job.phase(judge.config);
    let settled_ms = job.settled_from_ms(judge.config, Scope::Vertex);
    let judged_since_ms = (phase == Phase::Judged).then(|| track.first_ms.max(settled_ms));
    let waits_since_ms = fits_since_ms.or(judged_since_ms);
    phase == Phase::Failed
        || waits_since_ms.is_some_and(|since_ms| job.now_ms - since_ms >= PATIENCE_MS)
}

/// Whether errors of a problem say only that something failed, and figures why.
fn needs_figures(experience: &Experience, slug: &str) -> bool {
    let problem = experience.problem(slug);
    problem.is_some_and(|problem| problem.told_by.is_some())
}

/// Flink says that a checkpoint expired, not why: who acknowledged it does. Of windows that ended after the first of these
/// errors, settled or not. What was proven once stays so while it is open: a snapshot that takes long holds up the next
/// barriers.
pub(super) fn by_its_figure(
    job: &Job,
    judge: Judge<'_>,
    slug: &str,
    track: &ErrorTrack,
) -> Option<Told> {
    let usual = judge.experience.problem(slug)?;
    usual.told_by.as_ref()?;
    let problems = judge.experience.problems().iter();
    let alike = problems.filter(|one| one.class == usual.class && one.told_by.is_some());
    let alike: Vec<&Problem> = alike.collect();
    let is_other = |problem: &Problem| problem.slug != usual.slug;
    let open = job.tracker.open().find(|finding| {
        let mut others = alike.iter().filter(|one| is_other(one));
        others.any(|other| other.slug == finding.slug)
    });
    if let Some(open) = open {
        return Some(Told {
            slug: open.slug.clone(),
            subject: open.subject.clone(),
            is_proven: true,
        });
    }
    let windows = by_window(job, judge, &alike, track);
    let other = windows
        .values()
        .rev()
        .find(|(problem, _)| is_other(problem));
    let (problem, row) = other.or_else(|| windows.values().next_back())?;
    Some(Told {
        slug: problem.slug.clone(),
        subject: FindingSubject {
            scope: row.scope,
            id: row.id.clone(),
            name: row.name.clone(),
            subtask: None,
        },
        is_proven: is_other(problem),
    })
}

/// Which problem the figures of each window show, by its end: of the subjects that show one, the furthest up counts, since what
/// is below waits for it.
fn by_window<'a>(
    job: &'a Job,
    judge: Judge<'a>,
    alike: &[&'a Problem],
    track: &ErrorTrack,
) -> BTreeMap<i64, (&'a Problem, &'a Row)> {
    let mut windows: BTreeMap<i64, (&Problem, &Row)> = BTreeMap::new();
    for problem in alike {
        for row in rows_that_show(job, judge, problem, track) {
            windows
                .entry(row.end_ms)
                .and_modify(|first| {
                    if job.graph.is_upstream(&row.id, &first.1.id) {
                        *first = (problem, row);
                    }
                })
                .or_insert((problem, row));
        }
    }
    windows
}

fn rows_that_show<'a>(
    job: &'a Job,
    judge: Judge<'a>,
    problem: &'a Problem,
    track: &ErrorTrack,
) -> impl Iterator<Item = &'a Row> {
    let told_by = problem.told_by.as_ref().and_then(|told_by| {
        let manifest = &judge.models.get(problem.scope)?.manifest;
        Some((told_by, manifest.feature_index(&told_by.feature)?))
    });
    let since_ms = track.first_ms;
    let subjects = job.subjects.iter();
    let of_scope = subjects.filter(|((scope, _), _)| *scope == problem.scope);
    let rows = of_scope.flat_map(move |(_, history)| history.ended_from(since_ms));
    rows.filter(move |row| told_by.is_some_and(|(told_by, index)| told_by.holds(row.values[index])))
}

/// Whether the figure that a problem is told by says that a row is of another one.
pub(super) fn contradiction<'a>(
    experience: &'a Experience,
    manifest: &Manifest,
    slug: &str,
) -> impl Fn(&Row) -> bool + 'a {
    let told_by = experience
        .problem(slug)
        .and_then(|problem| problem.told_by.as_ref());
    let told_by =
        told_by.and_then(|told_by| Some((told_by, manifest.feature_index(&told_by.feature)?)));
    move |row| {
        told_by.is_some_and(|(told_by, index)| {
            let value = row.values[index];
            !value.is_nan() && !told_by.holds(value)
        })
    }
}

/// Where figures name the reason of an error, it speaks for that one, and where they are like no known reason, for none.
pub(super) fn by_figures(
    experience: &Experience,
    slug: &str,
    figures: &BTreeMap<String, Candidate>,
) -> String {
    let class = class_of(experience, slug);
    if !needs_figures(experience, slug) || figures.contains_key(slug) {
        return slug.to_owned();
    }
    let same = figures.values().filter(|one| one.class == class);
    let best = same.max_by(|a, b| a.confidence.total_cmp(&b.confidence));
    let unlike_any = figures.get(UNKNOWN).filter(|one| one.ready);
    best.or(unlike_any).map_or(slug, |one| &one.slug).to_owned()
}

/// A symptom that nothing explains stands for what its class showed first: connections that break at once say that a
/// process ended, heartbeats that stay away while they hold say that it stands still.
pub(super) fn by_order<'a>(
    experience: &Experience,
    slug: String,
    tracks: impl Iterator<Item = (&'a str, &'a ErrorTrack)>,
) -> String {
    let unexplained = |slug: &str| experience.problem(slug)?.unexplained.clone();
    if unexplained(&slug).is_none() {
        return slug;
    }
    let class = class_of(experience, &slug);
    let same = tracks.filter(|(other, _)| class_of(experience, other) == class);
    let Some((first, _)) = same.min_by_key(|(_, track)| track.first_ms) else {
        return slug;
    };
    unexplained(first).unwrap_or_else(|| first.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_name_no_problem_that_the_figure_which_tells_it_speaks_against() {
        let experience = Experience::builtin().unwrap();
        let manifest = include_str!("../../tests/fixtures/tiny/manifest.json");
        let manifest = manifest.replace("pending_records", "checkpoint_passed_on_share");
        let manifest = Manifest::parse("vertex", manifest.as_bytes()).unwrap();
        let is_against = |slug: &str, came_past: f32| {
            contradiction(&experience, &manifest, slug)(&Row {
                scope: Scope::Vertex,
                id: "totals".into(),
                name: "totals".into(),
                end_ms: 0,
                values: vec![300.0, 100.0, 0.3, came_past],
                probabilities: Vec::new(),
            })
        };
        assert!(is_against("checkpoint-timeout-slow-snapshot", 0.0));
        assert!(!is_against("checkpoint-timeout-slow-snapshot", 1.0));
        assert!(is_against("checkpoint-timeout-alignment", 1.0));
        assert!(!is_against("checkpoint-timeout-alignment", f32::NAN));
        assert!(!is_against("slow-sink", 0.0));
    }
}
