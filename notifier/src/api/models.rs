//! `/models`: what judges, and how good it is.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;

use crate::api::Api;
use crate::api::answer::json;

pub(super) async fn list(State(api): State<Api>, headers: HeaderMap) -> Response {
    json(&headers, &api.engine.knowledge.models)
}
