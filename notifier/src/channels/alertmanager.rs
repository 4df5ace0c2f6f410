//! Alertmanager's API, version 2: each alert by itself, Alertmanager does the grouping.

use futures::future::BoxFuture;
use reqwest::header::HeaderMap;
use serde_json::{Value, json};
use streamwarden_proto::cloud_event::{parse_rfc3339, rfc3339};

use crate::alerts::intent::{AlertBrief, IntentKind};
use crate::channels::http::{Client, accepted};
use crate::channels::{Channel, Delivery, Receipt, SendError};
use crate::message::build::name_of;

/// Without an end, Alertmanager would end an alert after its own `resolve_timeout`.
const OPEN_FOR_MS: i64 = 30 * 24 * 3_600_000;
/// Clocks of two machines are less apart than this.
const CLOCKS_APART_MS: i64 = 60_000;

/// Alertmanager.
pub struct Alertmanager {
    client: Client,
}

impl Alertmanager {
    pub(super) fn new(client: Client) -> Self {
        Self { client }
    }
}

fn alert(brief: &AlertBrief, delivery: &Delivery<'_>) -> Value {
    let finding = &brief.finding;
    let over = brief.ended.is_some() || delivery.intent.kind == IntentKind::Resolved;
    let ends_at = rfc3339(if over {
        ended_ms(brief, delivery.now_ms)
    } else {
        delivery.now_ms + OPEN_FOR_MS
    });
    let changes: Vec<String> = finding.actions.iter().map(change).collect();
    json!({
        // What makes an alert the same alert for Alertmanager: nothing in it may change while it is open.
        "labels": {
            "alertname": finding.slug,
            "code": finding.code,
            "class": finding.class.as_str(),
            "cluster": finding.cluster_id,
            "job": name_of(finding),
            "subject": finding.subject.name,
            "scope": finding.subject.scope.as_str(),
            "fingerprint": brief.fingerprint,
        },
        "annotations": {
            "summary": finding.title,
            "description": finding.effect,
            "change": changes.join("; "),
            "severity": format!("{:?}", finding.severity).to_lowercase(),
        },
        "startsAt": brief.began,
        "endsAt": ends_at,
        "generatorURL": brief.link,
    })
}

/// Alertmanager takes an end only if it lies in its own past; its clock may be behind ours.
fn ended_ms(brief: &AlertBrief, now_ms: i64) -> i64 {
    let began_ms = parse_rfc3339(&brief.began).unwrap_or(now_ms - CLOCKS_APART_MS);
    (now_ms - CLOCKS_APART_MS).max(began_ms + 1)
}

fn change(action: &streamwarden_proto::finding::Action) -> String {
    match (&action.from, &action.to) {
        (Some(from), Some(to)) => format!("{} {from} → {to}", action.key),
        (None, Some(to)) => format!("{} → {to}", action.key),
        _ => action.key.clone(),
    }
}

impl Channel for Alertmanager {
    fn kind(&self) -> &'static str {
        "alertmanager"
    }

    fn target(&self) -> String {
        self.client.shown()
    }

    fn edits(&self) -> bool {
        true
    }

    fn lists(&self) -> bool {
        false
    }

    fn send<'a>(&'a self, delivery: &'a Delivery<'a>) -> BoxFuture<'a, Result<Receipt, SendError>> {
        Box::pin(async move {
            let mut alerts: Vec<Value> = delivery
                .intent
                .subjects
                .iter()
                .map(|brief| alert(brief, delivery))
                .collect();
            if delivery.intent.kind == IntentKind::Test {
                alerts.push(test_alert(delivery));
            }
            let url = self.client.under("api/v2/alerts");
            let body = Value::Array(alerts).to_string().into_bytes();
            accepted(self.client.post(&url, HeaderMap::new(), body).await?)?;
            Ok(Receipt::default())
        })
    }
}

fn test_alert(delivery: &Delivery<'_>) -> Value {
    json!({
        "labels": { "alertname": "streamwarden-test" },
        "annotations": { "summary": delivery.intent.message.lock_screen },
        "startsAt": rfc3339(delivery.now_ms),
        "endsAt": rfc3339(delivery.now_ms + 60_000),
    })
}
