//! What the state machine wants to be done, as data: kept in the outbox, carried out later.

use serde::{Deserialize, Serialize};
use streamwarden_proto::finding::Finding;

use crate::alerts::alert::Alert;
use crate::alerts::digest::Digest;
use crate::message::Message;

/// Something to be said on one channel.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Intent {
    /// Where.
    pub channel: String,
    /// Message and thread that it belongs to.
    pub conversation: String,
    /// What kind of news.
    pub kind: IntentKind,
    /// By the process's clock.
    pub at_ms: i64,
    /// What people read.
    pub message: Message,
    /// What programs read.
    pub subjects: Vec<AlertBrief>,
    /// Findings that it is about; more than `subjects` where those are cut.
    pub total: usize,
}

/// What kind of news an intent is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum IntentKind {
    /// Begins a conversation.
    Opened,
    /// News in a conversation.
    Updated,
    /// The first message of a conversation changes; nobody is called. Only for channels that can.
    Edited,
    /// Ends a conversation.
    Resolved,
    /// A test of the channel.
    Test,
}

impl IntentKind {
    /// As in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Opened => "opened",
            Self::Updated => "updated",
            Self::Edited => "edited",
            Self::Resolved => "resolved",
            Self::Test => "test",
        }
    }
}

/// An alert for programs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AlertBrief {
    /// Id of the episode.
    pub alert_id: String,
    /// The same for every episode.
    pub fingerprint: String,
    /// RFC 3339, UTC.
    pub began: String,
    /// RFC 3339, UTC; absent while it is open.
    pub ended: Option<String>,
    /// The page's address of it; empty without a public address.
    pub link: String,
    /// The finding itself.
    pub finding: Finding,
}

/// What a step of the state machine leads to: all of it is stored in one transaction.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Step {
    /// Alerts that are new or changed.
    pub alerts: Vec<Alert>,
    /// Lists that are new or changed.
    pub digests: Vec<Digest>,
    /// What is to be said, in order.
    pub intents: Vec<Intent>,
    /// What happened, for whoever watches live.
    pub changes: Vec<Change>,
}

/// What happened to an alert.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// Opened, updated or resolved.
    pub kind: IntentKind,
    /// The finding as it is now.
    pub finding: Finding,
}

impl Step {
    /// Nothing to store.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.alerts.is_empty() && self.digests.is_empty() && self.intents.is_empty()
    }

    /// Puts what followed behind it.
    pub fn append(&mut self, mut later: Self) {
        self.alerts.append(&mut later.alerts);
        self.digests.append(&mut later.digests);
        self.intents.append(&mut later.intents);
        self.changes.append(&mut later.changes);
    }
}
