//! Where a problem is that errors speak of.

use streamwarden_experience::{Experience, Problem};
use streamwarden_proto::finding::FindingSubject;
use streamwarden_proto::scope::Scope;
use streamwarden_proto::v1::{ErrorOrigin, ErrorRecord};

use super::Judge;
use super::errors::ErrorTrack;
use super::job::Job;

/// A failure and what follows from it lie at most so far apart.
const EXPLAINS_MS: i64 = 60_000;

/// Where errors place a problem: the subject that they name if it is of the problem's kind, else that of what follows
/// from it, else the one whose figures fit best, else the job. `None`: they tell of somebody, and nothing shows that it
/// is one of this job's.
pub(super) fn subject_of(
    job: &Job,
    judge: Judge<'_>,
    slug: &str,
    track: &ErrorTrack,
) -> Option<FindingSubject> {
    let problem = judge.experience.problem(slug);
    let scope = problem.map_or(Scope::Job, |problem| problem.scope);
    let known = named(track, scope).or_else(|| of_follower(job, judge.experience, problem?, track));
    if known.is_some() || track.records.iter().all(is_machines) {
        return known;
    }
    Some(likeliest(job, judge, scope, slug).unwrap_or_else(|| of_all(job, scope)))
}

/// The machine's log knows processes by their numbers alone, and other processes than Flink's.
pub(super) fn is_machines(record: &ErrorRecord) -> bool {
    record.origin() == ErrorOrigin::Log && record.process_id.is_empty()
}

fn named(track: &ErrorTrack, scope: Scope) -> Option<FindingSubject> {
    let mut newest_first = track.records.iter().rev();
    newest_first.find_map(|record| own_subject(record, scope))
}

fn own_subject(record: &ErrorRecord, scope: Scope) -> Option<FindingSubject> {
    let subject = record.subject.as_ref()?;
    let own = Scope::try_from(subject.scope()).ok()?;
    (own == scope && !subject.id.is_empty()).then(|| FindingSubject {
        scope,
        id: subject.id.clone(),
        name: subject.name.clone(),
        subtask: subject.subtask,
    })
}

/// What follows from a failure happens where the failure is: of all that names a place, the nearest in time.
fn of_follower(
    job: &Job,
    experience: &Experience,
    problem: &Problem,
    track: &ErrorTrack,
) -> Option<FindingSubject> {
    let at_ms = track.records.back()?.at_ms;
    let follows = |slug: &str| {
        let other = experience.problem(slug);
        problem.explains.iter().any(|one| one == slug)
            || other.is_some_and(|other| other.explained_by.contains(&problem.slug))
    };
    let followers = job.errors.tracks().filter(|(slug, _)| follows(slug));
    followers
        .flat_map(|(_, track)| &track.records)
        .map(|record| ((record.at_ms - at_ms).abs(), record))
        .filter(|(apart_ms, _)| *apart_ms <= EXPLAINS_MS)
        .filter_map(|(apart_ms, record)| Some((apart_ms, own_subject(record, problem.scope)?)))
        .min_by_key(|(apart_ms, _)| *apart_ms)
        .map(|(_, subject)| subject)
}

fn likeliest(job: &Job, judge: Judge<'_>, scope: Scope, slug: &str) -> Option<FindingSubject> {
    let model = judge.models.get(scope)?;
    let label = model.manifest.label_index(slug)?;
    let of_scope = job.subjects.iter().filter(|((own, _), _)| *own == scope);
    let scored = of_scope.filter_map(|(_, history)| {
        let row = history.fresh(job.now_ms, judge.config.stale_ms)?;
        let probability = row.probabilities.get(label).copied()?;
        Some((probability, row))
    });
    let (_, row) = scored.max_by(|a, b| a.0.total_cmp(&b.0))?;
    Some(FindingSubject {
        scope,
        id: row.id.clone(),
        name: row.name.clone(),
        subtask: None,
    })
}

/// The job, or the cluster for a problem that concerns all of it.
fn of_all(job: &Job, scope: Scope) -> FindingSubject {
    let (scope, id, name) = match scope {
        Scope::Cluster => (scope, &job.cluster_id, &job.cluster_id),
        _ => (Scope::Job, &job.id, &job.name),
    };
    FindingSubject {
        scope,
        id: id.clone(),
        name: name.clone(),
        subtask: None,
    }
}
