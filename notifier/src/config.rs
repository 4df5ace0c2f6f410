//! Section `[notifier]`.

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};
use streamwarden_service_runtime::{Problem, Secret};
use url::Url;

use crate::alerts::config::AlertingConfig;
use crate::api::auth::Role;
use crate::channels::config::{ChannelConfig, validate};

/// Settings of the notifier.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NotifierConfig {
    /// Address of the page and the API.
    pub listen: SocketAddr,
    /// Address of the page as people reach it: links in messages lead there. Without it, `http://localhost:<port>`.
    pub public_url: Option<String>,
    /// `sqlite:FILE` or `postgres://USER:PASSWORD@HOST/DATABASE`.
    pub database: String,
    /// Where messages go.
    pub channels: Vec<ChannelConfig>,
    /// When alerts speak.
    pub alerting: AlertingConfig,
    /// Who may change something.
    pub tokens: Vec<TokenConfig>,
    /// Everybody who reaches the page may change everything: for one's own machine only.
    pub open_to_all: bool,
    /// Reading needs no token.
    pub anonymous_reading: bool,
    /// Incidents, messages and feedback are kept this long.
    pub retention_days: u32,
}

/// One token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenConfig {
    /// Whose it is; stands beside whatever is done with it.
    pub name: String,
    /// What it allows.
    pub role: Role,
    /// The token: `{ env = "…" }` or `{ file = "…" }`.
    pub token: Secret,
}

impl Default for NotifierConfig {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8780)),
            public_url: None,
            database: "sqlite:streamwarden.db".to_owned(),
            channels: Vec::new(),
            alerting: AlertingConfig::default(),
            tokens: Vec::new(),
            open_to_all: false,
            anonymous_reading: true,
            retention_days: 90,
        }
    }
}

impl NotifierConfig {
    /// What is wrong with it.
    #[must_use]
    pub fn validate(&self) -> Vec<Problem> {
        let mut problems = validate(&self.channels);
        let names: Vec<&str> = self.channels.iter().map(|c| c.name.as_str()).collect();
        problems.extend(self.alerting.validate(&names));
        let mut wrong = |key: &str, message: &str| {
            problems.push(Problem::new(format!("notifier.{key}"), message));
        };
        let kind = self.database.split(':').next().unwrap_or_default();
        if !matches!(kind, "sqlite" | "postgres" | "postgresql") {
            wrong("database", "must begin with sqlite: or postgres:");
        }
        if self
            .public_url
            .as_deref()
            .is_some_and(|url| !is_page_address(url))
        {
            wrong(
                "public_url",
                "must be an address such as https://streamwarden.example.org",
            );
        }
        if self.retention_days == 0 {
            wrong("retention_days", "must be at least 1");
        }
        for (at, token) in self.tokens.iter().enumerate() {
            if token.name.trim().is_empty() {
                wrong(&format!("tokens[{at}].name"), "must not be empty");
            }
        }
        problems
    }
}

fn is_page_address(url: &str) -> bool {
    Url::parse(url).is_ok_and(|url| matches!(url.scheme(), "http" | "https"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_is_valid() {
        assert_eq!(NotifierConfig::default().validate(), []);
    }

    #[test]
    fn every_wrong_value_is_named() {
        let config = NotifierConfig {
            database: "mysql://x".into(),
            public_url: Some("javascript:alert(1)".into()),
            retention_days: 0,
            ..NotifierConfig::default()
        };
        let subjects: Vec<_> = config.validate().into_iter().map(|p| p.subject).collect();
        assert_eq!(
            subjects,
            [
                "notifier.database",
                "notifier.public_url",
                "notifier.retention_days"
            ]
        );
    }
}
