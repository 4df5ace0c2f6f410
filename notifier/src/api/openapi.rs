//! `/openapi.json`: the API, for programs.

use axum::http::HeaderMap;
use axum::response::Response;

use crate::api::answer::tagged;

/// Written by hand beside the types; a test holds its paths against the router's.
pub const DOCUMENT: &str = include_str!("openapi.json");

pub(super) async fn document(headers: HeaderMap) -> Response {
    tagged(
        &headers,
        concat!("W/\"", env!("CARGO_PKG_VERSION"), "\""),
        "application/json",
        DOCUMENT,
    )
}
