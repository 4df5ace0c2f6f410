//! Slack's incoming webhook: it can only add messages, so news is rare and the end is a message of its own.

use std::time::Duration;

use futures::future::BoxFuture;
use reqwest::header::HeaderMap;

use crate::channels::http::{Client, accepted};
use crate::channels::{Channel, Delivery, Receipt, SendError};
use crate::message::slack::{Buttons, payload};

/// Slack takes one message a second.
const PAUSE: Duration = Duration::from_millis(1050);

/// Slack's incoming webhook.
pub struct SlackWebhook {
    client: Client,
}

impl SlackWebhook {
    pub(super) fn new(client: Client) -> Self {
        Self { client }
    }
}

impl Channel for SlackWebhook {
    fn kind(&self) -> &'static str {
        "slack"
    }

    fn target(&self) -> String {
        self.client.shown()
    }

    fn pause(&self) -> Duration {
        PAUSE
    }

    fn send<'a>(&'a self, delivery: &'a Delivery<'a>) -> BoxFuture<'a, Result<Receipt, SendError>> {
        Box::pin(async move {
            let body = payload(
                &delivery.intent.message,
                delivery.possible_repeat,
                Buttons::Links,
            )
            .to_string();
            let url = self.client.url();
            let answer = self
                .client
                .post(url, HeaderMap::new(), body.into_bytes())
                .await?;
            accepted(answer)?;
            Ok(Receipt::default())
        })
    }
}
