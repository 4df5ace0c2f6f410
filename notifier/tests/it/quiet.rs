//! Times at which nobody is told: maintenance windows, and channels with hours of their own.

use serde_json::{Value, json};

use crate::asking::{ask, get};
use crate::service::{OPERATOR, Service, slack_webhook};
use crate::slack::Slack;
use crate::support::{BEGAN_MS, HeldClock, eventually, opened, resolved, slow_sink};

const HOUR_S: i64 = 3600;

async fn service(slack: &Slack, hours: Option<[&str; 2]>) -> Service {
    let mut channel = slack_webhook("slack", &slack.webhook_url());
    channel.route.hours_utc = hours.map(|hours| hours.map(str::to_owned));
    let clock = HeldClock::at(BEGAN_MS);
    Service::start("sqlite::memory:", vec![channel], &clock)
        .await
        .sending()
}

/// The channel's list of what was said, once it says so much.
async fn said(service: &Service, count: usize) -> Vec<Value> {
    let messages = || async {
        let channels = get(service, "/api/v1/channels").await;
        let recent = channels["recent"].as_array().unwrap().clone();
        let sent = recent.iter().all(|line| line["outcome"] == "sent");
        (sent && recent.len() == count).then_some(recent)
    };
    eventually("all messages are sent", messages).await
}

#[tokio::test]
async fn a_maintenance_window_is_made_ahead_and_what_opens_in_it_is_told_when_it_ends() {
    let slack = Slack::start().await;
    let service = service(&slack, None).await;
    let window = json!({
        "matcher": { "job_name": "orders" },
        "starts_at": "2026-11-22T04:00:00Z",
        "ends_at": "2026-11-22T05:00:00Z",
        "reason": "database upgrade",
    });
    let made = ask(
        &service,
        "POST",
        "/api/v1/silences",
        OPERATOR,
        Some(&window.to_string()),
    )
    .await;
    assert_eq!(made.status, 201, "{}", made.text);
    assert_eq!(made.json()["active"], false);
    assert_eq!(made.json()["starts_at"], "2026-11-22T04:00:00Z");

    // Before it begins, people are told as ever.
    let finding = slow_sink("orders");
    service.take(&[opened(&finding, BEGAN_MS)]).await;
    service.pass_s(10).await;
    said(&service, 1).await;
    service.take(&[resolved(&finding, BEGAN_MS + 60_000)]).await;
    said(&service, 2).await;

    // It is 02:46:30; at 04:16:30 the window has begun.
    service.pass_s(HOUR_S + 1800).await;
    let mut again = slow_sink("orders");
    again.finding_id = "f-in-the-window".into();
    let opened_ms = service.clock.now_ms();
    service.take(&[opened(&again, opened_ms)]).await;
    service.pass_s(60).await;
    let silences = get(&service, "/api/v1/silences").await;
    assert_eq!(silences["silences"][0]["active"], true);
    let job = get(&service, "/api/v1/jobs/id-orders").await;
    assert_eq!(job["silenced_until"], "2026-11-22T05:00:00Z");
    // 04:59:30, and 05:00:30.
    service.pass_s(42 * 60).await;
    said(&service, 2).await;
    service.pass_s(60).await;
    let told = said(&service, 3).await;
    assert_eq!(told[0]["event"], "opened");
    assert_eq!(slack.texts().len(), 3);
    let silences = get(&service, "/api/v1/silences").await;
    assert_eq!(silences["silences"], json!([]));
    service.stop().await;
}

#[tokio::test]
async fn what_opens_outside_a_channels_hours_is_told_when_they_begin() {
    let slack = Slack::start().await;
    // It is 02:46.
    let service = service(&slack, Some(["08:00", "18:00"])).await;
    service
        .take(&[opened(&slow_sink("orders"), BEGAN_MS)])
        .await;
    service.pass_s(60).await;
    // 07:59:20, and 08:00:20.
    service.pass_s(5 * HOUR_S + 12 * 60).await;
    said(&service, 0).await;
    service.pass_s(60).await;
    let told = said(&service, 1).await;
    assert_eq!(told[0]["event"], "opened");
    assert_eq!(slack.texts().len(), 1);
    service.stop().await;
}
