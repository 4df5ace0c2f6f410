//! Logs: for people on a terminal, as JSON for machines.

use std::io::IsTerminal;

use serde::{Deserialize, Serialize};
use tracing_subscriber::EnvFilter;

use crate::config::Problem;

/// Section `[telemetry]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TelemetryConfig {
    /// Shape of a log line.
    pub format: LogFormat,
    /// Level, or levels by target: `info`, `warn,streamwarden_collector=debug`. Without it, services say `info`, commands
    /// for people `warn`.
    pub level: Option<String>,
}

/// Shape of a log line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// Human on a terminal, JSON elsewhere.
    Auto,
    /// For people.
    Human,
    /// One JSON object a line.
    Json,
}

impl Default for TelemetryConfig {
    fn default() -> Self {
        Self {
            format: LogFormat::Auto,
            level: None,
        }
    }
}

impl TelemetryConfig {
    /// What is wrong with it.
    #[must_use]
    pub fn validate(&self) -> Vec<Problem> {
        let level = self.level.as_deref().unwrap_or("info");
        match level.parse::<EnvFilter>() {
            Ok(_) => Vec::new(),
            Err(error) => vec![Problem::new("telemetry.level", error.to_string())],
        }
    }
}

/// Starts logging to standard error; `default_level` counts where none is configured. A second call in one process
/// changes nothing.
pub fn init(config: &TelemetryConfig, default_level: &str) {
    let level = config.level.as_deref().unwrap_or(default_level);
    let filter = level
        .parse()
        .unwrap_or_else(|_| EnvFilter::new(default_level));
    let terminal = std::io::stderr().is_terminal();
    let json = match config.format {
        LogFormat::Auto => !terminal,
        LogFormat::Human => false,
        LogFormat::Json => true,
    };
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(terminal && colour_wanted());
    let started = if json {
        builder.json().flatten_event(true).try_init()
    } else {
        builder.with_target(false).try_init()
    };
    if let Err(error) = started {
        tracing::debug!(%error, "logging was started before");
    }
}

/// Colour is for terminals whose user did not decline it (<https://no-color.org>).
#[must_use]
pub fn colour_wanted() -> bool {
    std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}
