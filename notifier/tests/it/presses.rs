//! Buttons in Slack: what Slack sends when one is pressed, and what becomes of it.

use hmac::{Hmac, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use streamwarden_notifier::channels::config::{ChannelTarget, SecretOrText};
use streamwarden_service_runtime::Secret;

use crate::asking::{Asked, ask_with, get};
use crate::figures::an_hour;
use crate::service::{Service, to};
use crate::slack::{Slack, TOKEN};
use crate::support::{BEGAN_MS, HeldClock, eventually, opened, slow_sink};

const SIGNING_SECRET: &str = "of-the-slack-app";
const NOW_MS: i64 = BEGAN_MS + 60_000;

struct Pressed {
    service: Service,
    slack: Slack,
    _directory: tempfile::TempDir,
}

/// A bot that told of a slow sink, and the buttons as they stand in its message.
async fn told() -> (Pressed, Vec<Value>) {
    told_by(Slack::start().await).await
}

async fn told_by(slack: Slack) -> (Pressed, Vec<Value>) {
    let directory = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = directory.path().join(name);
        std::fs::write(&path, text).unwrap();
        Secret::File(path)
    };
    let target = ChannelTarget::SlackBot {
        token: file("token", TOKEN),
        channel: "#flink-on-call".into(),
        signing_secret: Some(file("signing", SIGNING_SECRET)),
        api_url: SecretOrText::Text(format!("{}/api/", slack.address)),
    };
    let clock = HeldClock::at(NOW_MS);
    let service = Service::start("sqlite::memory:", vec![to("bot", target)], &clock)
        .await
        .sending();
    service.tell_of_a_slow_sink().await;
    let first = || async { slack.seen(|seen| seen.messages.first().cloned()) };
    let message = eventually("the message", first).await;
    let blocks = message["blocks"].as_array().unwrap().clone();
    let actions = blocks.into_iter().find(|block| block["type"] == "actions");
    let buttons = actions.unwrap()["elements"].as_array().unwrap().clone();
    let pressed = Pressed {
        service,
        slack,
        _directory: directory,
    };
    (pressed, buttons)
}

impl Pressed {
    fn body(&self, button: &Value) -> String {
        let payload = json!({
            "type": "block_actions",
            "user": { "id": "U1", "username": "dana" },
            "actions": [{ "action_id": button["action_id"], "value": button["value"] }],
            "response_url": format!("{}/answers", self.slack.address),
        });
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        form.append_pair("payload", &payload.to_string()).finish()
    }

    async fn send(&self, body: &str, at_ms: i64, secret: &str) -> Asked {
        let timestamp = (at_ms / 1000).to_string();
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
        mac.update(format!("v0:{timestamp}:{body}").as_bytes());
        let hex: String = mac
            .finalize()
            .into_bytes()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        let signature = format!("v0={hex}");
        let headers = [
            ("content-type", "application/x-www-form-urlencoded"),
            ("x-slack-request-timestamp", timestamp.as_str()),
            ("x-slack-signature", signature.as_str()),
        ];
        let path = "/api/v1/slack/interactions";
        ask_with(&self.service, "POST", path, "", Some(body), &headers).await
    }

    async fn press(&self, button: &Value) -> Asked {
        let now_ms = self.service.clock.now_ms();
        self.send(&self.body(button), now_ms, SIGNING_SECRET).await
    }

    async fn answer(&self, count: usize) -> String {
        let answer = || async { self.slack.seen(|seen| seen.answers.get(count - 1).cloned()) };
        let answer = eventually("an answer to whoever pressed", answer).await;
        assert_eq!(answer["response_type"], "ephemeral");
        answer["text"].as_str().unwrap().to_owned()
    }
}

fn labelled<'a>(buttons: &'a [Value], label: &str) -> &'a Value {
    let is = |button: &&Value| button["text"]["text"] == label;
    buttons.iter().find(is).unwrap()
}

#[tokio::test]
async fn whoever_acknowledges_in_slack_is_named_on_the_page_and_is_told() {
    let (pressed, buttons) = told().await;
    let answer = pressed.press(labelled(&buttons, "Acknowledge")).await;
    assert_eq!((answer.status, answer.text.as_str()), (200, ""));
    assert_eq!(pressed.answer(1).await, "Noted: you take care of it.");
    let job = get(&pressed.service, "/api/v1/jobs/id-orders").await;
    assert_eq!(job["findings"][0]["acknowledged_by"], "dana (Slack)");
    pressed.service.stop().await;
}

#[tokio::test]
async fn a_silence_from_slack_lasts_an_hour() {
    let (pressed, buttons) = told().await;
    pressed.press(labelled(&buttons, "Silence 1 h")).await;
    assert!(pressed.answer(1).await.starts_with("Quiet until 03:4"));
    let silences = get(&pressed.service, "/api/v1/silences").await;
    assert_eq!(silences["silences"][0]["author"], "dana (Slack)");
    pressed.service.stop().await;
}

#[tokio::test]
async fn a_verdict_from_slack_becomes_feedback_with_the_records_that_it_is_about() {
    let (pressed, buttons) = told().await;
    pressed.press(labelled(&buttons, "This is wrong")).await;
    pressed.answer(1).await;
    let store = &pressed.service.engine.store;
    let (_, feedback) = store.unpublished_feedback(10).await.unwrap().remove(0);
    assert_eq!(feedback.author, "dana (Slack)");
    assert_eq!(
        feedback.verdict,
        streamwarden_proto::feedback::Verdict::Wrong
    );
    // The finding was seen in one window: that of its begin.
    let window = an_hour("orders").into_iter().find(|event| {
        use streamwarden_proto::{FeatureEvent, Record};
        let FeatureEvent::Features(record) = event else {
            return false;
        };
        let sink = record.subject.as_ref().is_some_and(|s| s.id == "v-sink");
        sink && event.timestamp_ms() == BEGAN_MS
    });
    let id = streamwarden_proto::Record::id(&window.unwrap());
    assert_eq!(feedback.record_ids, [id.0]);
    pressed.service.stop().await;
}

#[tokio::test]
async fn what_slack_did_not_sign_or_signed_long_ago_changes_nothing() {
    let (pressed, buttons) = told().await;
    let body = pressed.body(labelled(&buttons, "Acknowledge"));
    let now_ms = pressed.service.clock.now_ms();
    let wrong = pressed.send(&body, now_ms, "another secret").await;
    let old = pressed.send(&body, now_ms - 301_000, SIGNING_SECRET).await;
    assert_eq!((wrong.status, old.status), (401, 401));
    let bare = "/api/v1/slack/interactions";
    let unsigned = ask_with(&pressed.service, "POST", bare, "", Some(&body), &[]).await;
    assert_eq!(unsigned.status, 401);
    let job = get(&pressed.service, "/api/v1/jobs/id-orders").await;
    assert_eq!(job["findings"][0]["acknowledged_by"], Value::Null);
    pressed.service.stop().await;
}

#[tokio::test]
async fn a_press_on_a_finding_that_is_gone_says_so() {
    let (pressed, buttons) = told().await;
    let mut button = labelled(&buttons, "Acknowledge").clone();
    button["value"] = json!("f-gone");
    assert_eq!(pressed.press(&button).await.status, 200);
    let said = pressed.answer(1).await;
    assert!(said.contains("there is no open finding"), "{said}");
    pressed.service.stop().await;
}

#[tokio::test]
async fn a_press_that_somebody_recorded_and_sends_again_does_nothing() {
    let (pressed, buttons) = told().await;
    let body = pressed.body(labelled(&buttons, "Silence 1 h"));
    let now_ms = pressed.service.clock.now_ms();
    let first = pressed.send(&body, now_ms, SIGNING_SECRET).await;
    assert_eq!(first.status, 200);
    pressed.service.clock.pass_s(240);
    let again = pressed.send(&body, now_ms, SIGNING_SECRET).await;
    assert_eq!(again.status, 401, "{}", again.text);
    let silences = get(&pressed.service, "/api/v1/silences").await;
    assert_eq!(silences["silences"].as_array().unwrap().len(), 1);
    // The same button pressed once more is another request.
    let now_ms = pressed.service.clock.now_ms();
    let later = pressed.send(&body, now_ms, SIGNING_SECRET).await;
    assert_eq!(later.status, 200);
    pressed.service.stop().await;
}

#[tokio::test]
async fn what_was_signed_before_this_process_began_is_not_taken() {
    let (pressed, buttons) = told().await;
    let body = pressed.body(labelled(&buttons, "Acknowledge"));
    let before = NOW_MS - 2_000;
    let answer = pressed.send(&body, before, SIGNING_SECRET).await;
    assert_eq!(answer.status, 401, "{}", answer.text);
    pressed.service.stop().await;
}

#[tokio::test]
async fn the_deciding_figure_is_a_picture_in_the_thread_of_its_message() {
    let (pressed, _) = told().await;
    let shown = || async { pressed.slack.seen(|seen| seen.pictures.first().cloned()) };
    let (thread, words, png) = eventually("a picture", shown).await;
    let first = pressed.slack.seen(|seen| seen.messages[0]["ts"].clone());
    assert_eq!(thread, first.as_str().unwrap());
    assert!(words.contains("healthy below 800"), "{words}");
    assert!(png.starts_with(b"\x89PNG"), "{} bytes", png.len());
    pressed.service.stop().await;
}

#[tokio::test]
async fn an_app_that_may_not_upload_files_still_tells_everything_else() {
    let slack = Slack::start().await;
    slack.forbid_files();
    let (pressed, _) = told_by(slack).await;
    pressed.service.engine.on_features(&an_hour("payments"));
    let second = slow_sink("payments");
    pressed.service.take(&[opened(&second, BEGAN_MS)]).await;
    pressed.service.pass_s(5).await;
    let two = || async {
        pressed
            .slack
            .seen(|seen| (seen.messages.len() == 2).then_some(()))
    };
    eventually("both messages", two).await;
    pressed.service.stop().await;
    let (pictures, calls) = pressed
        .slack
        .seen(|seen| (seen.pictures.len(), seen.file_calls));
    assert_eq!(
        (pictures, calls),
        (0, 1),
        "Slack is asked once and not again"
    );
}
