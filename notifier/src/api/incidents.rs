//! `/incidents`: what was, and what is open.

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Deserialize;
use streamwarden_proto::cloud_event::rfc3339;
use streamwarden_proto::feedback::Feedback;
use streamwarden_proto::finding::FindingStatus;

use crate::alerts::alert::Alert;
use crate::api::Api;
use crate::api::answer::{ApiError, json};
use crate::api::types::{FeedbackNote, IncidentList, IncidentRow};
use crate::store::IncidentQuery;

const DAY_MS: i64 = 24 * 3_600_000;
/// More are not given at once.
const LIMIT: i64 = 1000;

/// Which incidents, and which page of them.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Incidents {
    days: u16,
    cluster: String,
    job: String,
    slug: String,
    offset: u32,
    limit: Option<u32>,
}

impl Default for Incidents {
    fn default() -> Self {
        Self {
            days: 30,
            cluster: String::new(),
            job: String::new(),
            slug: String::new(),
            offset: 0,
            limit: None,
        }
    }
}

pub(super) async fn list(
    State(api): State<Api>,
    headers: HeaderMap,
    query: Result<Query<Incidents>, QueryRejection>,
) -> Result<Response, ApiError> {
    let Query(asked) = query?;
    let key = api.engine.state().view.key_of(&asked.job);
    let query = IncidentQuery {
        cluster_id: asked.cluster,
        job_id: key.map_or(asked.job, |(_, job_id)| job_id),
        slug: asked.slug,
        since_ms: api.engine.shown_now_ms() - i64::from(asked.days) * DAY_MS,
        offset: i64::from(asked.offset),
        limit: asked.limit.map_or(LIMIT, i64::from).clamp(1, LIMIT),
    };
    let (total, alerts) = api.engine.store.incidents(&query).await?;
    let mut incidents = Vec::with_capacity(alerts.len());
    for alert in &alerts {
        incidents.push(row_of(&api, alert).await?);
    }
    let total = usize::try_from(total).unwrap_or(0);
    Ok(json(&headers, &IncidentList { total, incidents }))
}

/// An incident as a row.
pub(super) async fn row_of(api: &Api, alert: &Alert) -> Result<IncidentRow, ApiError> {
    let finding = &alert.finding;
    let feedback = api.engine.store.feedback_on(&finding.finding_id).await?;
    let key = (finding.cluster_id.clone(), finding.job_id.clone());
    let (id, changed) = {
        let state = api.engine.state();
        let changed = state
            .view
            .job(&key)
            .and_then(|job| change_meanwhile(job, alert));
        (state.view.id_of(&key), changed)
    };
    Ok(IncidentRow {
        finding_id: finding.finding_id.clone(),
        status: if alert.is_open() {
            FindingStatus::Open
        } else {
            FindingStatus::Resolved
        },
        code: finding.code.clone(),
        slug: finding.slug.clone(),
        severity: finding.severity,
        cluster_id: finding.cluster_id.clone(),
        job_id: finding.job_id.clone(),
        id,
        job_name: finding.job_name.clone(),
        subject: finding.subject.clone(),
        title: finding.title.clone(),
        began: rfc3339(alert.began_ms),
        ended: alert.ended.map(|ended| rfc3339(ended.at_ms)),
        changed,
        feedback: feedback.map(note),
    })
}

/// What was changed in the job's configuration while the incident was open.
fn change_meanwhile(job: &crate::view::job::JobView, alert: &Alert) -> Option<String> {
    let ended_ms = alert.ended.map_or(i64::MAX, |ended| ended.at_ms);
    let meanwhile = |at_ms: i64| (alert.began_ms..=ended_ms).contains(&at_ms);
    let changes = job
        .changes
        .iter()
        .filter(|change| meanwhile(change.at_ms))
        .take(3);
    let words: Vec<String> = changes
        .map(|change| {
            let from = change.from.as_deref().unwrap_or("unset");
            format!(
                "{} {from} → {}",
                change.key,
                change.to.as_deref().unwrap_or("unset")
            )
        })
        .collect();
    (!words.is_empty()).then(|| words.join(", "))
}

pub(super) fn note(feedback: Feedback) -> FeedbackNote {
    FeedbackNote {
        verdict: feedback.verdict,
        by: "person".to_owned(),
        comment: feedback.comment,
        actual_slug: feedback.actual_slug,
    }
}
