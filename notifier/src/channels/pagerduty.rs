//! PagerDuty's Events API, version 2.

use futures::future::BoxFuture;
use reqwest::header::HeaderMap;
use serde_json::{Value, json};
use streamwarden_proto::finding::Severity;
use streamwarden_service_runtime::SecretText;

use crate::alerts::intent::IntentKind;
use crate::channels::http::{Client, accepted};
use crate::channels::{Channel, Delivery, Receipt, SendError};
use crate::message::words::clip;

/// PagerDuty refuses longer summaries.
const SUMMARY_LIMIT: usize = 1024;

/// PagerDuty.
pub struct PagerDuty {
    client: Client,
    routing_key: SecretText,
}

impl PagerDuty {
    pub(super) fn new(client: Client, routing_key: SecretText) -> Self {
        Self {
            client,
            routing_key,
        }
    }

    fn event(&self, delivery: &Delivery<'_>) -> Value {
        let intent = delivery.intent;
        let subject = intent.subjects.first();
        let over = intent.kind == IntentKind::Resolved;
        let severity = subject.map_or("info", |brief| match brief.finding.severity {
            Severity::Critical => "critical",
            Severity::Warning => "warning",
            Severity::Advice => "info",
        });
        let links: Vec<Value> = intent
            .message
            .buttons
            .iter()
            .take(1)
            .map(|button| json!({ "href": button.url, "text": button.label }))
            .collect();
        json!({
            "routing_key": self.routing_key.expose(),
            "event_action": if over { "resolve" } else { "trigger" },
            // A repeat has the same key and is the same incident for PagerDuty.
            "dedup_key": clip(&intent.conversation, 255),
            "client": "Streamwarden",
            "links": links,
            "payload": {
                "summary": clip(&intent.message.lock_screen, SUMMARY_LIMIT),
                "source": subject.map_or("streamwarden", |brief| brief.finding.cluster_id.as_str()),
                "severity": severity,
                "component": subject.map_or("", |brief| brief.finding.subject.name.as_str()),
                "group": subject.map_or("", |brief| brief.finding.job_name.as_str()),
                "class": subject.map_or("", |brief| brief.finding.slug.as_str()),
                "custom_details": subject.map(|brief| &brief.finding),
            },
        })
    }
}

impl Channel for PagerDuty {
    fn kind(&self) -> &'static str {
        "pagerduty"
    }

    fn target(&self) -> String {
        self.client.shown()
    }

    fn lists(&self) -> bool {
        false
    }

    fn send<'a>(&'a self, delivery: &'a Delivery<'a>) -> BoxFuture<'a, Result<Receipt, SendError>> {
        Box::pin(async move {
            let body = self.event(delivery).to_string().into_bytes();
            accepted(
                self.client
                    .post(self.client.url(), HeaderMap::new(), body)
                    .await?,
            )?;
            Ok(Receipt::default())
        })
    }
}
