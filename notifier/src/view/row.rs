//! A job as a row of the list.

use streamwarden_proto::cloud_event::{parse_rfc3339, rfc3339};
use streamwarden_proto::finding::{Evidence, FigureEvidence, Finding};
use streamwarden_proto::scope::Scope;

use crate::api::types::{Figure, FindingBrief, JobHead, JobRow, JobStatus, Learning};
use crate::view::health::{WINDOWS_TO_LEARN, health, sort_worst_first, status_of};
use crate::view::job::JobView;
use crate::view::limits::LIMITS;
use crate::view::series::{SubjectView, round};
use crate::view::{FleetView, JobKey};

/// An open finding, and what people did about it.
#[derive(Debug, Clone, Copy)]
pub struct OpenFinding<'a> {
    /// As inference last told.
    pub finding: &'a Finding,
    /// Silenced until then.
    pub silenced_until_ms: Option<i64>,
    /// Who takes care of it.
    pub acknowledged_by: Option<&'a str>,
}

/// The row of a job with these open findings.
#[must_use]
pub fn row(view: &FleetView, key: &JobKey, job: &JobView, open: &[OpenFinding<'_>]) -> JobRow {
    let mut findings: Vec<&Finding> = open.iter().map(|open| open.finding).collect();
    sort_worst_first(&mut findings);
    let worst = findings.first().copied();
    let head = head(view, key, job, open);
    let figure = match worst {
        Some(finding) => deciding_figure(view, key, job, finding),
        // What was not measured for long says nothing about a limit.
        None if head.status == JobStatus::Learning => None,
        None => closest_figure(view, key, job),
    };
    JobRow {
        head,
        finding: worst.map(|finding| brief(job, finding)),
        figure,
    }
}

/// What the list and the job's own page share.
#[must_use]
pub fn head(view: &FleetView, key: &JobKey, job: &JobView, open: &[OpenFinding<'_>]) -> JobHead {
    let mut findings: Vec<&Finding> = open.iter().map(|open| open.finding).collect();
    sort_worst_first(&mut findings);
    let reachable = view
        .cluster(&key.0)
        .is_none_or(super::cluster::ClusterView::is_reachable);
    let status = match findings.first() {
        _ if !reachable => JobStatus::NoData,
        Some(worst) => status_of(worst),
        None if job.windows() < WINDOWS_TO_LEARN => JobStatus::Learning,
        None => JobStatus::Healthy,
    };
    let judged = !matches!(status, JobStatus::NoData | JobStatus::Learning);
    let silenced = open
        .iter()
        .map(|open| open.silenced_until_ms)
        .min()
        .flatten();
    JobHead {
        id: view.id_of(key),
        cluster_id: key.0.clone(),
        job_id: key.1.clone(),
        job_name: if job.name.is_empty() {
            key.1.clone()
        } else {
            job.name.clone()
        },
        state: if job.state.is_empty() {
            "RUNNING".to_owned()
        } else {
            job.state.clone()
        },
        status,
        health: judged.then(|| health(&findings)),
        window: job.newest_window_ms().map(rfc3339),
        open_findings: open.len(),
        silenced_until: silenced.map(rfc3339),
        learning: (status == JobStatus::Learning).then(|| Learning {
            windows: job.windows(),
            needed: WINDOWS_TO_LEARN,
            due_at: job.due_ms(WINDOWS_TO_LEARN).map(rfc3339),
        }),
    }
}

/// A note beside the subject: which of its subtasks.
#[must_use]
pub fn place(job: &JobView, finding: &Finding) -> Option<String> {
    if finding.subject.scope != Scope::Vertex {
        return None;
    }
    if let Some(subtask) = finding.subject.subtask {
        return Some(format!("subtask {subtask}"));
    }
    let vertices = job.snapshot.as_ref().map(|snapshot| &snapshot.vertices)?;
    let vertex = vertices
        .iter()
        .find(|vertex| vertex.id == finding.subject.id)?;
    match vertex.parallelism {
        0 | 1 => None,
        2 => Some("both subtasks".to_owned()),
        many => Some(format!("all {many} subtasks")),
    }
}

/// Where a finding's figures are kept.
#[must_use]
pub fn subject_of<'a>(
    view: &'a FleetView,
    key: &JobKey,
    job: &'a JobView,
    finding: &Finding,
) -> Option<&'a SubjectView> {
    match finding.subject.scope {
        Scope::Job => Some(&job.own),
        Scope::Vertex => job.vertices.get(&finding.subject.id),
        Scope::TaskManager => view.cluster(&key.0)?.taskmanagers.get(&finding.subject.id),
        Scope::Cluster => None,
    }
}

/// Figures of a finding's evidence, the weightiest first.
#[must_use]
pub fn figures(finding: &Finding) -> Vec<&FigureEvidence> {
    let mut figures: Vec<&FigureEvidence> = finding
        .evidence
        .iter()
        .filter_map(|evidence| match evidence {
            Evidence::Figure(figure) => Some(figure),
            Evidence::Log { .. } => None,
        })
        .collect();
    figures.sort_by(|a, b| b.contribution.total_cmp(&a.contribution));
    figures
}

fn brief(job: &JobView, finding: &Finding) -> FindingBrief {
    FindingBrief {
        finding_id: finding.finding_id.clone(),
        code: finding.code.clone(),
        slug: finding.slug.clone(),
        class: finding.class,
        severity: finding.severity,
        confidence: finding.confidence,
        title: finding.title.clone(),
        effect: finding.effect.clone(),
        subject: finding.subject.clone(),
        place: place(job, finding),
        first_seen: finding.first_seen.clone(),
        last_seen: finding.last_seen.clone(),
    }
}

fn deciding_figure(
    view: &FleetView,
    key: &JobKey,
    job: &JobView,
    finding: &Finding,
) -> Option<Figure> {
    let figures = figures(finding);
    let subject = subject_of(view, key, job, finding);
    let keeps = |figure: &&&FigureEvidence| subject.is_some_and(|s| s.keeps(&figure.feature));
    // A figure with its hour says more than a weightier one without.
    let figure = figures.iter().take(3).find(keeps).or(figures.first())?;
    let end_ms = job.newest_window_ms().unwrap_or_default();
    let opened_ms = parse_rfc3339(&finding.first_seen).unwrap_or(end_ms);
    let now = subject.and_then(|subject| subject.value(&figure.feature));
    Some(Figure {
        feature: figure.feature.clone(),
        label: figure.label.clone(),
        unit: figure.unit.clone(),
        healthy_min: figure.healthy_min,
        healthy_max: figure.healthy_max,
        before: subject.and_then(|subject| subject.before(&figure.feature, opened_ms, end_ms)),
        subject: finding.subject.name.clone(),
        value: now.or_else(|| figure.value.is_finite().then(|| round(figure.value))),
        series: subject.and_then(|subject| subject.minutes(&figure.feature, end_ms)),
    })
}

/// The figure of a healthy job that has the least room to its limit.
fn closest_figure(view: &FleetView, key: &JobKey, job: &JobView) -> Option<Figure> {
    let end_ms = job.newest_window_ms()?;
    let shares = LIMITS.iter().flat_map(|limit| {
        let measured = subjects(view, key, job, limit.scope).filter_map(|subject| {
            let value = subject.value(limit.feature)?;
            Some((value / limit.healthy_max, value, subject))
        });
        measured.map(move |(share, value, subject)| (share, value, subject, limit))
    });
    let (_, value, subject, limit) = shares.max_by(|a, b| a.0.total_cmp(&b.0))?;
    Some(Figure {
        feature: limit.feature.to_owned(),
        label: limit.label.to_owned(),
        unit: limit.unit.to_owned(),
        healthy_min: None,
        healthy_max: Some(limit.healthy_max),
        before: None,
        subject: match limit.scope {
            Scope::Job => String::new(),
            _ => subject.name.clone(),
        },
        value: Some(value),
        series: subject.minutes(limit.feature, end_ms),
    })
}

/// What of a scope says something of this job.
fn subjects<'a>(
    view: &'a FleetView,
    key: &JobKey,
    job: &'a JobView,
    scope: Scope,
) -> Box<dyn Iterator<Item = &'a SubjectView> + 'a> {
    match scope {
        Scope::Job => Box::new(std::iter::once(&job.own)),
        Scope::Vertex => Box::new(job.vertices.values()),
        // A TaskManager's figures say something of this job only if it is alone on its cluster.
        Scope::TaskManager if view.jobs_of(&key.0) == 1 => {
            let cluster = view.cluster(&key.0).into_iter();
            Box::new(cluster.flat_map(|cluster| cluster.taskmanagers.values()))
        }
        Scope::TaskManager | Scope::Cluster => Box::new(std::iter::empty()),
    }
}
