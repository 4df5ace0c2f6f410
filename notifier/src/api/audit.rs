//! `/audit`: what people did.

use axum::Extension;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Deserialize;
use streamwarden_proto::cloud_event::rfc3339;

use crate::api::Api;
use crate::api::answer::{ApiError, json};
use crate::api::auth::{Caller, Right};
use crate::api::types::{AuditList, AuditRow};

/// More are not given at once.
const LIMIT: u32 = 500;

/// Which page of it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct AuditQuery {
    offset: u32,
    limit: Option<u32>,
}

/// Names of people are for people who work with it: whoever may only look does not see them.
pub(super) async fn list(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    query: Result<Query<AuditQuery>, QueryRejection>,
) -> Result<Response, ApiError> {
    caller.needs(Right::Silence)?;
    let Query(asked) = query?;
    let limit = asked.limit.unwrap_or(LIMIT).clamp(1, LIMIT);
    let (total, lines) = api
        .engine
        .store
        .deeds(i64::from(asked.offset), i64::from(limit))
        .await?;
    let rows = lines.into_iter().map(|line| AuditRow {
        at: rfc3339(line.at_ms),
        author: line.author,
        action: line.action,
        subject: line.subject,
    });
    let list = AuditList {
        total: usize::try_from(total).unwrap_or(0),
        deeds: rows.collect(),
    };
    Ok(json(&headers, &list))
}
