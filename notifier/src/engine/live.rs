//! Live events for pages that are open: each is written once and shared by all who watch.

use std::sync::Arc;

use serde::Serialize;
use serde_json::value::RawValue;
use streamwarden_proto::cloud_event::rfc3339;
use streamwarden_proto::finding::Finding;
use tokio::sync::broadcast;

use crate::alerts::intent::{Change, IntentKind};
use crate::view::kept::WrittenRow;

/// Who lags further behind than this is cut off; the page connects again and reads everything.
const BACKLOG: usize = 256;

/// One server-sent event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveEvent {
    /// Its name.
    pub name: &'static str,
    /// JSON in one line.
    pub data: String,
}

/// Whoever watches live.
#[derive(Debug, Clone)]
pub struct Live {
    sender: broadcast::Sender<Arc<LiveEvent>>,
}

#[derive(Serialize)]
struct FindingData<'a> {
    r#type: &'static str,
    finding: &'a Finding,
}

#[derive(Serialize)]
struct WindowData {
    window: String,
    now: String,
}

#[derive(Serialize)]
struct JobsData<'a> {
    window: Option<String>,
    changed: Vec<&'a RawValue>,
    removed: &'a [String],
}

impl Default for Live {
    fn default() -> Self {
        Self {
            sender: broadcast::channel(BACKLOG).0,
        }
    }
}

impl Live {
    /// Watches from now on.
    #[must_use]
    pub fn watch(&self) -> broadcast::Receiver<Arc<LiveEvent>> {
        self.sender.subscribe()
    }

    /// Does anybody watch?
    #[must_use]
    pub fn is_watched(&self) -> bool {
        self.sender.receiver_count() > 0
    }

    pub(super) fn finding(&self, change: &Change) {
        let kind = match change.kind {
            IntentKind::Opened => "opened",
            IntentKind::Resolved => "resolved",
            _ => "updated",
        };
        let finding = &change.finding;
        self.send(
            "finding",
            &FindingData {
                r#type: kind,
                finding,
            },
        );
    }

    /// Clusters, channels or counts changed.
    pub fn status(&self) {
        self.send("status", &serde_json::Map::new());
    }

    /// A window is complete.
    pub fn window(&self, window_ms: i64, now_ms: i64) {
        let data = WindowData {
            window: rfc3339(window_ms),
            now: rfc3339(now_ms),
        };
        self.send("window", &data);
    }

    /// Rows changed.
    pub fn jobs(&self, window_ms: Option<i64>, changed: &[Arc<WrittenRow>], removed: &[String]) {
        let data = JobsData {
            window: window_ms.map(rfc3339),
            changed: changed.iter().map(|row| &*row.json).collect(),
            removed,
        };
        self.send("jobs", &data);
    }

    fn send<T: Serialize>(&self, name: &'static str, data: &T) {
        if !self.is_watched() {
            return;
        }
        let Ok(data) = serde_json::to_string(data) else {
            return;
        };
        // Nobody watches any more: then nobody misses it.
        drop(self.sender.send(Arc::new(LiveEvent { name, data })));
    }
}
