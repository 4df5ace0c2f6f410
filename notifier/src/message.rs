//! What is said, apart from how a channel shows it.
//!
//! A [`Message`] is built once from findings ([`build`], [`list`]) and kept in the outbox; each channel renders it in
//! its own mark-up and escapes what came from outside: [`slack`], [`text`].

pub mod build;
pub mod chart;
pub mod html;
pub mod list;
mod parts;
pub mod slack;
pub mod text;
pub mod words;

use serde::{Deserialize, Serialize};

/// A message in the order of reading: status and job, cause, effect, change, what not to do, why, buttons, small print.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// What kind of news it is.
    pub tone: Tone,
    /// Status and job: `Critical: orders-enrichment`.
    pub headline: String,
    /// Everything in one line, for a locked phone.
    pub lock_screen: String,
    /// The body.
    pub sections: Vec<Section>,
    /// Links.
    pub buttons: Vec<Button>,
    /// Codes and versions.
    pub small_print: Vec<String>,
    /// Course of the deciding figure, for channels that can show a picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chart: Option<chart::Chart>,
}

/// What kind of news a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tone {
    /// Something is wrong now.
    Critical,
    /// It will be, or works badly.
    Warning,
    /// Something could be better.
    Advice,
    /// It is over.
    Resolved,
    /// A test of the channel.
    Test,
}

/// A part of the body.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Section {
    /// Lines before the list.
    pub lines: Vec<Vec<Span>>,
    /// Entries of the list.
    pub items: Vec<Vec<Span>>,
    /// Lines after the list.
    pub after: Vec<Vec<Span>>,
}

/// A run of text. What is in it is never mark-up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Span {
    /// As it is.
    Plain(String),
    /// Strong.
    Bold(String),
    /// An option, a code, a line of a log.
    Code(String),
}

/// A link, or something to do where the channel can tell us.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Button {
    /// What happens.
    pub label: String,
    /// Where it leads.
    pub url: String,
    /// The one that most people want.
    pub primary: bool,
    /// What is done at once where the channel tells us of it; elsewhere the link leads to the page, which asks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub press: Option<Press>,
}

/// What a pressed button does to a finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Press {
    /// What.
    pub deed: Deed,
    /// To which finding.
    pub finding_id: String,
}

/// What a person can do from a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Deed {
    /// Takes care of it.
    Acknowledge,
    /// Silences it for an hour.
    Silence,
    /// The finding was right.
    Right,
    /// The finding was wrong.
    Wrong,
}

impl Deed {
    /// As in links and in what channels send back.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Acknowledge => "acknowledge",
            Self::Silence => "silence",
            Self::Right => "right",
            Self::Wrong => "wrong",
        }
    }

    /// What is meant by this word.
    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        let all = [Self::Acknowledge, Self::Silence, Self::Right, Self::Wrong];
        all.into_iter().find(|deed| deed.as_str() == word)
    }
}

impl Button {
    /// A link and nothing else.
    #[must_use]
    pub fn link(label: impl Into<String>, url: impl Into<String>, primary: bool) -> Self {
        Self {
            label: label.into(),
            url: url.into(),
            primary,
            press: None,
        }
    }
}

impl Tone {
    /// The word in front of a headline.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Critical => "Critical",
            Self::Warning => "Warning",
            Self::Advice => "Advice",
            Self::Resolved => "Resolved",
            Self::Test => "Test",
        }
    }
}

impl From<streamwarden_proto::finding::Severity> for Tone {
    fn from(severity: streamwarden_proto::finding::Severity) -> Self {
        use streamwarden_proto::finding::Severity;
        match severity {
            Severity::Critical => Self::Critical,
            Severity::Warning => Self::Warning,
            Severity::Advice => Self::Advice,
        }
    }
}

impl Section {
    /// Lines only.
    #[must_use]
    pub fn lines(lines: Vec<Vec<Span>>) -> Self {
        Self {
            lines,
            items: Vec::new(),
            after: Vec::new(),
        }
    }
}

/// Plain text.
pub(crate) fn plain(text: impl Into<String>) -> Span {
    Span::Plain(text.into())
}

/// Strong text.
pub(crate) fn bold(text: impl Into<String>) -> Span {
    Span::Bold(text.into())
}

/// Code.
pub(crate) fn code(text: impl Into<String>) -> Span {
    Span::Code(text.into())
}
