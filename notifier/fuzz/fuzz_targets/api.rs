//! Any line as a request, whatever follows it as its body, from somebody who may do everything: an answer in JSON or a
//! redirect, never an error of the server.
#![no_main]

use std::cell::RefCell;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, header};
use libfuzzer_sys::{Corpus, fuzz_target};
use streamwarden_notifier::Knowledge;
use streamwarden_notifier::alerts::config::AlertingConfig;
use streamwarden_notifier::api::auth::{Guard, KnownToken, Role};
use streamwarden_notifier::api::{Api, router};
use streamwarden_notifier::engine::Engine;
use streamwarden_notifier::store::SqlStore;
use streamwarden_proto::cloud_event::FindingEvent;
use streamwarden_service_runtime::{SecretText, Shutdown};
use tokio::runtime::Runtime;
use tower::ServiceExt;

const TOKEN: &str = "admin-token";
/// What silences and feedback leave behind is forgotten after so many requests.
const REQUESTS: usize = 5000;
const ANSWER_LIMIT_BYTES: usize = 16 << 20;
/// 2026-11-22 02:46 UTC.
const NOW_MS: i64 = 1_795_315_560_000;
const FINDING: &str = include_str!("../../../proto/samples/v1/finding-event.json");

struct Served {
    runtime: Runtime,
    router: Router,
    asked: usize,
}

thread_local! {
    static SERVED: RefCell<Option<Served>> = const { RefCell::new(None) };
}

fuzz_target!(|data: &[u8]| -> Corpus {
    SERVED.with_borrow_mut(|served| {
        if served.as_ref().is_none_or(|served| served.asked >= REQUESTS) {
            *served = Some(start());
        }
        served.as_mut().map_or(Corpus::Reject, |served| ask(served, data))
    })
});

/// The API with one open finding, on a database in memory.
fn start() -> Served {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.expect("a runtime");
    let router = runtime.block_on(async {
        let store = SqlStore::open("sqlite::memory:").await.expect("a database");
        let clock = Arc::new(|| NOW_MS);
        let shutdown = Shutdown::new(Duration::from_secs(1));
        let (alerting, knowledge) = (AlertingConfig::default(), Knowledge::default());
        let url = "https://sw.example";
        let engine = Engine::start(Arc::new(store), Vec::new(), alerting, url, knowledge, clock).await;
        let engine = Arc::new(engine.expect("an engine"));
        let event: FindingEvent = serde_json::from_str(FINDING).expect("the committed sample is readable");
        engine.on_findings(&[event], &shutdown).await.expect("the finding is taken");
        let token = KnownToken { name: "root".into(), role: Role::Admin, token: SecretText::new(TOKEN) };
        router(Api::new(engine, Guard::new(vec![token], true, false), shutdown))
    });
    Served { runtime, router, asked: 0 }
}

/// `POST /api/v1/silences`, and from the next line on the body.
fn ask(served: &mut Served, data: &[u8]) -> Corpus {
    let end = data.iter().position(|byte| *byte == b'\n').unwrap_or(data.len());
    let body = data.get(end + 1..).unwrap_or_default();
    let Some((method, target)) = std::str::from_utf8(&data[..end]).ok().and_then(|line| line.split_once(' ')) else {
        return Corpus::Reject;
    };
    // The stream of events has no end.
    if target.starts_with("/api/v1/events") {
        return Corpus::Reject;
    }
    let request = Request::builder()
        .method(method)
        .uri(target)
        .header(header::AUTHORIZATION, format!("Bearer {TOKEN}"))
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from(body.to_vec()));
    let Ok(request) = request else {
        return Corpus::Reject;
    };
    served.asked += 1;
    let router = served.router.clone();
    served.runtime.block_on(async {
        let answer = router.oneshot(request).await.unwrap_or_else(|never| match never {});
        let status = answer.status();
        assert!(!status.is_server_error(), "{method} {target}: {status}");
        let kind = answer.headers().get(header::CONTENT_TYPE).cloned();
        let text = to_bytes(answer.into_body(), ANSWER_LIMIT_BYTES).await.expect("the answer ends");
        if kind.is_some_and(|kind| kind.as_bytes().starts_with(b"application/json")) && !text.is_empty() {
            serde_json::from_slice::<serde_json::Value>(&text).expect("what says it is JSON is JSON");
        }
    });
    Corpus::Keep
}
