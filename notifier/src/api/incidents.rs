//! `/incidents`: what was, and what is open.

use std::collections::HashMap;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State as Shared};
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
use crate::engine::State;
use crate::store::IncidentQuery;

const DAY_MS: i64 = 24 * 3_600_000;
/// More are not given at once.
const LIMIT: i64 = 1000;

/// Which incidents, and which page of them.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Incidents {
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
    Shared(api): Shared<Api>,
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
    let incidents = rows_of(&api, &alerts).await?;
    let total = usize::try_from(total).unwrap_or(0);
    Ok(json(&headers, &IncidentList { total, incidents }))
}

/// Incidents as rows, each with the newest feedback.
pub(super) async fn rows_of(api: &Api, alerts: &[Alert]) -> Result<Vec<IncidentRow>, ApiError> {
    // Feedback is given after an incident began, and by the process's clock; a tape's incidents may be older or newer.
    let began_ms = alerts
        .iter()
        .map(|alert| alert.began_ms.min(alert.received_ms))
        .min();
    let Some(began_ms) = began_ms else {
        return Ok(Vec::new());
    };
    let feedback = api.engine.store.feedback_since(began_ms).await?;
    let newest: HashMap<String, Feedback> = feedback
        .into_iter()
        .map(|said| (said.finding_id.clone(), said))
        .collect();
    let state = api.engine.state();
    let row = |alert: &Alert| {
        let said = newest.get(&alert.finding.finding_id).cloned();
        row_of(&state, alert, said.map(note))
    };
    Ok(alerts.iter().map(row).collect())
}

fn row_of(state: &State, alert: &Alert, feedback: Option<FeedbackNote>) -> IncidentRow {
    let finding = &alert.finding;
    let key = (finding.cluster_id.clone(), finding.job_id.clone());
    let status = if alert.is_open() {
        FindingStatus::Open
    } else {
        FindingStatus::Resolved
    };
    IncidentRow {
        finding_id: finding.finding_id.clone(),
        status,
        code: finding.code.clone(),
        slug: finding.slug.clone(),
        severity: finding.severity,
        cluster_id: finding.cluster_id.clone(),
        job_id: finding.job_id.clone(),
        id: state.view.id_of(&key),
        job_name: finding.job_name.clone(),
        subject: finding.subject.clone(),
        title: finding.title.clone(),
        began: rfc3339(alert.began_ms),
        ended: alert.ended.map(|ended| rfc3339(ended.at_ms)),
        changed: state
            .view
            .job(&key)
            .and_then(|job| change_meanwhile(job, alert)),
        feedback,
    }
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
