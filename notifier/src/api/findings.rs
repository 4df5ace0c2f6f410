//! `/findings`: what is open, and what people say of it.

use axum::Extension;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Deserialize;
use streamwarden_proto::feedback::Verdict;
use streamwarden_proto::finding::{Finding, FindingStatus, Severity};

use crate::api::Api;
use crate::api::answer::{ApiError, Body, body, json};
use crate::api::auth::{Caller, Right};
use crate::api::types::{FeedbackList, FindingList};
use crate::store::IncidentQuery;
use crate::view::health::sort_worst_first;

/// More are not given at once.
const LIMIT: usize = 1000;

/// Which findings, and which page of them.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct FindingQuery {
    status: Option<FindingStatus>,
    cluster: String,
    job: String,
    slug: String,
    severity: Option<Severity>,
    offset: usize,
    limit: Option<usize>,
}

/// What a person says of a finding.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FeedbackBody {
    verdict: Verdict,
    #[serde(default)]
    actual_slug: Option<String>,
    #[serde(default)]
    comment: String,
}

/// The same, with the finding named in the body.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NamedFeedbackBody {
    finding_id: String,
    verdict: Verdict,
    #[serde(default)]
    actual_slug: Option<String>,
    #[serde(default)]
    comment: String,
}

/// Which page of all feedback.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct FeedbackQuery {
    offset: usize,
    limit: Option<usize>,
}

/// A word with an acknowledgement.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct AcknowledgeBody {
    comment: String,
}

pub(super) async fn list(
    State(api): State<Api>,
    headers: HeaderMap,
    query: Result<Query<FindingQuery>, QueryRejection>,
) -> Result<Response, ApiError> {
    let Query(query) = query?;
    let findings = match query.status.unwrap_or(FindingStatus::Open) {
        FindingStatus::Open => open(&api),
        FindingStatus::Resolved => resolved(&api).await?,
    };
    let mut chosen: Vec<&Finding> = findings
        .iter()
        .filter(|finding| fits(&query, finding))
        .collect();
    sort_worst_first(&mut chosen);
    let total = chosen.len();
    let page = chosen
        .into_iter()
        .skip(query.offset)
        .take(query.limit.unwrap_or(LIMIT).min(LIMIT));
    let list = FindingList {
        total,
        findings: page.cloned().collect(),
    };
    Ok(json(&headers, &list))
}

fn open(api: &Api) -> Vec<Finding> {
    api.engine
        .state()
        .machine
        .open_alerts()
        .map(|alert| alert.finding.clone())
        .collect()
}

async fn resolved(api: &Api) -> Result<Vec<Finding>, ApiError> {
    let query = IncidentQuery {
        limit: i64::try_from(LIMIT).unwrap_or(i64::MAX),
        ..IncidentQuery::default()
    };
    let (_, alerts) = api.engine.store.incidents(&query).await?;
    let over = alerts.into_iter().filter(|alert| !alert.is_open());
    Ok(over.map(|alert| alert.finding).collect())
}

fn fits(query: &FindingQuery, finding: &Finding) -> bool {
    let is = |wanted: &str, text: &str| wanted.is_empty() || wanted == text;
    is(&query.cluster, &finding.cluster_id)
        && (is(&query.job, &finding.job_id) || query.job == finding.job_name)
        && (is(&query.slug, &finding.slug) || query.slug == finding.code)
        && query
            .severity
            .is_none_or(|severity| severity == finding.severity)
}

pub(super) async fn one(
    State(api): State<Api>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    Ok(json(&headers, &api.engine.finding(&id).await?))
}

pub(super) async fn feedback(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    headers: HeaderMap,
    given: Body<FeedbackBody>,
) -> Result<Response, ApiError> {
    caller.needs(Right::Feedback)?;
    let given = body(given)?;
    let said = (given.verdict, given.actual_slug, given.comment);
    let kept = api.engine.feedback(&id, said, author(&caller)).await?;
    Ok(json(&headers, &kept))
}

pub(super) async fn feedback_by_body(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    given: Body<NamedFeedbackBody>,
) -> Result<Response, ApiError> {
    caller.needs(Right::Feedback)?;
    let given = body(given)?;
    let said = (given.verdict, given.actual_slug, given.comment);
    let kept = api
        .engine
        .feedback(&given.finding_id, said, author(&caller))
        .await?;
    Ok(json(&headers, &kept))
}

/// All that people said, for whoever trains. Names of people are for people who work with it.
pub(super) async fn feedback_list(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    query: Result<Query<FeedbackQuery>, QueryRejection>,
) -> Result<Response, ApiError> {
    caller.needs(Right::Feedback)?;
    let Query(asked) = query?;
    let all = api.engine.store.feedback_since(0).await?;
    let list = FeedbackList {
        total: all.len(),
        feedback: all
            .into_iter()
            .skip(asked.offset)
            .take(asked.limit.unwrap_or(LIMIT).min(LIMIT))
            .collect(),
    };
    Ok(json(&headers, &list))
}

pub(super) async fn acknowledge(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    headers: HeaderMap,
    given: Body<AcknowledgeBody>,
) -> Result<Response, ApiError> {
    caller.needs(Right::Silence)?;
    let given = body(given)?;
    api.engine
        .acknowledge(&id, author(&caller), &given.comment, &api.shutdown)
        .await?;
    Ok(json(&headers, &api.engine.finding(&id).await?))
}

/// Whose name stands beside it.
pub(super) fn author(caller: &Caller) -> &str {
    if caller.name.is_empty() {
        "anonymous"
    } else {
        &caller.name
    }
}
