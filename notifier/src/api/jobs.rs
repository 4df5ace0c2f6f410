//! `/jobs/{id}`: one job's own page.

use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use streamwarden_proto::cloud_event::{parse_rfc3339, rfc3339};
use streamwarden_proto::finding::{Finding, FindingStatus};

use crate::alerts::alert::Alert;
use crate::api::answer::{ApiError, json};
use crate::api::incidents::rows_of as incident_rows;
use crate::api::types::{FindingDetail, IncidentRow, JobDetail, Mark};
use crate::api::{Api, open_by_job};
use crate::store::IncidentQuery;
use crate::view::health::sort_worst_first;
use crate::view::row::{OpenFinding, head, place};
use crate::view::{FleetView, JobKey};
use crate::view::{collect, detail, timeline};

/// Incidents in a job's history.
const HISTORY: i64 = 50;
/// Earlier incidents beside a finding.
const EARLIER: i64 = 10;
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
    let by_job = open_by_job(&state.machine, view, (api.engine.clock)());
    let open = by_job.get(key).map_or(&[][..], Vec::as_slice);
    let mut findings: Vec<&Finding> = open.iter().map(|open| open.finding).collect();
    sort_worst_first(&mut findings);
    let snapshot = job.snapshot.as_ref();
    let cluster = view
        .cluster(&key.0)
        .and_then(|cluster| cluster.snapshot.as_ref());
    let marks = marks(history, timeline::change_marks(job));
    let address = cluster.and_then(|cluster| flink_address(&cluster.url));
    let details = findings
        .iter()
        .map(|finding| finding_detail(job, finding, open, address));
    Ok(JobDetail {
        head: head(view, key, job, open),
        flink_version: cluster
            .map(|c| c.flink_version.clone())
            .filter(|version| !version.is_empty()),
        flink_url: address.map(|address| format!("{address}/#/job/running/{}", key.1)),
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
    address: Option<&str>,
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
        collect_next: collect::collect_next(finding, address),
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

/// Of its REST interface and page, if a browser can go there.
fn flink_address(address: &str) -> Option<&str> {
    let url = url::Url::parse(address).ok()?;
    let fine = matches!(url.scheme(), "http" | "https");
    fine.then(|| address.trim_end_matches('/'))
}
