//! A stand-in for Slack with Slack's rules: one message a second, limits of blocks, tokens, threads, edits.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::time::Instant;

/// Token that the stand-in knows.
pub(crate) const TOKEN: &str = "xoxb-stand-in";

/// What happened at Slack.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// Messages of the channel, in order, as they stand now.
    pub(crate) messages: Vec<Value>,
    /// Calls of `chat.update`.
    pub(crate) edits: usize,
    /// Messages that were refused for coming too fast.
    pub(crate) too_fast: usize,
    /// What was answered to people who pressed buttons.
    pub(crate) answers: Vec<Value>,
    /// Pictures that are shown: time stamp of the thread, words, bytes.
    pub(crate) pictures: Vec<(String, String, Vec<u8>)>,
    /// Lengths of files that were asked for, and what came.
    uploads: Vec<(usize, Option<Vec<u8>>)>,
    /// The app has no right to upload files.
    pub(crate) no_files: bool,
    /// Calls of methods for files.
    pub(crate) file_calls: usize,
    last: Option<Instant>,
    /// Status that is answered instead.
    outage: Option<StatusCode>,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Slack {
    seen: Arc<Mutex<Seen>>,
    pub(crate) address: String,
}

impl Slack {
    pub(crate) async fn start() -> Self {
        let mut slack = Self::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        slack.address = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new()
            .route("/services/{*rest}", post(webhook))
            .route("/api/{method}", post(call))
            .route("/answers", post(answer))
            .route("/upload/{id}", post(upload))
            .with_state(slack.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        slack
    }

    pub(crate) fn webhook_url(&self) -> String {
        format!("{}/services/T0/B0/secret", self.address)
    }

    pub(crate) fn seen<T>(&self, look: impl FnOnce(&Seen) -> T) -> T {
        look(&self.seen.lock().unwrap())
    }

    pub(crate) fn texts(&self) -> Vec<String> {
        let text = |message: &Value| message["text"].as_str().unwrap().to_owned();
        self.seen(|seen| seen.messages.iter().map(text).collect())
    }

    pub(crate) fn forbid_files(&self) {
        self.seen.lock().unwrap().no_files = true;
    }

    pub(crate) fn break_down(&self, status: Option<StatusCode>) {
        self.seen.lock().unwrap().outage = status;
    }

    /// Refuses what Slack would refuse.
    fn admit(&self, message: &Value) -> Result<(), Box<Response>> {
        let mut seen = self.seen.lock().unwrap();
        if let Some(status) = seen.outage {
            return Err(Box::new((status, "no_service").into_response()));
        }
        if let Some(mistake) = mistake(message) {
            return Err(Box::new((StatusCode::BAD_REQUEST, mistake).into_response()));
        }
        let fast = seen
            .last
            .is_some_and(|last| last.elapsed() < Duration::from_secs(1));
        if fast {
            seen.too_fast += 1;
            return Err(Box::new(
                (StatusCode::TOO_MANY_REQUESTS, [("retry-after", "1")]).into_response(),
            ));
        }
        seen.last = Some(Instant::now());
        Ok(())
    }
}

async fn webhook(State(slack): State<Slack>, Json(message): Json<Value>) -> Response {
    if let Err(refused) = slack.admit(&message) {
        return *refused;
    }
    slack.seen.lock().unwrap().messages.push(message);
    "ok".into_response()
}

async fn answer(State(slack): State<Slack>, Json(message): Json<Value>) -> StatusCode {
    slack.seen.lock().unwrap().answers.push(message);
    StatusCode::OK
}

/// Slack takes bytes at an address of its own, without a token.
async fn upload(
    State(slack): State<Slack>,
    Path(id): Path<usize>,
    headers: HeaderMap,
    body: Bytes,
) -> StatusCode {
    assert!(!headers.contains_key("authorization"));
    let mut seen = slack.seen.lock().unwrap();
    let (length, came) = &mut seen.uploads[id];
    if *length != body.len() {
        return StatusCode::BAD_REQUEST;
    }
    *came = Some(body.to_vec());
    StatusCode::OK
}

/// `files.getUploadURLExternal` takes a form and no JSON; `files.completeUploadExternal` takes ids and no names.
fn call_for_files(slack: &Slack, method: &str, content_type: &str, body: &Bytes) -> Value {
    let refused = |error: &str| json!({ "ok": false, "error": error });
    let mut seen = slack.seen.lock().unwrap();
    seen.file_calls += 1;
    if seen.no_files {
        return refused("missing_scope");
    }
    if method == "files.getUploadURLExternal" {
        let form: BTreeMap<_, _> = url::form_urlencoded::parse(body).into_owned().collect();
        let length = form.get("length").and_then(|text| text.parse().ok());
        let (Some(length), "application/x-www-form-urlencoded") = (length, content_type) else {
            return refused("invalid_arguments");
        };
        seen.uploads.push((length, None));
        let id = seen.uploads.len() - 1;
        let address = format!("{}/upload/{id}", slack.address);
        return json!({ "ok": true, "upload_url": address, "file_id": format!("F{id}") });
    }
    let asked: Value = serde_json::from_slice(body).unwrap();
    let file = &asked["files"][0];
    let id = file["id"].as_str().and_then(|id| id.strip_prefix('F'));
    let bytes = id.and_then(|id| seen.uploads[id.parse::<usize>().unwrap()].1.clone());
    let Some(bytes) = bytes else {
        return refused("file_not_found");
    };
    let thread = asked["thread_ts"].as_str().unwrap().to_owned();
    let known = seen.messages.iter().any(|message| message["ts"] == thread);
    if asked["channel_id"] != "C0123" || !known {
        return refused("channel_not_found");
    }
    let words = file["title"].as_str().unwrap().to_owned();
    seen.pictures.push((thread, words, bytes));
    json!({ "ok": true, "files": [{ "id": file["id"] }] })
}

async fn call(
    State(slack): State<Slack>,
    Path(method): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let token = headers
        .get("authorization")
        .and_then(|value| value.to_str().ok());
    if token != Some(&format!("Bearer {TOKEN}")) {
        return Json(json!({ "ok": false, "error": "invalid_auth" })).into_response();
    }
    if method.starts_with("files.") {
        let content_type = headers["content-type"].to_str().unwrap();
        return Json(call_for_files(&slack, &method, content_type, &body)).into_response();
    }
    let mut message: Value = serde_json::from_slice(&body).unwrap();
    if method == "chat.update" {
        let mut seen = slack.seen.lock().unwrap();
        seen.edits += 1;
        let known = seen
            .messages
            .iter_mut()
            .find(|known| known["ts"] == message["ts"]);
        let Some(known) = known.filter(|_| message["channel"] == "C0123") else {
            return Json(json!({ "ok": false, "error": "message_not_found" })).into_response();
        };
        known["text"] = message["text"].take();
        known["blocks"] = message["blocks"].take();
        return Json(json!({ "ok": true })).into_response();
    }
    if let Err(refused) = slack.admit(&message) {
        return *refused;
    }
    let mut seen = slack.seen.lock().unwrap();
    let ts = format!("1700000000.{:06}", seen.messages.len());
    message["ts"] = json!(ts);
    seen.messages.push(message);
    Json(json!({ "ok": true, "channel": "C0123", "ts": ts })).into_response()
}

/// What Slack's documentation does not allow.
fn mistake(message: &Value) -> Option<&'static str> {
    let blocks = message["blocks"].as_array()?;
    if blocks.len() > 50 {
        return Some("invalid_blocks");
    }
    let characters = |text: &Value| text.as_str().map_or(0, |text| text.chars().count());
    for block in blocks {
        let limit = match block["type"].as_str()? {
            "header" => 150,
            "section" => 3000,
            "actions" => {
                let elements = block["elements"].as_array()?;
                let wrong = |element: &Value| characters(&element["text"]["text"]) > 75;
                if elements.len() > 25 || elements.iter().any(wrong) {
                    return Some("invalid_blocks");
                }
                continue;
            }
            "context" => {
                if block["elements"].as_array()?.len() > 10 {
                    return Some("invalid_blocks");
                }
                continue;
            }
            _ => return Some("invalid_blocks"),
        };
        let length = characters(&block["text"]["text"]);
        if length == 0 || length > limit {
            return Some("invalid_blocks");
        }
    }
    None
}
