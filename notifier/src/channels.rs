//! Ways to reach people and programs, behind one trait.
//!
//! A channel sends one message at a time and says what became of it; pacing, retries and order are the dispatcher's.

pub mod alertmanager;
pub mod config;
pub mod email;
mod http;
pub mod pagerduty;
pub mod slack_bot;
mod slack_file;
pub mod slack_press;
pub mod slack_webhook;
pub mod teams;
pub mod terminal;
pub mod webhook;

use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;

use crate::alerts::ChannelRoute;
use crate::alerts::intent::Intent;
use config::{ChannelConfig, ChannelTarget};

/// One message on its way.
#[derive(Debug, Clone)]
pub struct Delivery<'a> {
    /// Unique; the same when it is tried again.
    pub id: String,
    /// What to say.
    pub intent: &'a Intent,
    /// It was interrupted while it was sent: it may have arrived.
    pub possible_repeat: bool,
    /// The first message of the conversation, as this channel named it.
    pub reference: Option<String>,
    /// The process's clock.
    pub now_ms: i64,
}

/// A message arrived.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Receipt {
    /// Names the message for later edits and threads.
    pub reference: Option<String>,
}

/// A message did not arrive, or nobody knows.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// It is worth trying again.
    #[error("{reason}")]
    Later {
        /// In words, without secrets.
        reason: String,
        /// The channel asks for this pause.
        after: Option<Duration>,
        /// It may have arrived all the same.
        maybe_arrived: bool,
    },
    /// This message can never arrive here.
    #[error("{reason}")]
    Never {
        /// In words, without secrets.
        reason: String,
    },
}

impl SendError {
    /// Worth trying again after the usual pause.
    #[must_use]
    pub fn later(reason: impl Into<String>) -> Self {
        Self::Later {
            reason: reason.into(),
            after: None,
            maybe_arrived: false,
        }
    }

    /// Not worth trying again.
    #[must_use]
    pub fn never(reason: impl Into<String>) -> Self {
        Self::Never {
            reason: reason.into(),
        }
    }
}

/// A way to reach people or programs.
pub trait Channel: Send + Sync {
    /// `slack`, `webhook`, `terminal` …
    fn kind(&self) -> &'static str;
    /// Where it leads, without secrets.
    fn target(&self) -> String;
    /// It can change a message that was sent.
    fn edits(&self) -> bool {
        false
    }
    /// People read it: many findings at once become one list.
    fn lists(&self) -> bool {
        true
    }
    /// Pause between two messages.
    fn pause(&self) -> Duration {
        Duration::ZERO
    }
    /// It tells us which buttons were pressed.
    fn pressed(&self) -> Option<&slack_press::SlackPresses> {
        None
    }
    /// Sends one message.
    fn send<'a>(&'a self, delivery: &'a Delivery<'a>) -> BoxFuture<'a, Result<Receipt, SendError>>;
}

/// A channel with its name and what it gets.
#[derive(Clone)]
pub struct NamedChannel {
    /// Unique.
    pub name: String,
    /// What it gets.
    pub route: crate::alerts::matcher::Route,
    /// How it is reached.
    pub channel: Arc<dyn Channel>,
}

impl NamedChannel {
    /// As the state machine sees it.
    #[must_use]
    pub fn route(&self) -> ChannelRoute {
        ChannelRoute {
            name: self.name.clone(),
            route: self.route.clone(),
            edits: self.channel.edits(),
            lists: self.channel.lists(),
        }
    }
}

/// A channel cannot be made from its configuration.
#[derive(Debug, thiserror::Error)]
pub enum ChannelError {
    /// A secret cannot be read.
    #[error("a secret of the channel {channel:?} cannot be read")]
    Secret {
        /// Its name.
        channel: String,
        /// Why.
        #[source]
        source: streamwarden_service_runtime::secret::SecretError,
    },
    /// An address is none.
    #[error("the address of the channel {channel:?} is not a URL")]
    Url {
        /// Its name.
        channel: String,
        /// Why.
        #[source]
        source: url::ParseError,
    },
    /// Its settings for mail do not work.
    #[error("the channel {channel:?} cannot send mail")]
    Email {
        /// Its name.
        channel: String,
        /// Why.
        #[source]
        source: Box<email::EmailMistake>,
    },
    /// The HTTP client cannot be made.
    #[error("the HTTP client of the channel {channel:?} cannot be made")]
    Client {
        /// Its name.
        channel: String,
        /// Why.
        #[source]
        source: reqwest::Error,
    },
}

/// Makes a channel.
///
/// # Errors
/// [`ChannelError`] that names the channel, never its secret.
pub fn build(config: &ChannelConfig) -> Result<NamedChannel, ChannelError> {
    let name = config.name.as_str();
    let channel: Arc<dyn Channel> = match &config.to {
        ChannelTarget::Terminal {} => Arc::new(terminal::Terminal::standard_output()),
        ChannelTarget::SlackWebhook { url } => Arc::new(slack_webhook::SlackWebhook::new(
            http::Client::new(name, url)?,
        )),
        ChannelTarget::SlackBot {
            token,
            channel,
            signing_secret,
            api_url,
        } => {
            let client = http::Client::new(name, api_url)?;
            let token = config::secret(name, token)?;
            let presses = signing_secret.as_ref().map(|secret| {
                let secret = config::secret(name, secret)?;
                Ok(slack_press::SlackPresses::new(secret, client.clone()))
            });
            let presses = presses.transpose()?;
            let channel = channel.clone();
            Arc::new(slack_bot::SlackBot::new(client, token, channel, presses))
        }
        ChannelTarget::Webhook { url, secret } => {
            let secret = secret
                .as_ref()
                .map(|secret| config::secret(name, secret))
                .transpose()?;
            Arc::new(webhook::Webhook::new(http::Client::new(name, url)?, secret))
        }
        ChannelTarget::Alertmanager { url } => Arc::new(alertmanager::Alertmanager::new(
            http::Client::new(name, url)?,
        )),
        ChannelTarget::Pagerduty {
            routing_key,
            api_url,
        } => {
            let client = http::Client::new(name, api_url)?;
            Arc::new(pagerduty::PagerDuty::new(
                client,
                config::secret(name, routing_key)?,
            ))
        }
        ChannelTarget::Email(config) => Arc::new(email::Email::new(name, config)?),
        ChannelTarget::Teams { url } => Arc::new(teams::Teams::new(http::Client::new(name, url)?)),
    };
    Ok(NamedChannel {
        name: config.name.clone(),
        route: config.route.clone(),
        channel,
    })
}
