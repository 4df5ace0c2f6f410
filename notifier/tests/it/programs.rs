//! Channels that programs read: signed webhook, Alertmanager, PagerDuty, Teams.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use serde_json::Value;
use streamwarden_notifier::channels::NamedChannel;
use streamwarden_notifier::channels::config::{ChannelTarget, SecretOrText};
use streamwarden_notifier::channels::webhook::{WebhookBody, signature};
use streamwarden_service_runtime::{Secret, SecretText};
use tokio::net::TcpListener;

use crate::service::{Service, to};
use crate::support::{BEGAN_MS, HeldClock, eventually, opened, resolved, slow_sink};

type Received = Arc<Mutex<Vec<(HeaderMap, Bytes)>>>;

async fn receiver() -> (String, Received) {
    let received = Received::default();
    let router = Router::new()
        .fallback(keep)
        .with_state(Arc::clone(&received));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    (address, received)
}

async fn keep(State(received): State<Received>, headers: HeaderMap, body: Bytes) -> StatusCode {
    received.lock().unwrap().push((headers, body));
    StatusCode::ACCEPTED
}

fn secret(directory: &tempfile::TempDir, text: &str) -> Secret {
    let path = directory.path().join("secret");
    std::fs::write(&path, text).unwrap();
    Secret::File(path)
}

/// What arrives for an incident that opens and ends.
async fn incident(channel: NamedChannel, received: &Received) -> Vec<(HeaderMap, Bytes)> {
    let clock = HeldClock::at(BEGAN_MS);
    let service = Service::start("sqlite::memory:", vec![channel], &clock)
        .await
        .sending();
    service
        .take(&[opened(&slow_sink("orders"), BEGAN_MS)])
        .await;
    service.pass_s(5).await;
    service
        .take(&[resolved(&slow_sink("orders"), BEGAN_MS + 60_000)])
        .await;
    let two = || async { (received.lock().unwrap().len() >= 2).then_some(()) };
    eventually("two messages", two).await;
    service.stop().await;
    received.lock().unwrap().clone()
}

fn json(body: &Bytes) -> Value {
    serde_json::from_slice(body).unwrap()
}

#[tokio::test]
async fn a_webhook_is_signed_over_time_and_body_and_carries_the_finding() {
    let (address, received) = receiver().await;
    let directory = tempfile::tempdir().unwrap();
    let target = ChannelTarget::Webhook {
        url: SecretOrText::Text(format!("{address}/hook")),
        secret: Some(secret(&directory, "shared")),
    };
    let messages = incident(to("hook", target), &received).await;
    for (headers, body) in &messages {
        let text = |name: &str| headers[name].to_str().unwrap();
        let expected = signature(
            &SecretText::new("shared"),
            text("x-streamwarden-timestamp"),
            body,
        );
        assert_eq!(text("x-streamwarden-signature"), expected);
    }
    let first: WebhookBody = serde_json::from_slice(&messages[0].1).unwrap();
    assert_eq!((first.event.as_str(), first.total), ("opened", 1));
    assert_eq!(first.alerts[0].finding.slug, "slow-sink");
    let last: WebhookBody = serde_json::from_slice(&messages[1].1).unwrap();
    assert_eq!(last.event, "resolved");
    assert_eq!(last.conversation, first.conversation);
    assert_eq!(last.alerts[0].fingerprint, first.alerts[0].fingerprint);
    assert_ne!(
        messages[0].0["x-streamwarden-delivery"],
        messages[1].0["x-streamwarden-delivery"]
    );
}

#[tokio::test]
async fn pagerduty_gets_a_trigger_and_a_resolve_with_one_key() {
    let (address, received) = receiver().await;
    let directory = tempfile::tempdir().unwrap();
    let target = ChannelTarget::Pagerduty {
        routing_key: secret(&directory, "key"),
        api_url: SecretOrText::Text(format!("{address}/v2/enqueue")),
    };
    let messages = incident(to("pager", target), &received).await;
    let (first, last) = (json(&messages[0].1), json(&messages[1].1));
    assert_eq!(first["event_action"], "trigger");
    assert_eq!(first["payload"]["severity"], "critical");
    assert_eq!(last["event_action"], "resolve");
    assert_eq!(first["dedup_key"], last["dedup_key"]);
}

#[tokio::test]
async fn teams_gets_adaptive_cards() {
    let (address, received) = receiver().await;
    let target = ChannelTarget::Teams {
        url: SecretOrText::Text(format!("{address}/workflow")),
    };
    let messages = incident(to("teams", target), &received).await;
    let card = &json(&messages[0].1)["attachments"][0]["content"];
    assert_eq!(card["type"], "AdaptiveCard");
    assert_eq!(card["body"][0]["text"], "Critical: orders");
}
