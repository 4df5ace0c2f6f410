//! One cause, one finding: which candidates are causes, and which only follow from another one.

use streamwarden_experience::Experience;
use streamwarden_proto::Class;
use streamwarden_proto::finding::Severity;
use streamwarden_proto::scope::Scope;

use super::Judge;
use super::candidate::Candidate;
use super::job::Job;

/// What an open finding is ahead of a new one.
const INCUMBENT: f64 = 0.1;

/// A cause with what follows from it.
#[derive(Debug, Clone)]
pub(super) struct Cause {
    pub(super) candidate: Candidate,
    pub(super) followers: Vec<Candidate>,
}

/// Sorts candidates into causes and followers. Only what is ready, open already, or proven by what follows from
/// it can be a cause.
pub(super) fn causes(
    job: &Job,
    judge: Judge<'_>,
    candidates: Vec<Candidate>,
    is_open: impl Fn(&str) -> bool,
) -> Vec<Cause> {
    let (mut usable, unsure): (Vec<Candidate>, Vec<Candidate>) = candidates
        .into_iter()
        .partition(|candidate| candidate.ready || is_open(&candidate.slug));
    let proven = unsure
        .into_iter()
        .filter(|one| is_proven(judge.experience, one, &usable));
    let proven: Vec<Candidate> = proven.collect();
    usable.extend(proven);
    usable.sort_by(|a, b| {
        let rank = |candidate: &Candidate| {
            // What was said before is not taken back for something that is only as likely.
            let said = if is_open(&candidate.slug) {
                INCUMBENT
            } else {
                0.0
            };
            rank(judge.experience, candidate) + said
        };
        rank(b)
            .total_cmp(&rank(a))
            .then_with(|| a.slug.cmp(&b.slug))
    });
    // What explains another one comes before it, however sure both are.
    let explained: Vec<bool> = usable
        .iter()
        .map(|one| {
            usable
                .iter()
                .any(|other| knows_to_explain(judge.experience, &other.slug, &one.slug))
        })
        .collect();
    let (mut first, mut later) = (Vec::new(), Vec::new());
    for (candidate, explained) in usable.into_iter().zip(explained) {
        if explained {
            later.push(candidate);
        } else {
            first.push(candidate);
        }
    }
    let mut accepted: Vec<Cause> = Vec::new();
    for candidate in first.into_iter().chain(later) {
        match accepted
            .iter_mut()
            .find(|cause| follows(job, judge, &candidate, &cause.candidate, &is_open))
        {
            Some(cause) => cause.followers.push(candidate),
            None => accepted.push(Cause {
                candidate,
                followers: Vec::new(),
            }),
        }
    }
    accepted
}

/// A TaskManager that is gone shows no more windows: what its last ones leave open, errors that follow from it decide.
fn is_proven(experience: &Experience, unsure: &Candidate, sure: &[Candidate]) -> bool {
    let mut effects = sure.iter().filter(|other| other.is_from_errors());
    unsure.subject.scope == Scope::TaskManager
        && effects.any(|other| knows_to_explain(experience, &unsure.slug, &other.slug))
}

/// Errors say more than figures, causes more than symptoms, anything more than advice.
fn rank(experience: &Experience, candidate: &Candidate) -> f64 {
    let mut rank = candidate.confidence;
    if candidate.is_from_errors() {
        rank += 0.3;
    }
    if candidate.class == Class::Unknown {
        rank -= 1.0;
    }
    if let Some(problem) = experience.problem(&candidate.slug) {
        if problem.symptom {
            rank -= if candidate.is_from_errors() {
                0.35
            } else {
                1.0
            };
        }
        if problem.severity == Severity::Advice {
            rank -= 0.8;
        }
    }
    rank
}

/// The experience says that the problem `cause` explains the problem `other`.
pub(super) fn knows_to_explain(experience: &Experience, cause: &str, other: &str) -> bool {
    let by_cause = experience
        .problem(cause)
        .is_some_and(|problem| problem.explains.iter().any(|one| one == other));
    let by_other = experience
        .problem(other)
        .is_some_and(|problem| problem.explained_by.iter().any(|one| one == cause));
    let mutual = experience
        .problem(other)
        .is_some_and(|problem| problem.explains.iter().any(|one| one == cause));
    (by_cause || by_other) && !mutual
}

fn follows(
    job: &Job,
    judge: Judge<'_>,
    candidate: &Candidate,
    cause: &Candidate,
    is_open: &impl Fn(&str) -> bool,
) -> bool {
    let experience = judge.experience;
    if knows_to_explain(experience, &cause.slug, &candidate.slug) {
        return true;
    }
    let problem = experience.problem(&candidate.slug);
    // Advice that errors gave is not taken back because figures show something else.
    let stands = is_open(&candidate.slug) && candidate.is_from_errors() && !cause.is_from_errors();
    let advice = problem.is_none_or(|problem| problem.severity == Severity::Advice);
    let minor = advice && !stands;
    let symptom = problem.is_some_and(|problem| problem.symptom);
    let may_cause_symptoms = cause.is_from_errors() || cause.subject.scope != Scope::Vertex;
    if minor || symptom && may_cause_symptoms || candidate.class == cause.class {
        return true;
    }
    if candidate.is_from_errors() {
        // Two problems whose errors both say so are two problems.
        return false;
    }
    // Figures beside errors of the same time usually show what the errors did.
    if cause.is_from_errors() {
        return true;
    }
    if candidate.subject.scope == Scope::Vertex && cause.subject.scope == Scope::Vertex {
        let same = candidate.subject.id == cause.subject.id;
        let blocked = job
            .graph
            .is_upstream(&candidate.subject.id, &cause.subject.id);
        if same || blocked {
            return true;
        }
    }
    !is_open(&candidate.slug) && candidate.confidence < judge.config.second_cause
}
