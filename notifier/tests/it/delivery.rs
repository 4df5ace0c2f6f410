//! From a finding to a message at Slack: outages, restarts, crashes.

use std::sync::{Arc, Mutex};

use axum::http::StatusCode;
use futures::future::BoxFuture;
use streamwarden_notifier::alerts::matcher::Route;
use streamwarden_notifier::channels::config::{ChannelTarget, SecretOrText};
use streamwarden_notifier::channels::{Channel, Delivery, NamedChannel, Receipt, SendError};
use streamwarden_service_runtime::Secret;

use crate::service::{Service, slack_webhook, to};
use crate::slack::{Slack, TOKEN};
use crate::support::{BEGAN_MS, HeldClock, eventually, opened, resolved, slow_sink};

fn file(directory: &tempfile::TempDir) -> String {
    format!("sqlite:{}", directory.path().join("alerts.db").display())
}

async fn messages(slack: &Slack, count: usize) -> Vec<String> {
    let enough = || async {
        let texts = slack.texts();
        (texts.len() >= count).then_some(texts)
    };
    eventually(&format!("{count} messages at Slack"), enough).await
}

/// Everything that was in the outbox is out of it.
async fn all_sent(service: &Service, channel: &str) {
    let empty = || async {
        let record = service.engine.store.channel_record(channel).await.unwrap();
        (record.waiting == 0).then_some(())
    };
    eventually("an empty outbox", empty).await;
}

#[tokio::test]
async fn slack_gets_one_message_when_it_begins_and_one_when_it_is_over() {
    let slack = Slack::start().await;
    let service = Service::to_slack(&slack, BEGAN_MS).await;
    service
        .take(&[opened(&slow_sink("orders"), BEGAN_MS)])
        .await;
    service.pass_s(5).await;
    let texts = messages(&slack, 1).await;
    assert!(
        texts[0].starts_with("Critical: orders. Sink: warehouse waits"),
        "{texts:?}"
    );
    service.pass_s(60).await;
    service
        .take(&[resolved(&slow_sink("orders"), BEGAN_MS + 60_000)])
        .await;
    let texts = messages(&slack, 2).await;
    assert!(
        texts[1].starts_with("Resolved: orders after 1\u{a0}min"),
        "{texts:?}"
    );
    all_sent(&service, "slack").await;
    assert_eq!(slack.texts().len(), 2);
    service.stop().await;
}

#[tokio::test]
async fn what_slack_did_not_take_is_kept_and_sent_later_in_order() {
    let slack = Slack::start().await;
    slack.break_down(Some(StatusCode::SERVICE_UNAVAILABLE));
    let directory = tempfile::tempdir().unwrap();
    let clock = HeldClock::at(BEGAN_MS);
    let channels = || vec![slack_webhook("slack", &slack.webhook_url())];
    let service = Service::start(&file(&directory), channels(), &clock)
        .await
        .sending();
    service
        .take(&[opened(&slow_sink("orders"), BEGAN_MS)])
        .await;
    service.pass_s(5).await;
    service
        .take(&[resolved(&slow_sink("orders"), BEGAN_MS + 60_000)])
        .await;
    let failed = || async {
        let record = service.engine.store.channel_record("slack").await.unwrap();
        record.last_error.filter(|_| record.waiting == 2)
    };
    let (_, reason) = eventually("a noted failure", failed).await;
    assert!(reason.contains("503"), "{reason}");
    assert!(!reason.contains("secret"), "{reason}");
    service.stop().await;
    // Another process, and Slack is back.
    slack.break_down(None);
    clock.pass_s(600);
    let service = Service::start(&file(&directory), channels(), &clock)
        .await
        .sending();
    let texts = messages(&slack, 2).await;
    assert!(texts[0].starts_with("Critical: orders"), "{texts:?}");
    assert!(texts[1].starts_with("Resolved: orders"), "{texts:?}");
    service.stop().await;
}

#[tokio::test]
async fn a_restart_sends_nothing_twice() {
    let slack = Slack::start().await;
    let directory = tempfile::tempdir().unwrap();
    let clock = HeldClock::at(BEGAN_MS);
    let channels = || vec![slack_webhook("slack", &slack.webhook_url())];
    for restart in 0..3 {
        let service = Service::start(&file(&directory), channels(), &clock)
            .await
            .sending();
        // Kafka gives the last records again: the same event; and inference opened anew under another id.
        let mut anew = slow_sink("orders");
        anew.finding_id = format!("f-{restart}");
        let events = [
            opened(&slow_sink("orders"), BEGAN_MS),
            opened(&anew, BEGAN_MS + restart),
        ];
        service.take(&events).await;
        service.pass_s(30).await;
        messages(&slack, 1).await;
        all_sent(&service, "slack").await;
        service.stop().await;
    }
    assert_eq!(slack.texts().len(), 1);
}

#[tokio::test]
async fn a_broken_channel_delays_no_other() {
    let slack = Slack::start().await;
    let clock = HeldClock::at(BEGAN_MS);
    // Nobody listens on port 1.
    let channels = vec![
        slack_webhook("dead", "http://127.0.0.1:1/services/x"),
        slack_webhook("slack", &slack.webhook_url()),
    ];
    let service = Service::start("sqlite::memory:", channels, &clock)
        .await
        .sending();
    service
        .take(&[opened(&slow_sink("orders"), BEGAN_MS)])
        .await;
    service.pass_s(5).await;
    messages(&slack, 1).await;
    let record = service.engine.store.channel_record("dead").await.unwrap();
    assert_eq!(record.waiting, 1);
    service.stop().await;
}

#[tokio::test]
async fn slacks_wish_for_a_pause_is_honoured() {
    let slack = Slack::start().await;
    let clock = HeldClock::at(BEGAN_MS);
    let url = slack.webhook_url();
    // Two channels of ours are one for Slack: together they are too fast for it.
    let channels = vec![slack_webhook("a", &url), slack_webhook("b", &url)];
    let service = Service::start("sqlite::memory:", channels, &clock)
        .await
        .sending();
    service
        .take(&[opened(&slow_sink("orders"), BEGAN_MS)])
        .await;
    service.pass_s(5).await;
    let refused = || async { (slack.seen(|seen| seen.too_fast) > 0).then_some(()) };
    eventually("a refusal", refused).await;
    service.pass_s(2).await;
    messages(&slack, 2).await;
    assert_eq!(
        slack.seen(|seen| seen.too_fast),
        1,
        "it waited as long as it was asked to"
    );
    service.stop().await;
}

/// Arrives, and then the process dies: the caller never hears of it.
#[derive(Default)]
struct DiesAfterArrival {
    arrived: Arc<Mutex<Vec<(String, bool)>>>,
    dies: bool,
}

impl Channel for DiesAfterArrival {
    fn kind(&self) -> &'static str {
        "test"
    }

    fn target(&self) -> String {
        String::new()
    }

    fn send<'a>(&'a self, delivery: &'a Delivery<'a>) -> BoxFuture<'a, Result<Receipt, SendError>> {
        Box::pin(async move {
            let line = (
                delivery.intent.message.headline.clone(),
                delivery.possible_repeat,
            );
            self.arrived.lock().unwrap().push(line);
            if self.dies {
                futures::future::pending::<()>().await;
            }
            Ok(Receipt::default())
        })
    }
}

#[test]
fn a_crash_between_sending_and_recording_is_repeated_once_and_marked() {
    let directory = tempfile::tempdir().unwrap();
    let arrived: Arc<Mutex<Vec<(String, bool)>>> = Arc::default();
    let clock = HeldClock::at(BEGAN_MS);
    let channel = |dies| {
        let channel = DiesAfterArrival {
            arrived: Arc::clone(&arrived),
            dies,
        };
        vec![NamedChannel {
            name: "slack".into(),
            route: Route::default(),
            channel: Arc::new(channel),
        }]
    };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let service = Service::start(&file(&directory), channel(true), &clock)
            .await
            .sending();
        service
            .take(&[opened(&slow_sink("orders"), BEGAN_MS)])
            .await;
        service.pass_s(5).await;
        let one = || async { (arrived.lock().unwrap().len() == 1).then_some(()) };
        eventually("an arrival", one).await;
    });
    // kill -9: nothing is finished, nothing is recorded.
    runtime.shutdown_background();
    for _ in 0..2 {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let service = Service::start(&file(&directory), channel(false), &clock)
                .await
                .sending();
            service
                .take(&[opened(&slow_sink("orders"), BEGAN_MS)])
                .await;
            service.pass_s(30).await;
            all_sent(&service, "slack").await;
            service.stop().await;
        });
    }
    let arrived = arrived.lock().unwrap().clone();
    let headline = "Critical: orders".to_owned();
    assert_eq!(arrived, [(headline.clone(), false), (headline, true)]);
}

#[tokio::test]
async fn whatever_step_a_process_dies_at_the_message_arrives_and_only_one_step_repeats_it() {
    // What is in the outbox when the process dies, and whether the message had arrived by then.
    for (state, had_arrived) in [("pending", false), ("sending", true), ("sent", true)] {
        let directory = tempfile::tempdir().unwrap();
        let slack = Slack::start().await;
        let clock = HeldClock::at(BEGAN_MS);
        let channels = || vec![slack_webhook("slack", &slack.webhook_url())];
        let service = Service::start(&file(&directory), channels(), &clock).await;
        service
            .take(&[opened(&slow_sink("orders"), BEGAN_MS)])
            .await;
        service.pass_s(5).await;
        let entry = service
            .engine
            .store
            .next_message("slack")
            .await
            .unwrap()
            .unwrap();
        if state != "pending" {
            service.engine.store.mark_sending(entry.id).await.unwrap();
        }
        if state == "sent" {
            service
                .engine
                .store
                .mark_sent(&entry, None, clock.now_ms())
                .await
                .unwrap();
        }
        service.stop().await;
        let service = Service::start(&file(&directory), channels(), &clock)
            .await
            .sending();
        all_sent(&service, "slack").await;
        let seen = slack.texts().len() + usize::from(had_arrived);
        assert_eq!(seen, if state == "sending" { 2 } else { 1 }, "{state}");
        let marked = slack.seen(|seen| {
            seen.messages
                .iter()
                .any(|m| m.to_string().contains("may be a repeat"))
        });
        assert_eq!(marked, state == "sending", "{state}");
        service.stop().await;
    }
}

#[tokio::test]
async fn with_a_bot_token_the_first_message_is_edited_and_the_end_goes_into_its_thread() {
    let slack = Slack::start().await;
    let directory = tempfile::tempdir().unwrap();
    let secret = directory.path().join("token");
    std::fs::write(&secret, TOKEN).unwrap();
    let target = ChannelTarget::SlackBot {
        token: Secret::File(secret),
        channel: "#flink-on-call".into(),
        signing_secret: None,
        api_url: SecretOrText::Text(format!("{}/api/", slack.address)),
    };
    let clock = HeldClock::at(BEGAN_MS);
    let service = Service::start("sqlite::memory:", vec![to("bot", target)], &clock)
        .await
        .sending();
    service
        .take(&[opened(&slow_sink("orders"), BEGAN_MS)])
        .await;
    service.pass_s(5).await;
    messages(&slack, 1).await;
    all_sent(&service, "bot").await;
    service
        .take(&[resolved(&slow_sink("orders"), BEGAN_MS + 60_000)])
        .await;
    messages(&slack, 2).await;
    all_sent(&service, "bot").await;
    slack.seen(|seen| {
        assert_eq!(seen.edits, 1);
        assert!(
            seen.messages[0]["text"]
                .as_str()
                .unwrap()
                .starts_with("Resolved: orders")
        );
        assert_eq!(seen.messages[1]["thread_ts"], seen.messages[0]["ts"]);
        assert_eq!(seen.messages[1]["reply_broadcast"], true);
    });
    service.stop().await;
}

#[tokio::test]
async fn a_name_full_of_mark_up_stays_a_name_at_slack() {
    let slack = Slack::start().await;
    let service = Service::to_slack(&slack, BEGAN_MS).await;
    let mut sink = slow_sink("<!channel> *x* <https://evil.example|click>");
    sink.title = format!("{} {}", "<!here> `y` & _z_", "w".repeat(4000));
    service.take(&[opened(&sink, BEGAN_MS)]).await;
    service.pass_s(5).await;
    messages(&slack, 1).await;
    let message = slack.seen(|seen| seen.messages[0].clone());
    for block in message["blocks"].as_array().unwrap() {
        if block["type"] == "section" {
            assert!(
                !block["text"]["text"].as_str().unwrap().contains('<'),
                "{block}"
            );
        }
    }
    assert!(!message["text"].as_str().unwrap().contains('<'));
    service.stop().await;
}
