//! `/silences`: what is not announced, by whom, until when.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde::Deserialize;
use streamwarden_proto::cloud_event::{parse_rfc3339, rfc3339};

use crate::alerts::silence::{Silence, SilenceMatcher};
use crate::api::Api;
use crate::api::answer::{ApiError, Body, body, json};
use crate::api::auth::{Caller, Right};
use crate::api::findings::author;
use crate::api::types::{SilenceList, SilenceRow};

/// A silence to be made: for a duration from now, or from one time to another.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SilenceBody {
    matcher: SilenceMatcher,
    #[serde(default)]
    duration_s: Option<i64>,
    #[serde(default)]
    starts_at: Option<String>,
    #[serde(default)]
    ends_at: Option<String>,
    #[serde(default)]
    reason: String,
}

pub(super) async fn list(State(api): State<Api>, headers: HeaderMap) -> Response {
    let now_ms = (api.engine.clock)();
    let mut silences: Vec<SilenceRow> = {
        let state = api.engine.state();
        let lasting = state
            .machine
            .silences()
            .iter()
            .filter(|silence| silence.ends_ms > now_ms);
        lasting.map(|silence| row(silence, now_ms)).collect()
    };
    silences.sort_by(|a, b| a.ends_at.cmp(&b.ends_at));
    json(&headers, &SilenceList { silences })
}

pub(super) async fn create(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    given: Body<SilenceBody>,
) -> Result<Response, ApiError> {
    caller.needs(Right::Silence)?;
    let given = body(given)?;
    let now_ms = (api.engine.clock)();
    let times = times(&given, now_ms)?;
    let who = (author(&caller), given.reason.as_str());
    let silence = api
        .engine
        .silence(given.matcher.clone(), who, times)
        .await?;
    Ok((StatusCode::CREATED, Json(row(&silence, now_ms))).into_response())
}

pub(super) async fn end(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    caller.needs(Right::Silence)?;
    api.engine.end_silence(&id, author(&caller)).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn times(given: &SilenceBody, now_ms: i64) -> Result<(i64, i64), ApiError> {
    let read = |text: &Option<String>, name: &str| match text {
        Some(text) => parse_rfc3339(text).map(Some).ok_or_else(|| {
            ApiError::bad_request(format!("{name} is no time such as 2026-11-22T03:00:00Z"))
        }),
        None => Ok(None),
    };
    let starts_ms = read(&given.starts_at, "starts_at")?.unwrap_or(now_ms);
    match (given.duration_s, read(&given.ends_at, "ends_at")?) {
        (Some(_), Some(_)) => Err(ApiError::bad_request(
            "give duration_s or ends_at, not both",
        )),
        (Some(seconds), None) => Ok((
            starts_ms,
            starts_ms.saturating_add(seconds.saturating_mul(1000)),
        )),
        (None, Some(ends_ms)) => Ok((starts_ms, ends_ms)),
        (None, None) => Err(ApiError::bad_request("give duration_s or ends_at")),
    }
}

fn row(silence: &Silence, now_ms: i64) -> SilenceRow {
    let later = silence.starts_ms > silence.created_ms;
    SilenceRow {
        id: silence.id.clone(),
        matcher: silence.matcher.clone(),
        reason: silence.reason.clone(),
        author: silence.author.clone(),
        created_at: rfc3339(silence.created_ms),
        starts_at: later.then(|| rfc3339(silence.starts_ms)),
        ends_at: rfc3339(silence.ends_ms),
        active: silence.is_active(now_ms),
    }
}
