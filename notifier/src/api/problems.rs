//! `/problems`: the catalogue, with how many are open.

use std::collections::HashMap;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;

use crate::api::Api;
use crate::api::answer::json;

pub(super) async fn list(State(api): State<Api>, headers: HeaderMap) -> Response {
    let mut catalogue = api.engine.knowledge.catalogue.clone();
    let mut open: HashMap<String, usize> = HashMap::new();
    for alert in api.engine.state().machine.open_alerts() {
        *open.entry(alert.finding.slug.clone()).or_default() += 1;
    }
    for problem in &mut catalogue.problems {
        problem.open = open.get(&problem.slug).copied().unwrap_or(0);
    }
    json(&headers, &catalogue)
}
