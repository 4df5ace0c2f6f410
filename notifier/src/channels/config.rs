//! `[[notifier.channels]]`: where messages go.

use serde::{Deserialize, Serialize};
use streamwarden_service_runtime::{Problem, Secret, SecretText};

use crate::alerts::matcher::Route;
use crate::channels::ChannelError;

/// Slack's API.
const SLACK_API: &str = "https://slack.com/api/";
/// PagerDuty's Events API, version 2.
const PAGERDUTY_API: &str = "https://events.pagerduty.com/v2/enqueue";

/// One channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChannelConfig {
    /// Unique; shown on the page.
    pub name: String,
    /// How it is reached: `to.slack_webhook.url.env = "SLACK_URL"`.
    pub to: ChannelTarget,
    /// What it gets.
    #[serde(default)]
    pub route: Route,
}

/// A text in the configuration, or the place of a secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum SecretOrText {
    /// `{ env = "…" }` or `{ file = "…" }`.
    Place(Secret),
    /// The text itself.
    Text(String),
}

/// How a channel is reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum ChannelTarget {
    /// Standard output, as Slack would show it.
    Terminal {},
    /// Slack's incoming webhook: one message for the opening, one for the end.
    SlackWebhook {
        /// Its address is a secret.
        url: SecretOrText,
    },
    /// Slack with a bot token: messages are edited, news goes into a thread.
    SlackBot {
        /// `xoxb-…`, with the right `chat:write`, and `files:write` for charts.
        token: Secret,
        /// Channel id, or `#name`.
        channel: String,
        /// Signing secret of the Slack app: with it, buttons act at once instead of leading to the page. Slack must be
        /// told to send interactions to `/api/v1/slack/interactions`.
        #[serde(default)]
        signing_secret: Option<Secret>,
        /// Another address of the API.
        #[serde(default = "slack_api")]
        api_url: SecretOrText,
    },
    /// JSON to any address, signed if a secret is given.
    Webhook {
        /// Address.
        url: SecretOrText,
        /// Key of the signature.
        #[serde(default)]
        secret: Option<Secret>,
    },
    /// Alertmanager's API, version 2.
    Alertmanager {
        /// `http://alertmanager:9093`.
        url: SecretOrText,
    },
    /// PagerDuty's Events API, version 2.
    Pagerduty {
        /// Integration key.
        routing_key: Secret,
        /// Another address of the API.
        #[serde(default = "pagerduty_api")]
        api_url: SecretOrText,
    },
    /// Mail by SMTP.
    Email(crate::channels::email::EmailConfig),
    /// Microsoft Teams: a workflow that takes adaptive cards.
    Teams {
        /// Its address is a secret.
        url: SecretOrText,
    },
}

fn slack_api() -> SecretOrText {
    SecretOrText::Text(SLACK_API.to_owned())
}

fn pagerduty_api() -> SecretOrText {
    SecretOrText::Text(PAGERDUTY_API.to_owned())
}

/// Reads a secret of a channel.
pub(super) fn secret(channel: &str, secret: &Secret) -> Result<SecretText, ChannelError> {
    secret.read().map_err(|source| ChannelError::Secret {
        channel: channel.to_owned(),
        source,
    })
}

impl SecretOrText {
    /// The text itself.
    pub(super) fn read(&self, channel: &str) -> Result<SecretText, ChannelError> {
        match self {
            Self::Place(place) => secret(channel, place),
            Self::Text(text) => Ok(SecretText::new(text.clone())),
        }
    }
}

/// What is wrong with the channels.
#[must_use]
pub fn validate(channels: &[ChannelConfig]) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (at, channel) in channels.iter().enumerate() {
        let key = format!("notifier.channels[{at}]");
        if channel.name.trim().is_empty() {
            problems.push(Problem::new(format!("{key}.name"), "must not be empty"));
        }
        if channels[..at]
            .iter()
            .any(|earlier| earlier.name == channel.name)
        {
            let message = format!("{:?} is the name of another channel", channel.name);
            problems.push(Problem::new(format!("{key}.name"), message));
        }
        for (part, message) in channel.route.mistakes() {
            problems.push(Problem::new(format!("{key}.route.{part}"), message));
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_channel_reads_from_dotted_keys() {
        let json = serde_json::json!({
            "name": "on-call",
            "to": { "slack_webhook": { "url": { "env": "SLACK_URL" } } },
            "route": { "min_severity": "critical" },
        });
        let config: ChannelConfig = serde_json::from_value(json).unwrap();
        let place = SecretOrText::Place(Secret::Env("SLACK_URL".into()));
        assert_eq!(config.to, ChannelTarget::SlackWebhook { url: place });
    }

    #[test]
    fn an_unknown_key_of_a_channel_is_refused() {
        let json = serde_json::json!({ "name": "x", "to": { "terminal": {} }, "colour": "red" });
        assert!(serde_json::from_value::<ChannelConfig>(json).is_err());
    }

    #[test]
    fn two_channels_cannot_share_a_name() {
        let channel = ChannelConfig {
            name: "a".into(),
            to: ChannelTarget::Terminal {},
            route: Route::default(),
        };
        assert_eq!(validate(&[channel.clone(), channel]).len(), 1);
    }
}
