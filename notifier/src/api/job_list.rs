//! `/jobs`: the list.

use std::io::Write;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde::Deserialize;
use serde_json::value::RawValue;
use streamwarden_proto::cloud_event::rfc3339;

use crate::api::answer::{ApiError, etag, json, tagged};
use crate::api::types::{JobList, JobRow, JobStatus, StatusCounts};
use crate::api::{Api, open_by_job};
use crate::engine::State as EngineState;
use crate::view::JobKey;
use crate::view::job::JobView;
use crate::view::kept::WrittenRow;

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
    /// The same packed, once for all who look at it: packed for each, 50 viewers did not stay below 50 ms.
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
    let mut state = api.engine.state();
    let newest_ms = state.view.newest_ms();
    let rows = all_rows(&mut state, now_ms);
    drop(state);
    Ok(json(&headers, &job_list(&rows, &query, newest_ms)))
}

fn written(api: &Api, now_ms: i64) -> Arc<Written> {
    let mut state = api.engine.state();
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
    let newest_ms = state.view.newest_ms();
    let rows = all_rows(&mut state, now_ms);
    drop(state);
    let list = job_list(&rows, &JobQuery::default(), newest_ms);
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

/// The rows of all jobs, in no order.
fn all_rows(state: &mut EngineState, now_ms: i64) -> Vec<Arc<WrittenRow>> {
    let by_job = open_by_job(&state.machine, &state.view, now_ms);
    let (view, rows) = (&state.view, &mut state.rows);
    let row_of = |(key, job): (&JobKey, &JobView)| {
        let open = by_job.get(key).map_or(&[][..], Vec::as_slice);
        rows.row(view, key, job, open)
    };
    view.jobs().filter_map(row_of).collect()
}

/// Rows of these jobs, for live events.
pub(crate) fn rows_of(
    state: &mut EngineState,
    keys: &[JobKey],
    now_ms: i64,
) -> Vec<Arc<WrittenRow>> {
    let by_job = open_by_job(&state.machine, &state.view, now_ms);
    let (view, rows) = (&state.view, &mut state.rows);
    let row_of = |key: &JobKey| {
        let open = by_job.get(key).map_or(&[][..], Vec::as_slice);
        rows.row(view, key, view.job(key)?, open)
    };
    keys.iter().filter_map(row_of).collect()
}

/// The rows that are asked for, in order.
fn job_list<'a>(
    rows: &'a [Arc<WrittenRow>],
    query: &JobQuery,
    newest_ms: Option<i64>,
) -> JobList<&'a RawValue> {
    let wanted = query.q.to_lowercase();
    let mut counts = StatusCounts::default();
    let mut chosen: Vec<&WrittenRow> = Vec::new();
    for written in rows {
        let row = &written.row;
        if !query.cluster.is_empty() && row.head.cluster_id != query.cluster {
            continue;
        }
        if !wanted.is_empty() && !mentions(row, &wanted) {
            continue;
        }
        count(&mut counts, row.head.status);
        if query.status.is_none_or(|status| status == row.head.status) {
            chosen.push(written);
        }
    }
    chosen.sort_by(|a, b| {
        need(&a.row)
            .partial_cmp(&need(&b.row))
            .unwrap_or(std::cmp::Ordering::Equal)
    });
    let total = chosen.len();
    let page = chosen.into_iter().skip(query.offset);
    let page = page.take(query.limit.unwrap_or(usize::MAX));
    JobList {
        window: newest_ms.map(rfc3339),
        total,
        counts,
        jobs: page.map(|written| &*written.json).collect(),
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
