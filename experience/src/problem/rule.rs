//! Expert rules: how a problem shows in one exception or log line.

use serde::Deserialize;
use streamwarden_proto::v1::LogLevel;

/// One way in which a problem shows. All conditions that are given must hold; within a list, one is enough.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// How sure an expert is when the rule fires, 0 to 1.
    pub confidence: f64,
    /// What the rule is matched against.
    #[serde(default, rename = "in")]
    pub target: RuleTarget,
    /// Classes of the exception: a simple name, or a qualified one (compared from its end).
    #[serde(default)]
    pub exception: Vec<String>,
    /// Parts of the message, one of which occurs.
    #[serde(default)]
    pub message: Vec<String>,
    /// Parts of the message that must all occur.
    #[serde(default)]
    pub message_all: Vec<String>,
    /// Pattern that the message matches; its named groups fill places of the sentences.
    #[serde(default)]
    pub regex: Option<String>,
    /// Parts of the frames of the exception, one of which occurs.
    #[serde(default)]
    pub frame: Vec<String>,
    /// Parts of the whole event (line, logger, chain, messages, frames), one of which occurs.
    #[serde(default)]
    pub with: Vec<String>,
    /// Parts of the whole event, none of which occurs.
    #[serde(default)]
    pub without: Vec<String>,
    /// Parts of the logger's name, one of which occurs.
    #[serde(default)]
    pub logger: Vec<String>,
    /// Lowest level of the line.
    #[serde(default)]
    pub level: Option<RuleLevel>,
}

/// What a rule is matched against.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RuleTarget {
    /// Any exception of the chain, or the line's own message.
    #[default]
    Any,
    /// Only exceptions of the chain.
    Exception,
    /// Only the line's own message.
    Line,
}

/// A level in a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RuleLevel {
    /// Any line, also information.
    Info,
    /// Warnings and errors.
    Warn,
    /// Errors.
    Error,
}

impl From<RuleLevel> for LogLevel {
    fn from(level: RuleLevel) -> Self {
        match level {
            RuleLevel::Info => Self::Info,
            RuleLevel::Warn => Self::Warn,
            RuleLevel::Error => Self::Error,
        }
    }
}
