//! JSON to any address, signed.
//!
//! `X-Streamwarden-Signature: v1=<hex>` is the HMAC-SHA256, keyed by the shared secret, of `v1:<timestamp>:<body>`,
//! where `<timestamp>` is the header `X-Streamwarden-Timestamp` in seconds. A receiver compares in constant time and
//! refuses old timestamps. `X-Streamwarden-Delivery` is the same when a message is tried again.

use futures::future::BoxFuture;
use hmac::{Hmac, Mac};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use streamwarden_proto::cloud_event::rfc3339;
use streamwarden_service_runtime::SecretText;

use crate::alerts::intent::AlertBrief;
use crate::channels::http::{Client, accepted};
use crate::channels::{Channel, Delivery, Receipt, SendError};

/// What is posted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WebhookBody {
    /// Version of this shape: 1.
    pub version: u32,
    /// Unique; the same when a message is tried again.
    pub delivery: String,
    /// `opened`, `updated`, `resolved` or `test`.
    pub event: String,
    /// Messages about the same incident have the same.
    pub conversation: String,
    /// RFC 3339, UTC.
    pub at: String,
    /// It was interrupted while it was sent: it may have arrived before.
    pub possible_repeat: bool,
    /// Status and job.
    pub headline: String,
    /// Everything in one line.
    pub text: String,
    /// Alerts that it is about; more than `alerts` where those are cut.
    pub total: usize,
    /// The alerts with their findings.
    pub alerts: Vec<AlertBrief>,
}

/// JSON to any address.
pub struct Webhook {
    client: Client,
    secret: Option<SecretText>,
}

impl Webhook {
    pub(super) fn new(client: Client, secret: Option<SecretText>) -> Self {
        Self { client, secret }
    }

    async fn deliver(&self, delivery: &Delivery<'_>) -> Result<Receipt, SendError> {
        let body = serde_json::to_vec(&body_of(delivery))
            .map_err(|error| SendError::never(format!("the message cannot be written: {error}")))?;
        let headers = self.headers(delivery, &body)?;
        accepted(self.client.post(self.client.url(), headers, body).await?)?;
        Ok(Receipt::default())
    }

    fn headers(&self, delivery: &Delivery<'_>, body: &[u8]) -> Result<HeaderMap, SendError> {
        let timestamp = delivery.now_ms.div_euclid(1000).to_string();
        let mut pairs = vec![
            ("x-streamwarden-delivery", delivery.id.clone()),
            ("x-streamwarden-timestamp", timestamp.clone()),
        ];
        if let Some(secret) = &self.secret {
            pairs.push((
                "x-streamwarden-signature",
                signature(secret, &timestamp, body),
            ));
        }
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            let value = HeaderValue::from_str(&value);
            let value = value.map_err(|_| SendError::never("an id is no header's value"))?;
            headers.insert(HeaderName::from_static(name), value);
        }
        Ok(headers)
    }
}

/// `v1=<hex>`; see the head of this file.
#[must_use]
pub fn signature(secret: &SecretText, timestamp: &str, body: &[u8]) -> String {
    // HMAC takes keys of any length.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes()) else {
        return String::new();
    };
    mac.update(b"v1:");
    mac.update(timestamp.as_bytes());
    mac.update(b":");
    mac.update(body);
    let digest = mac.finalize().into_bytes();
    let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("v1={hex}")
}

fn body_of(delivery: &Delivery<'_>) -> WebhookBody {
    let intent = delivery.intent;
    WebhookBody {
        version: 1,
        delivery: delivery.id.clone(),
        event: intent.kind.as_str().to_owned(),
        conversation: intent.conversation.clone(),
        at: rfc3339(intent.at_ms),
        possible_repeat: delivery.possible_repeat,
        headline: intent.message.headline.clone(),
        text: intent.message.lock_screen.clone(),
        total: intent.total,
        alerts: intent.subjects.clone(),
    }
}

impl Channel for Webhook {
    fn kind(&self) -> &'static str {
        "webhook"
    }

    fn target(&self) -> String {
        self.client.shown()
    }

    fn send<'a>(&'a self, delivery: &'a Delivery<'a>) -> BoxFuture<'a, Result<Receipt, SendError>> {
        Box::pin(self.deliver(delivery))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_the_hmac_of_version_time_and_body() {
        // openssl: printf 'v1:1700000000:{}' | openssl dgst -sha256 -hmac secret
        let signature = signature(&SecretText::new("secret"), "1700000000", b"{}");
        let expect = "v1=14ea7fd0a36d8557c745d82072f653f4e553e593c57ac365fab425da48e1c495";
        assert_eq!(signature, expect);
    }
}
