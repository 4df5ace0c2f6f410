//! `/jobs`: the list, and one job's own page.

use std::io::Write;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde::Deserialize;
use streamwarden_proto::cloud_event::{parse_rfc3339, rfc3339};
use streamwarden_proto::finding::{Finding, FindingStatus};

use crate::alerts::alert::Alert;
use crate::api::answer::{ApiError, etag, json, tagged};
use crate::api::incidents::rows_of as incident_rows;
use crate::api::types::{
    FindingDetail, IncidentRow, JobDetail, JobList, JobRow, JobStatus, Mark, StatusCounts,
};
use crate::api::{Api, open_by_job};
use crate::engine::State as EngineState;
use crate::store::IncidentQuery;
use crate::view::health::sort_worst_first;
use crate::view::row::{OpenFinding, head, place, row};
use crate::view::{FleetView, JobKey};
use crate::view::{detail, timeline};

/// Incidents in a job's history.
const HISTORY: i64 = 50;
/// Earlier incidents beside a finding.
const EARLIER: i64 = 10;
/// How long the list is good for when nothing but ages and silences can have changed.
const FRESH_MS: i64 = 1_000;

/// Which jobs, and which page of them.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct JobQuery {
    /// Only this cluster.
    pub cluster: String,
    /// Only with this status.
    pub status: Option<JobStatus>,
    /// Only with this text in name, cluster, code or problem.
    pub q: String,
    /// Skipped.
    pub offset: usize,
    /// At most.
    pub limit: Option<usize>,
}

/// The whole list as it was last written, for all who look at it.
#[derive(Debug, Default)]
pub struct ListCache {
    written: Mutex<Option<Arc<Written>>>,
}

#[derive(Debug)]
struct Written {
    version: u64,
    at_ms: i64,
    tag: String,
    text: Bytes,
    /// The same packed, once for all who look at it.
    packed: OnceLock<Bytes>,
}

impl Written {
    /// As this caller wants it. What is packed already is not packed again on its way.
    fn answer(&self, headers: &HeaderMap) -> Response {
        let packed = if takes_gzip(headers) {
            self.packed.get_or_init(|| gzip(&self.text))
        } else {
            &Bytes::new()
        };
        if packed.is_empty() {
            return tagged(headers, &self.tag, "application/json", self.text.clone());
        }
        let mut answer = tagged(headers, &self.tag, "application/json", packed.clone());
        if answer.status() == StatusCode::OK {
            let gzip = HeaderValue::from_static("gzip");
            answer.headers_mut().insert(header::CONTENT_ENCODING, gzip);
        }
        let varies = HeaderValue::from_static("accept-encoding");
        answer.headers_mut().insert(header::VARY, varies);
        answer
    }
}

fn takes_gzip(headers: &HeaderMap) -> bool {
    let asked = headers.get(header::ACCEPT_ENCODING);
    let asked = asked
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    asked.split(',').any(|coding| {
        let coding: String = coding.chars().filter(|c| !c.is_whitespace()).collect();
        let mut parts = coding.split(';');
        parts.next() == Some("gzip") && !parts.any(|part| part.trim_end_matches(['0', '.']) == "q=")
    })
}

/// Empty if it cannot be packed.
fn gzip(text: &[u8]) -> Bytes {
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    let packed = packed.write_all(text).and_then(|()| packed.finish());
    packed.unwrap_or_default().into()
}

pub(super) async fn list(
    State(api): State<Api>,
    headers: HeaderMap,
    query: Result<Query<JobQuery>, QueryRejection>,
) -> Result<Response, ApiError> {
    let Query(query) = query?;
    let now_ms = (api.engine.clock)();
    let everything = query.cluster.is_empty() && query.status.is_none() && query.q.is_empty();
    if everything && query.offset == 0 && query.limit.is_none() {
        return Ok(written(&api, now_ms).answer(&headers));
    }
    let state = api.engine.state();
    let list = job_list(&state, &query, now_ms);
    drop(state);
    Ok(json(&headers, &list))
}

fn written(api: &Api, now_ms: i64) -> Arc<Written> {
    let state = api.engine.state();
    let version = state.view.version();
    let mut cache = api
        .jobs
        .written
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    if let Some(written) = cache.as_ref() {
        let age_ms = now_ms - written.at_ms;
        if written.version == version && (0..FRESH_MS).contains(&age_ms) {
            return Arc::clone(written);
        }
    }
    let list = job_list(&state, &JobQuery::default(), now_ms);
    drop(state);
    let text = serde_json::to_string(&list).unwrap_or_default();
    let fresh = Arc::new(Written {
        version,
        at_ms: now_ms,
        tag: etag(&text),
        text: text.into(),
        packed: OnceLock::new(),
    });
    *cache = Some(Arc::clone(&fresh));
    fresh
}

fn job_list(state: &EngineState, query: &JobQuery, now_ms: i64) -> JobList {
    let view = &state.view;
    let by_job = open_by_job(state, now_ms);
    let open = |key: &JobKey| by_job.get(key).map_or(&[][..], Vec::as_slice);
    let mut counts = StatusCounts::default();
    let mut chosen: Vec<JobRow> = Vec::new();
    let wanted = query.q.to_lowercase();
    for (key, job) in view.jobs() {
        if !query.cluster.is_empty() && key.0 != query.cluster {
            continue;
        }
        let row = row(view, key, job, open(key));
        if !wanted.is_empty() && !mentions(&row, &wanted) {
            continue;
        }
        count(&mut counts, row.head.status);
        if query.status.is_none_or(|status| status == row.head.status) {
            chosen.push(row);
        }
    }
    chosen.sort_by(|a, b| {
        need(a)
            .partial_cmp(&need(b))
            .unwrap_or(std::cmp::Ordering::Equal)
    });
    JobList {
        window: view.newest_ms().map(rfc3339),
        total: chosen.len(),
        counts,
        jobs: chosen
            .into_iter()
            .skip(query.offset)
            .take(query.limit.unwrap_or(usize::MAX))
            .collect(),
    }
}

/// By health; jobs that are not judged behind those with findings; healthy ones by their room to a limit.
fn need(row: &JobRow) -> (u8, u8, f64, &str) {
    let group = match row.head.status {
        JobStatus::NoData => 1,
        JobStatus::Learning => 2,
        JobStatus::Healthy => 3,
        _ => 0,
    };
    let share = row
        .figure
        .as_ref()
        .and_then(|figure| Some(figure.value? / figure.healthy_max?));
    let room = if group == 3 {
        -share.unwrap_or(0.0)
    } else {
        0.0
    };
    (
        group,
        row.head.health.unwrap_or(0),
        room,
        &row.head.job_name,
    )
}

fn mentions(row: &JobRow, wanted: &str) -> bool {
    let finding = row.finding.as_ref();
    let texts = [
        Some(&row.head.job_name),
        Some(&row.head.cluster_id),
        Some(&row.head.job_id),
        finding.map(|finding| &finding.code),
        finding.map(|finding| &finding.slug),
        finding.map(|finding| &finding.subject.name),
    ];
    texts
        .into_iter()
        .flatten()
        .any(|text| text.to_lowercase().contains(wanted))
}

fn count(counts: &mut StatusCounts, status: JobStatus) {
    let place = match status {
        JobStatus::Critical => &mut counts.critical,
        JobStatus::Warning => &mut counts.warning,
        JobStatus::Unknown => &mut counts.unknown,
        JobStatus::Advice => &mut counts.advice,
        JobStatus::NoData => &mut counts.no_data,
        JobStatus::Learning => &mut counts.learning,
        JobStatus::Healthy => &mut counts.healthy,
    };
    *place += 1;
}

/// Rows of these jobs, for live events.
pub(crate) fn rows_of(state: &EngineState, keys: &[JobKey], now_ms: i64) -> Vec<JobRow> {
    let by_job = open_by_job(state, now_ms);
    let row_of = |key: &JobKey| {
        let open = by_job.get(key).map_or(&[][..], Vec::as_slice);
        state
            .view
            .job(key)
            .map(|job| row(&state.view, key, job, open))
    };
    keys.iter().filter_map(row_of).collect()
}

pub(super) async fn detail(
    State(api): State<Api>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let key = api.engine.state().view.key_of(&id);
    let key = key.ok_or_else(|| ApiError::not_found(format!("job {id:?}")))?;
    Ok(json(&headers, &job_detail(&api, &key).await?))
}

pub(super) async fn detail_of(
    State(api): State<Api>,
    Path(key): Path<JobKey>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    Ok(json(&headers, &job_detail(&api, &key).await?))
}

async fn job_detail(api: &Api, key: &JobKey) -> Result<JobDetail, ApiError> {
    let history = history(api, key).await?;
    let mut detail = from_memory(api, key, &history)?;
    for finding in &mut detail.findings {
        let fingerprint = crate::alerts::alert::fingerprint_of(&finding.finding);
        let episodes = api.engine.store.episodes(&fingerprint, EARLIER + 1).await?;
        let earlier: Vec<Alert> = episodes
            .into_iter()
            .filter(|alert| !alert.is_open())
            .collect();
        finding.earlier = incident_rows(api, &earlier).await?;
        let feedback = api
            .engine
            .store
            .feedback_on(&finding.finding.finding_id)
            .await?;
        finding.feedback = feedback.map(crate::api::incidents::note);
    }
    detail.history = history;
    Ok(detail)
}

async fn history(api: &Api, (cluster_id, job_id): &JobKey) -> Result<Vec<IncidentRow>, ApiError> {
    let query = IncidentQuery {
        cluster_id: cluster_id.clone(),
        job_id: job_id.clone(),
        limit: HISTORY,
        ..IncidentQuery::default()
    };
    let (_, alerts) = api.engine.store.incidents(&query).await?;
    incident_rows(api, &alerts).await
}

fn from_memory(api: &Api, key: &JobKey, history: &[IncidentRow]) -> Result<JobDetail, ApiError> {
    let state = api.engine.state();
    let view: &FleetView = &state.view;
    let job = view
        .job(key)
        .ok_or_else(|| ApiError::not_found(format!("job {:?}", key.1)))?;
    let by_job = open_by_job(&state, (api.engine.clock)());
    let open = by_job.get(key).map_or(&[][..], Vec::as_slice);
    let mut findings: Vec<&Finding> = open.iter().map(|open| open.finding).collect();
    sort_worst_first(&mut findings);
    let snapshot = job.snapshot.as_ref();
    let cluster = view
        .cluster(&key.0)
        .and_then(|cluster| cluster.snapshot.as_ref());
    let marks = marks(history, timeline::change_marks(job));
    let details = findings
        .iter()
        .map(|finding| finding_detail(job, finding, open));
    Ok(JobDetail {
        head: head(view, key, job, open),
        flink_version: cluster
            .map(|c| c.flink_version.clone())
            .filter(|version| !version.is_empty()),
        flink_url: cluster.and_then(|cluster| flink_url(&cluster.url, &key.1)),
        started_at: snapshot.map(|snapshot| rfc3339(snapshot.start_time_ms)),
        restarts: detail::restarts(job),
        task_managers: cluster.and_then(|c| u32::try_from(c.taskmanagers.len()).ok()),
        slots: cluster.map(|cluster| cluster.slots_total),
        last_change: job.changes.back().map(|change| rfc3339(change.at_ms)),
        findings: details.collect(),
        graph: detail::graph(job),
        series: timeline::series(view, key, job, &findings, marks),
        configuration: detail::configuration(job),
        history: Vec::new(),
        logs: detail::logs(job, &findings),
    })
}

fn finding_detail(
    job: &crate::view::job::JobView,
    finding: &Finding,
    open: &[OpenFinding<'_>],
) -> FindingDetail {
    let known = open
        .iter()
        .find(|open| open.finding.finding_id == finding.finding_id);
    FindingDetail {
        finding: finding.clone(),
        place: place(job, finding),
        silenced_until: known.and_then(|open| open.silenced_until_ms).map(rfc3339),
        acknowledged_by: known
            .and_then(|open| open.acknowledged_by)
            .map(str::to_owned),
        feedback: None,
        collect_next: detail::collect_next(finding),
        apply: detail::apply(job, finding),
        earlier: Vec::new(),
    }
}

fn marks(history: &[IncidentRow], changes: Vec<Mark>) -> Vec<Mark> {
    let mut marks = changes;
    for incident in history {
        let id = Some(incident.finding_id.clone());
        let mark = |at: &str, label: &str, kind: &str| Mark {
            at: at.to_owned(),
            label: label.to_owned(),
            kind: kind.to_owned(),
            finding_id: id.clone(),
        };
        marks.push(mark(&incident.began, "finding opened", "opened"));
        if incident.status == FindingStatus::Resolved {
            marks.extend(
                incident
                    .ended
                    .as_ref()
                    .map(|at| mark(at, "finding resolved", "resolved")),
            );
        }
    }
    marks.sort_by_key(|mark| parse_rfc3339(&mark.at));
    marks
}

fn flink_url(address: &str, job_id: &str) -> Option<String> {
    let url = url::Url::parse(address).ok()?;
    let fine = matches!(url.scheme(), "http" | "https");
    fine.then(|| format!("{}/#/job/running/{job_id}", address.trim_end_matches('/')))
}
