//! What could be wrong with a job, each with its evidence: from figures, from errors, or from both.

use std::collections::BTreeMap;

use streamwarden_experience::Experience;
use streamwarden_proto::scope::Scope;
use streamwarden_proto::v1::ErrorRecord;
use streamwarden_proto::{Class, finding::FindingSubject};

use super::Judge;
use super::errors::{ErrorTrack, UNKNOWN, needs_repetition};
use super::history::History;
use super::job::{Job, Phase};
use super::place::subject_of;
use super::score::Row;
use super::told_apart::{self, Told};
use super::unplaced::{is_unexplained, unplaced};
use crate::model::manifest::{ELSEWHERE, HEALTHY, Manifest};

/// Windows in a row that fit nothing known before that is said.
pub(super) const UNKNOWN_WINDOWS: usize = 3;
/// Figures of two vertices are about equally sure within this; then the one further down is the cause.
const ABOUT_EQUAL: f64 = 0.15;
/// A rule less sure than this needs more than one line.
const LEAST_OF_ONE_LINE: f64 = 0.7;
/// What follows from a failure waits this long for the failure itself to show.
const PATIENCE_MS: i64 = 10_000;
/// Nothing is certain.
const MOST_CONFIDENT: f64 = 0.99;

/// Something that could be wrong.
#[derive(Debug, Clone)]
pub(super) struct Candidate {
    pub(super) slug: String,
    pub(super) class: Class,
    pub(super) subject: FindingSubject,
    pub(super) confidence: f64,
    /// Enough evidence to open a finding.
    pub(super) ready: bool,
    pub(super) since_ms: i64,
    pub(super) last_ms: i64,
    /// Whose figures speak for it.
    pub(super) figures: Option<(Scope, String)>,
    /// Errors that speak for it, newest last.
    pub(super) errors: Vec<ErrorRecord>,
}

impl Candidate {
    /// Errors opened it, so errors decide how long it stays.
    pub(super) fn is_from_errors(&self) -> bool {
        !self.errors.is_empty()
    }
}

/// Everything that could be wrong with a job now.
pub(super) fn candidates(job: &mut Job, judge: Judge<'_>) -> Vec<Candidate> {
    let phase = job.phase(judge.config);
    let mut found: BTreeMap<String, Candidate> = BTreeMap::new();
    for candidate in from_figures(job, judge, phase) {
        match found.get_mut(&candidate.slug) {
            Some(known) if is_better(job, &candidate, known) => *known = candidate,
            Some(_) => {}
            None => {
                found.insert(candidate.slug.clone(), candidate);
            }
        }
    }
    for (slug, track) in job.errors.tracks() {
        let active = phase != Phase::Judged && phase != Phase::Learning
            || job.now_ms - track.last_ms <= judge.config.error_quiet_ms;
        // Others close their connections when a process goes: that alone may be all that is seen of it. Every other
        // consequence without its cause is a stray line.
        let alone = class_of(judge.experience, slug) == Class::TaskmanagerLost
            && job.now_ms - track.first_ms >= PATIENCE_MS;
        let is_news = !track.is_explained() || phase == Phase::Failed || job.tracker.is_open(slug);
        if active && is_news && (track.is_cause || alone) {
            let told = told_apart::by_its_figure(job, judge, slug, track);
            let slug = match &told {
                Some(told) => told.slug.clone(),
                None => told_apart::by_figures(judge.experience, slug, &found),
            };
            let slug = told_apart::by_order(judge.experience, slug, job.errors.tracks());
            let figures = found.remove(&slug);
            if let Some(merged) = with_errors(job, judge, phase, &slug, track, told, figures) {
                found.insert(slug, merged);
            }
        }
    }
    if !found.values().any(|candidate| candidate.ready)
        && let Some(candidate) = unplaced(job, judge, phase)
    {
        found.insert(UNKNOWN.to_owned(), candidate);
    }
    found.into_values().collect()
}

/// The same problem at two vertices: the surer one, and of two that are about equally sure the one further down.
fn is_better(job: &Job, new: &Candidate, known: &Candidate) -> bool {
    let lead = new.confidence - known.confidence;
    if new.class == Class::DataSkew || lead.abs() > ABOUT_EQUAL || new.ready != known.ready {
        return (new.ready, new.confidence) > (known.ready, known.confidence);
    }
    job.graph.is_upstream(&known.subject.id, &new.subject.id)
}

fn from_figures(job: &mut Job, judge: Judge<'_>, phase: Phase) -> Vec<Candidate> {
    let mut found = Vec::new();
    if !matches!(phase, Phase::Judged | Phase::Down) {
        return found;
    }
    let settled = Scope::MODELLED.map(|scope| (scope, job.settled_from_ms(judge.config, scope)));
    for ((scope, _), history) in &mut job.subjects {
        let from_ms = settled
            .iter()
            .find(|(known, _)| known == scope)
            .map_or(i64::MAX, |(_, from)| *from);
        history.settle_from(from_ms);
    }
    for ((scope, _), history) in &job.subjects {
        if phase == Phase::Down && *scope == Scope::Vertex {
            continue;
        }
        let Some(model) = judge.models.get(*scope) else {
            continue;
        };
        found.extend(of_history(job, judge, &model.manifest, history));
    }
    found
}

fn of_history(
    job: &Job,
    judge: Judge<'_>,
    manifest: &Manifest,
    history: &History,
) -> Vec<Candidate> {
    let Some(row) = history.fresh(job.now_ms, judge.config.stale_ms) else {
        return Vec::new();
    };
    if row.probabilities.is_empty() {
        return Vec::new();
    }
    let limits = manifest.thresholds;
    let windows = judge.config.open_windows;
    let subject = FindingSubject {
        scope: row.scope,
        id: row.id.clone(),
        name: row.name.clone(),
        subtask: None,
    };
    let candidate = |slug: &str, confidence: f32, streak: usize, ready: bool| Candidate {
        slug: slug.to_owned(),
        class: class_of(judge.experience, slug),
        subject: subject.clone(),
        confidence: f64::from(confidence).min(MOST_CONFIDENT),
        ready,
        since_ms: history.since(streak),
        last_ms: row.end_ms,
        figures: Some((row.scope, row.id.clone())),
        errors: Vec::new(),
    };
    let explained = |row: &Row| !manifest.has_unexplained_trouble(&row.values, &row.probabilities);
    let mut found = Vec::new();
    for (index, label) in manifest.labels.iter().enumerate() {
        let mean = history.mean(index, windows);
        let newest = row.probabilities[index];
        // One window that is sure counts for itself, whatever was before.
        let mean = if newest >= limits.sure {
            newest.max(mean)
        } else {
            mean
        };
        if label == HEALTHY || label == ELSEWHERE || mean.max(newest) < limits.keep {
            continue;
        }
        if is_too_early(job, judge, label, row.end_ms) {
            continue;
        }
        let profile = manifest.profiles.get(label);
        let contradicted = told_apart::contradiction(judge.experience, manifest, label);
        let fits = |row: &Row| {
            profile.is_none_or(|profile| profile.fits(&row.values))
                && explained(row)
                && !contradicted(row)
        };
        if !fits(row) {
            continue;
        }
        let streak = history.streak(|row| row.probabilities[index] >= limits.keep && fits(row));
        let ready = streak >= windows && mean >= limits.open || newest >= limits.sure;
        found.push(candidate(label, mean, streak.max(1), ready));
    }
    if found.is_empty() {
        let streak = history
            .streak(|row| is_unexplained(row, job.explained_ms) && is_strange(manifest, row));
        if streak > 0 {
            let ready = streak >= UNKNOWN_WINDOWS;
            found.push(candidate(
                UNKNOWN,
                strangeness(manifest, row),
                streak,
                ready,
            ));
        }
    }
    found
}

/// Whether the job is so young that its figures do not prove a problem yet.
fn is_too_early(job: &Job, judge: Judge<'_>, slug: &str, end_ms: i64) -> bool {
    let not_before_s = judge
        .experience
        .problem(slug)
        .map_or(0, |problem| problem.not_before_s);
    job.age_ms(end_ms) < i64::from(not_before_s) * 1_000
}

/// Far from healthy, by the model or by limits that no healthy row exceeded.
fn is_strange(manifest: &Manifest, row: &Row) -> bool {
    fine_probability(manifest, &row.probabilities) < manifest.thresholds.troubled
        || manifest.is_beyond_healthy(&row.values)
}

/// Probability that something is wrong with a subject of which nothing known is.
fn strangeness(manifest: &Manifest, row: &Row) -> f32 {
    let by_model = 1.0 - fine_probability(manifest, &row.probabilities);
    if manifest.is_beyond_healthy(&row.values) {
        by_model.max(manifest.thresholds.strange)
    } else {
        by_model
    }
}

/// Probability that nothing is wrong with this subject itself.
fn fine_probability(manifest: &Manifest, probabilities: &[f32]) -> f32 {
    let fine = |label: &str| {
        manifest
            .label_index(label)
            .map_or(0.0, |index| probabilities[index])
    };
    fine(HEALTHY) + fine(ELSEWHERE)
}

/// Adds what errors say to what figures say: the errors name the problem, the figures the place. `None`: the place is
/// not known to be in this job.
fn with_errors(
    job: &Job,
    judge: Judge<'_>,
    phase: Phase,
    slug: &str,
    track: &ErrorTrack,
    told: Option<Told>,
    figures: Option<Candidate>,
) -> Option<Candidate> {
    let class = class_of(judge.experience, slug);
    let repeated_enough =
        !needs_repetition(class) || track.occurrences >= 2 || phase == Phase::Failed;
    let said_enough = track.confidence >= LEAST_OF_ONE_LINE || track.occurrences >= 3;
    let told_apart = told_apart::is_settled(job, judge, slug, track, told.as_ref());
    let enough = repeated_enough && told_apart && (said_enough || class == Class::Unknown);
    let repeated = 0.8_f64.powi(i32::try_from(track.occurrences.saturating_sub(1)).unwrap_or(30));
    let said = 1.0 - (1.0 - track.confidence.max(0.5)) * repeated;
    let errors: Vec<ErrorRecord> = track.records.iter().cloned().collect();
    let measured = figures
        .as_ref()
        .map_or(0.0, |candidate| candidate.confidence);
    let subject = match (&figures, told) {
        (Some(candidate), _) => candidate.subject.clone(),
        (None, Some(told)) if told.is_proven => told.subject,
        (None, told) => {
            let subject = subject_of(job, judge, slug, track)?;
            told.filter(|_| subject.scope == Scope::Job)
                .map_or(subject, |told| told.subject)
        }
    };
    Some(Candidate {
        slug: slug.to_owned(),
        class,
        subject,
        confidence: (1.0 - (1.0 - said) * (1.0 - measured)).min(MOST_CONFIDENT),
        ready: enough || figures.as_ref().is_some_and(|candidate| candidate.ready),
        since_ms: figures.as_ref().map_or(track.first_ms, |candidate| {
            candidate.since_ms.min(track.first_ms)
        }),
        last_ms: figures.as_ref().map_or(track.last_ms, |candidate| {
            candidate.last_ms.max(track.last_ms)
        }),
        figures: figures.and_then(|candidate| candidate.figures),
        errors,
    })
}

pub(super) fn class_of(experience: &Experience, slug: &str) -> Class {
    experience
        .problem(slug)
        .map_or(Class::Unknown, |problem| problem.class)
}
