//! `/session`: logging in to the page, who is logged in, logging out.

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde::Deserialize;

use crate::api::Api;
use crate::api::answer::{ApiError, Body, body};
use crate::api::auth::{Address, Caller, Right};
use crate::api::sessions::{Session, set_cookie};
use crate::api::types::SessionInfo;

/// What one logs in with.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LoginBody {
    token: String,
}

pub(super) async fn show(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
) -> Response {
    let session = api.guard.sessions.of(&headers, (api.engine.clock)());
    private(Json(info(&caller, session.as_ref())).into_response())
}

/// A token for a cookie.
pub(super) async fn log_in(
    State(api): State<Api>,
    Extension(address): Extension<Address>,
    headers: HeaderMap,
    given: Body<LoginBody>,
) -> Result<Response, ApiError> {
    let given = body(given)?;
    let now_ms = (api.engine.clock)();
    let (name, role) = api
        .guard
        .holder(given.token.trim(), address.0, now_ms)
        .inspect_err(|_| tracing::warn!(address = ?address.0, "login refused"))?;
    // Whoever was logged in with the same browser is not any more.
    api.guard.sessions.end(&headers);
    let (secret, session) = api.guard.sessions.begin(&name, role, now_ms);
    api.engine.store.audit(&name, "log in", "", now_ms).await?;
    let caller = api.guard.caller_of(name, role);
    let answer = Json(info(&caller, Some(&session))).into_response();
    Ok(with_cookie(&api, answer, &secret))
}

pub(super) async fn log_out(
    State(api): State<Api>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    if let Some(session) = api.guard.sessions.end(&headers) {
        let now_ms = (api.engine.clock)();
        let store = &api.engine.store;
        store.audit(&session.name, "log out", "", now_ms).await?;
    }
    Ok(with_cookie(
        &api,
        StatusCode::NO_CONTENT.into_response(),
        "",
    ))
}

fn info(caller: &Caller, session: Option<&Session>) -> SessionInfo {
    SessionInfo {
        name: (!caller.name.is_empty()).then(|| caller.name.clone()),
        role: session.map(|session| session.role),
        rights: caller
            .rights
            .iter()
            .copied()
            .map(Right::as_str)
            .map(str::to_owned)
            .collect(),
        csrf: session.map(|session| session.csrf.clone()),
    }
}

fn with_cookie(api: &Api, mut answer: Response, secret: &str) -> Response {
    let cookie = set_cookie(secret, api.engine.public_url().starts_with("https:"));
    answer.headers_mut().insert(header::SET_COOKIE, cookie);
    private(answer)
}

/// Nothing on the way keeps it.
fn private(mut answer: Response) -> Response {
    let no_store = HeaderValue::from_static("no-store");
    answer.headers_mut().insert(header::CACHE_CONTROL, no_store);
    answer
}
