//! A stand-in for Slack with Slack's rules: one message a second, limits of blocks, tokens, threads, edits.

use std::sync::{Arc, Mutex};
use std::time::Duration;

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
        let router = Router::new()
            .route("/services/{*rest}", post(webhook))
            .route("/api/{method}", post(call))
            .route("/answers", post(answer))
            .with_state(slack.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        slack.address = format!("http://{}", listener.local_addr().unwrap());
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

async fn call(
    State(slack): State<Slack>,
    Path(method): Path<String>,
    headers: HeaderMap,
    Json(mut message): Json<Value>,
) -> Response {
    let token = headers
        .get("authorization")
        .and_then(|value| value.to_str().ok());
    if token != Some(&format!("Bearer {TOKEN}")) {
        return Json(json!({ "ok": false, "error": "invalid_auth" })).into_response();
    }
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
