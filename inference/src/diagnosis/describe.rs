//! From a cause to the finding that people and programs read.

mod decision;
mod evidence;
mod figures;
mod measured;
mod text;
mod words;

use streamwarden_experience::words::capital;
use streamwarden_experience::{Context, Problem};
use streamwarden_proto::cloud_event::rfc3339;
use streamwarden_proto::finding::{Alternative, FindingStatus, ModelRef, Severity};
use streamwarden_proto::ids::finding_id;
use streamwarden_proto::scope::Scope;
use streamwarden_proto::v1::ClusterSnapshot;
use streamwarden_proto::{Class, Finding};

use super::Judge;
use super::candidate::Candidate;
use super::cause::Cause;
use super::errors::UNKNOWN;
use super::job::Job;
use crate::model::manifest::{ELSEWHERE, HEALTHY};
use figures::Facts;

/// Code of the answer "unknown".
pub(super) const UNKNOWN_CODE: &str = "SW0000";
/// Runners-up below this are not worth a line.
const LEAST_ALTERNATIVE: f32 = 0.01;
const MOST_ALTERNATIVES: usize = 3;

/// The finding of a cause as it stands now.
pub(super) fn finding(
    job: &Job,
    judge: Judge<'_>,
    cluster: Option<&ClusterSnapshot>,
    cause: &Cause,
) -> Finding {
    let candidate = &cause.candidate;
    let facts = Facts::new(job, judge, cluster, candidate);
    let words = words::context(&facts, candidate);
    let problem = judge.experience.problem(&candidate.slug);
    let (evidence, strongest) = evidence::evidence(&facts, cause);
    let mut finding = Finding {
        finding_id: finding_id(
            &job.cluster_id,
            &job.id,
            &candidate.slug,
            &candidate.subject.id,
            candidate.since_ms,
        ),
        status: FindingStatus::Open,
        code: UNKNOWN_CODE.to_owned(),
        slug: candidate.slug.clone(),
        class: candidate.class,
        confidence: rounded(candidate.confidence),
        severity: Severity::Warning,
        cluster_id: job.cluster_id.clone(),
        job_id: job.id.clone(),
        job_name: job.name.clone(),
        subject: candidate.subject.clone(),
        title: String::new(),
        effect: String::new(),
        explanation: String::new(),
        evidence,
        decision: decision::decision(&facts, strongest.as_ref()),
        alternatives: alternatives(&facts, candidate),
        actions: Vec::new(),
        avoid: Vec::new(),
        first_seen: rfc3339(candidate.since_ms),
        last_seen: rfc3339(candidate.last_ms),
        model: model(judge, candidate),
    };
    match problem {
        Some(problem) => fill(&mut finding, problem, &facts, &words),
        None => fill_unknown(&mut finding, &facts),
    }
    finding
}

/// Advice that leads to no change is none.
pub(super) fn is_idle_advice(finding: &Finding) -> bool {
    finding.severity == Severity::Advice && finding.actions.iter().all(|action| action.to.is_none())
}

/// Four digits: the same whatever order the runtime added up in.
fn rounded(confidence: f64) -> f64 {
    (confidence * 10_000.0).round() / 10_000.0
}

fn fill(finding: &mut Finding, problem: &Problem, facts: &Facts<'_>, words: &Context) {
    let measured = measured::measured(facts);
    finding.code.clone_from(&problem.code);
    finding.class = problem.class;
    finding.severity = problem.severity;
    finding.title = problem.title(words);
    if finding.subject.name.is_empty() {
        finding.title = capital(&finding.title);
    }
    finding.effect = problem.effect(words);
    finding.explanation = problem.explanation();
    finding.actions = problem.actions(&measured, words);
    // A computation may end where things stand already.
    finding
        .actions
        .retain(|action| action.to.is_none() || action.from != action.to);
    finding.avoid = problem.avoid();
}

fn fill_unknown(finding: &mut Finding, facts: &Facts<'_>) {
    finding.class = Class::Unknown;
    finding.slug = UNKNOWN.to_owned();
    finding.title = format!(
        "{} shows trouble that fits no known problem",
        finding.subject.name
    );
    "The figures or errors below are far from what healthy jobs show; what they lead to is not known."
        .clone_into(&mut finding.effect);
    let candidates: Vec<&str> = finding
        .alternatives
        .iter()
        .map(|alternative| alternative.slug.as_str())
        .filter(|slug| *slug != HEALTHY)
        .collect();
    let closest = if candidates.is_empty() {
        "Nothing known comes close.".to_owned()
    } else {
        format!("Closest are {}, none of them sure.", candidates.join(", "))
    };
    let elsewhere = facts
        .own()
        .map(|(_, row)| row.name.as_str())
        .filter(|name| !name.is_empty() && *name != finding.subject.name);
    let place = elsewhere.map_or_else(String::new, |name| format!(" It shows most at {name}."));
    finding.explanation = format!(
        "{closest}{place} Next, collect a thread dump of the TaskManager that runs it, the logs of ten minutes \
         around the time it began, and what was changed before; a tape of it (`streamwarden record`) \
         can teach the next model."
    );
}

fn alternatives(facts: &Facts<'_>, candidate: &Candidate) -> Vec<Alternative> {
    let Some((model, row)) = facts.own() else {
        return Vec::new();
    };
    let mut others: Vec<(f32, &str)> = row
        .probabilities
        .iter()
        .copied()
        .zip(model.manifest.labels.iter().map(String::as_str))
        .filter(|(probability, label)| {
            *label != candidate.slug && *probability >= LEAST_ALTERNATIVE
        })
        .filter(|(_, label)| *label != ELSEWHERE)
        .collect();
    others.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
    let kept = others.into_iter().take(MOST_ALTERNATIVES);
    kept.map(|(probability, label)| Alternative {
        slug: label.to_owned(),
        confidence: rounded(f64::from(probability)),
    })
    .collect()
}

/// Who decided: the scope's model, or the rules of the experience pack.
fn model(judge: Judge<'_>, candidate: &Candidate) -> ModelRef {
    let of_figures = candidate
        .figures
        .as_ref()
        .and_then(|(scope, _)| judge.models.get(*scope));
    match of_figures {
        Some(model) => ModelRef {
            name: model.manifest.name.clone(),
            version: model.manifest.version.clone(),
        },
        None => ModelRef {
            name: "rules".to_owned(),
            version: judge.experience.version().to_owned(),
        },
    }
}

/// Scope whose figures describe a subject best.
fn scope_of(candidate: &Candidate) -> Scope {
    candidate
        .figures
        .as_ref()
        .map_or(candidate.subject.scope, |(scope, _)| *scope)
}
