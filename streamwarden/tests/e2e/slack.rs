//! A stand-in for Slack's incoming webhooks that keeps Slack's rules: one message a second, 429 with Retry-After, limits of
//! Block Kit.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::{Json, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::routing::post;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::time::Instant;

/// Slack takes one message a second from a webhook; short bursts are let through.
const BETWEEN_MESSAGES: Duration = Duration::from_millis(900);
const BLOCKS_LIMIT: usize = 50;
const SECTION_TEXT_LIMIT: usize = 3_000;

#[derive(Default)]
struct Received {
    messages: Vec<Value>,
    last: Option<Instant>,
}

/// The stand-in; it ends with the test's runtime.
pub(crate) struct Slack {
    pub(crate) url: String,
    received: Arc<Mutex<Received>>,
}

impl Slack {
    pub(crate) async fn start() -> Self {
        let received = Arc::new(Mutex::new(Received::default()));
        let app = Router::new()
            .route("/services/hook", post(receive))
            .with_state(Arc::clone(&received));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/services/hook", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { url, received }
    }

    /// The text of every message so far: what a locked phone shows.
    pub(crate) fn texts(&self) -> Vec<String> {
        let received = self.received.lock().unwrap();
        received
            .messages
            .iter()
            .map(|message| message["text"].to_string())
            .collect()
    }
}

type Answer = (StatusCode, HeaderMap, &'static str);

async fn receive(
    State(received): State<Arc<Mutex<Received>>>,
    Json(message): Json<Value>,
) -> Answer {
    let mut received = received.lock().unwrap();
    let now = Instant::now();
    if received
        .last
        .is_some_and(|last| now - last < BETWEEN_MESSAGES)
    {
        let wait = HeaderMap::from_iter([("retry-after".parse().unwrap(), HeaderValue::from(1))]);
        return (StatusCode::TOO_MANY_REQUESTS, wait, "rate_limited");
    }
    if let Some(refusal) = refusal(&message) {
        return (StatusCode::BAD_REQUEST, HeaderMap::new(), refusal);
    }
    received.last = Some(now);
    received.messages.push(message);
    (StatusCode::OK, HeaderMap::new(), "ok")
}

fn refusal(message: &Value) -> Option<&'static str> {
    let no_blocks = Vec::new();
    let blocks = message["blocks"].as_array().unwrap_or(&no_blocks);
    let too_long = |block: &Value| {
        block["text"]["text"]
            .as_str()
            .is_some_and(|text| text.chars().count() > SECTION_TEXT_LIMIT)
    };
    if message["text"].as_str().is_none_or(str::is_empty) && blocks.is_empty() {
        Some("no_text")
    } else if blocks.len() > BLOCKS_LIMIT || blocks.iter().any(too_long) {
        Some("invalid_blocks")
    } else {
        None
    }
}
