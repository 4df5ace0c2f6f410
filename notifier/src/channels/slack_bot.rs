//! Slack with a bot token: one message an incident, brought up to date, with its history in a thread.

use std::time::Duration;

use futures::future::BoxFuture;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use serde_json::{Value, json};
use streamwarden_service_runtime::SecretText;

use crate::alerts::intent::IntentKind;
use crate::channels::http::{Answer, Client, accepted};
use crate::channels::slack_file::SlackFiles;
use crate::channels::slack_press::SlackPresses;
use crate::channels::{Channel, Delivery, Receipt, SendError};
use crate::message::slack::{Buttons, payload};

/// Slack takes one message a second and channel.
const PAUSE: Duration = Duration::from_millis(1050);

/// Slack with a bot token.
pub struct SlackBot {
    client: Client,
    token: SecretText,
    channel: String,
    presses: Option<SlackPresses>,
    files: SlackFiles,
}

impl SlackBot {
    pub(super) fn new(
        client: Client,
        token: SecretText,
        channel: String,
        presses: Option<SlackPresses>,
    ) -> Self {
        Self {
            files: SlackFiles::new(client.clone()),
            client,
            token,
            channel,
            presses,
        }
    }

    async fn deliver(&self, delivery: &Delivery<'_>) -> Result<Receipt, SendError> {
        let buttons = match self.presses {
            Some(_) => Buttons::Pressed,
            None => Buttons::Links,
        };
        let message = payload(&delivery.intent.message, delivery.possible_repeat, buttons);
        let first = delivery
            .reference
            .as_deref()
            .and_then(|text| text.split_once(' '));
        match (delivery.intent.kind, first) {
            (IntentKind::Opened | IntentKind::Test, _) | (IntentKind::Updated, None) => {
                let answer = self.post(message, None, false).await?;
                let reference = reference(&answer);
                self.show_chart(delivery, reference.as_deref()).await;
                Ok(Receipt { reference })
            }
            (IntentKind::Updated, Some((_, ts))) => {
                self.post(message, Some(ts), false).await?;
                Ok(Receipt::default())
            }
            (IntentKind::Edited, Some((channel, ts))) => {
                self.edit(message, channel, ts).await?;
                Ok(Receipt::default())
            }
            (IntentKind::Edited, None) => Err(SendError::never("there is no message to edit")),
            (IntentKind::Resolved, Some((channel, ts))) => {
                // The edit can be repeated without harm; so it comes first.
                self.edit(message.clone(), channel, ts).await?;
                self.post(message, Some(ts), true).await?;
                Ok(Receipt::default())
            }
            (IntentKind::Resolved, None) => {
                self.post(message, None, false).await?;
                Ok(Receipt::default())
            }
        }
    }

    async fn post(
        &self,
        mut message: Value,
        thread: Option<&str>,
        broadcast: bool,
    ) -> Result<Value, SendError> {
        message["channel"] = json!(self.channel);
        message["unfurl_links"] = json!(false);
        if let Some(thread) = thread {
            message["thread_ts"] = json!(thread);
            message["reply_broadcast"] = json!(broadcast);
        }
        self.call("chat.postMessage", &message).await
    }

    async fn edit(&self, mut message: Value, channel: &str, ts: &str) -> Result<Value, SendError> {
        message["channel"] = json!(channel);
        message["ts"] = json!(ts);
        self.call("chat.update", &message).await
    }

    /// The deciding figure begins the thread.
    async fn show_chart(&self, delivery: &Delivery<'_>, reference: Option<&str>) {
        let chart = delivery.intent.message.chart.as_ref();
        let place = reference.and_then(|text| text.split_once(' '));
        if let (Some(chart), Some(place), Ok(bearer)) = (chart, place, self.bearer()) {
            self.files.show(chart, &bearer, place).await;
        }
    }

    fn bearer(&self) -> Result<HeaderMap, SendError> {
        let bearer = format!("Bearer {}", self.token.expose());
        let mut bearer = HeaderValue::from_str(&bearer)
            .map_err(|_| SendError::later("the token has characters that no header may have"))?;
        bearer.set_sensitive(true);
        Ok(HeaderMap::from_iter([(AUTHORIZATION, bearer)]))
    }

    async fn call(&self, method: &str, body: &Value) -> Result<Value, SendError> {
        let headers = self.bearer()?;
        let url = self.client.under(method);
        let answer = self
            .client
            .post(&url, headers, body.to_string().into_bytes())
            .await?;
        said_ok(&accepted(answer)?)
    }
}

/// Slack answers 200 also to what it refuses.
pub(super) fn said_ok(answer: &Answer) -> Result<Value, SendError> {
    let retry_after = answer.retry_after;
    let value: Value = serde_json::from_slice(&answer.body)
        .map_err(|_| SendError::later("Slack answered with something that is not JSON"))?;
    if value["ok"] == json!(true) {
        return Ok(value);
    }
    let error = value["error"].as_str().unwrap_or("unknown error");
    let reason = format!("Slack says {error}");
    let of_the_message = [
        "invalid_blocks",
        "invalid_blocks_format",
        "msg_too_long",
        "msg_blocks_too_long",
        "no_text",
        "message_not_found",
        "cant_update_message",
        "edit_window_closed",
    ];
    if of_the_message.contains(&error) {
        return Err(SendError::never(reason));
    }
    Err(SendError::Later {
        reason,
        after: retry_after,
        maybe_arrived: false,
    })
}

/// Channel id and time stamp: `chat.update` takes no channel names.
fn reference(answer: &Value) -> Option<String> {
    Some(format!(
        "{} {}",
        answer["channel"].as_str()?,
        answer["ts"].as_str()?
    ))
}

impl Channel for SlackBot {
    fn kind(&self) -> &'static str {
        "slack"
    }

    fn target(&self) -> String {
        self.channel.clone()
    }

    fn edits(&self) -> bool {
        true
    }

    fn pause(&self) -> Duration {
        PAUSE
    }

    fn pressed(&self) -> Option<&SlackPresses> {
        self.presses.as_ref()
    }

    fn send<'a>(&'a self, delivery: &'a Delivery<'a>) -> BoxFuture<'a, Result<Receipt, SendError>> {
        Box::pin(self.deliver(delivery))
    }
}
