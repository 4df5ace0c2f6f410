//! `/channels`: where messages go, how that stands, and a test.

use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use axum::{Extension, Json};
use streamwarden_proto::cloud_event::rfc3339;

use crate::alerts::intent::{Intent, IntentKind};
use crate::api::Api;
use crate::api::answer::{ApiError, json};
use crate::api::auth::{Caller, Right};
use crate::api::findings::author;
use crate::api::types::{
    ChannelList, ChannelRow, LastError, LastSent, LastTest, RecentMessage, TestResult,
};
use crate::channels::{Delivery, NamedChannel};
use crate::message::build::{self, Surroundings};
use crate::store::OutboxLine;

/// Lines of what was said.
const RECENT: i64 = 20;

pub(super) async fn list(State(api): State<Api>, headers: HeaderMap) -> Result<Response, ApiError> {
    let mut channels = Vec::with_capacity(api.engine.channels.len());
    for named in &api.engine.channels {
        channels.push(row(&api, named).await?);
    }
    let recent = api.engine.store.recent_messages(RECENT).await?;
    let recent = recent.iter().map(|line| recent_line(&api, line)).collect();
    Ok(json(&headers, &ChannelList { channels, recent }))
}

async fn row(api: &Api, named: &NamedChannel) -> Result<ChannelRow, ApiError> {
    let record = api.engine.store.channel_record(&named.name).await?;
    let failing = record.last_error.is_some() && record.waiting > 0;
    Ok(ChannelRow {
        name: named.name.clone(),
        kind: named.channel.kind().to_owned(),
        target: named.channel.target(),
        state: if failing { "failing" } else { "ok" }.to_owned(),
        waiting: record.waiting,
        last_sent: record.last_sent.map(|(at_ms, what)| LastSent {
            at: rfc3339(at_ms),
            what,
        }),
        last_error: record.last_error.map(|(at_ms, text)| LastError {
            at: rfc3339(at_ms),
            text,
        }),
        last_test: record.last_test.map(|(at_ms, outcome, took_ms)| LastTest {
            at: rfc3339(at_ms),
            outcome,
            took_ms,
        }),
    })
}

fn recent_line(api: &Api, line: &OutboxLine) -> RecentMessage {
    let finding = match line.intent.subjects.as_slice() {
        [one] if line.intent.total == 1 => Some(&one.finding),
        _ => None,
    };
    let key = finding.map(|finding| (finding.cluster_id.clone(), finding.job_id.clone()));
    RecentMessage {
        at: rfc3339(line.at_ms),
        channel: line.intent.channel.clone(),
        event: line.intent.kind.as_str().to_owned(),
        job_name: finding
            .map(|finding| finding.job_name.clone())
            .unwrap_or_default(),
        id: key
            .map(|key| api.engine.state().view.id_of(&key))
            .unwrap_or_default(),
        text: line.intent.message.lock_screen.clone(),
        outcome: match line.state.as_str() {
            "sent" => "sent",
            "failed" => "failed",
            _ => "waiting",
        }
        .to_owned(),
    }
}

pub(super) async fn test(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    Path(name): Path<String>,
) -> Result<Json<TestResult>, ApiError> {
    caller.needs(Right::Channels)?;
    let named = api
        .engine
        .channels
        .iter()
        .find(|channel| channel.name == name);
    let named = named.ok_or_else(|| ApiError::not_found(format!("channel {name:?}")))?;
    let began_ms = (api.engine.clock)();
    let intent = test_intent(&api, &name, began_ms);
    let delivery = Delivery {
        id: intent.conversation.clone(),
        intent: &intent,
        possible_repeat: false,
        reference: None,
        now_ms: began_ms,
    };
    let sent = named.channel.send(&delivery).await;
    let now_ms = (api.engine.clock)();
    let took_ms = now_ms - began_ms;
    let outcome = if sent.is_ok() { "received" } else { "failed" };
    api.engine
        .store
        .note_test(&name, outcome, took_ms, now_ms)
        .await?;
    api.engine
        .store
        .audit(author(&caller), "test channel", &name, now_ms)
        .await?;
    api.engine.live.status();
    Ok(Json(TestResult {
        outcome: outcome.to_owned(),
        took_ms: sent.is_ok().then_some(took_ms),
        text: sent.err().map(|error| error.to_string()),
    }))
}

fn test_intent(api: &Api, name: &str, now_ms: i64) -> Intent {
    let around = Surroundings {
        public_url: api.engine.public_url().to_owned(),
        ..Surroundings::default()
    };
    Intent {
        channel: name.to_owned(),
        conversation: format!("test-{name}-{now_ms}"),
        kind: IntentKind::Test,
        at_ms: now_ms,
        message: build::test(name, &around),
        subjects: Vec::new(),
        total: 0,
    }
}
