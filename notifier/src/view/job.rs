//! One job: its graph, its configuration and when it changed, its figures, its log lines.

use std::collections::{BTreeMap, HashMap, VecDeque};

use streamwarden_proto::v1::{ErrorRecord, JobSnapshot, LogLevel};

use crate::view::series::{SubjectView, WINDOW_MS};

/// Log lines that are kept for a job, one a template.
const TEMPLATES_LIMIT: usize = 30;
/// Processes that are named beside a line.
const PROCESSES_LIMIT: usize = 8;
/// Changes of configuration that are kept for a job.
const CHANGES_LIMIT: usize = 100;
/// More of a message is not shown.
const TEXT_LIMIT: usize = 4000;

/// One job.
#[derive(Debug, Clone, Default)]
pub struct JobView {
    /// As Flink prints it.
    pub name: String,
    /// Flink's JobStatus.
    pub state: String,
    /// Graph and configuration.
    pub snapshot: Option<JobSnapshot>,
    /// Figures of the job itself.
    pub own: SubjectView,
    /// Figures of its vertices, by id.
    pub vertices: HashMap<String, SubjectView>,
    /// Changes of its configuration, oldest first.
    pub changes: VecDeque<ConfigChange>,
    /// Who set an option: the cluster, or the job.
    pub set_by_cluster: BTreeMap<String, bool>,
    /// Log lines that stand out.
    pub logs: Logs,
    windows: u32,
    newest_ms: i64,
    pub(super) revision: u64,
}

/// A change of one option.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigChange {
    /// Key.
    pub key: String,
    /// Value before; absent where there was none.
    pub from: Option<String>,
    /// Value after; absent where there is none.
    pub to: Option<String>,
    /// When it was seen.
    pub at_ms: i64,
}

/// Log lines that stand out, one a template.
#[derive(Debug, Clone, Default)]
pub struct Logs {
    lines: Vec<LogEntry>,
}

/// A line with how often and where it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogEntry {
    /// Template code.
    pub template: String,
    /// Level.
    pub level: String,
    /// Newest text.
    pub text: String,
    /// How often.
    pub count: u64,
    /// First time.
    pub first_ms: i64,
    /// Newest time.
    pub last_ms: i64,
    /// Whose log.
    pub processes: Vec<String>,
    /// Problem that the rules name.
    pub problem_slug: String,
}

impl JobView {
    pub(super) fn saw_window(&mut self, end_ms: i64, of_job: bool) {
        if of_job && end_ms > self.newest_ms {
            self.windows = self.windows.saturating_add(1);
        }
        self.newest_ms = self.newest_ms.max(end_ms);
    }

    pub(super) fn saw_snapshot(
        &mut self,
        snapshot: &JobSnapshot,
        cluster_config: &BTreeMap<String, String>,
        at_ms: i64,
    ) {
        if let Some(before) = &self.snapshot {
            let changes = changes(&before.config, &snapshot.config, at_ms);
            self.changes.extend(changes);
            while self.changes.len() > CHANGES_LIMIT {
                self.changes.pop_front();
            }
        }
        self.set_by_cluster = snapshot
            .config
            .iter()
            .map(|(key, value)| (key.clone(), cluster_config.get(key) == Some(value)))
            .collect();
        // A vertex that is gone after a new deployment must not stay in the graph.
        let present = |id: &String| snapshot.vertices.iter().any(|vertex| vertex.id == *id);
        self.vertices.retain(|id, _| present(id));
        self.state.clone_from(&snapshot.state);
        self.snapshot = Some(snapshot.clone());
        self.newest_ms = self.newest_ms.max(at_ms);
    }

    /// Another one whenever something changed that is shown of it.
    #[must_use]
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// Windows so far.
    #[must_use]
    pub fn windows(&self) -> u32 {
        self.windows
    }

    /// When it was last heard of.
    #[must_use]
    pub fn newest_ms(&self) -> i64 {
        self.newest_ms
    }

    /// End of its newest window.
    #[must_use]
    pub fn newest_window_ms(&self) -> Option<i64> {
        let vertices = self.vertices.values().map(SubjectView::newest_ms);
        let newest = vertices.chain([self.own.newest_ms()]).max().unwrap_or(0);
        (newest > 0).then_some(newest)
    }

    /// When an option last changed.
    #[must_use]
    pub fn changed_ms(&self, key: &str) -> Option<i64> {
        self.changes
            .iter()
            .rev()
            .find(|change| change.key == key)
            .map(|change| change.at_ms)
    }

    /// When the windows that a first verdict needs are there, if they go on as they came.
    #[must_use]
    pub fn due_ms(&self, needed: u32) -> Option<i64> {
        let left = i64::from(needed.saturating_sub(self.windows));
        self.newest_window_ms()
            .map(|newest| newest + left * WINDOW_MS)
    }
}

fn changes(
    before: &BTreeMap<String, String>,
    after: &BTreeMap<String, String>,
    at_ms: i64,
) -> Vec<ConfigChange> {
    let keys: std::collections::BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let changed = keys
        .into_iter()
        .filter(|key| before.get(*key) != after.get(*key));
    changed
        .map(|key| ConfigChange {
            key: key.clone(),
            from: before.get(key).cloned(),
            to: after.get(key).cloned(),
            at_ms,
        })
        .collect()
}

impl Logs {
    /// Newest first.
    #[must_use]
    pub fn newest_first(&self) -> Vec<&LogEntry> {
        let mut lines: Vec<&LogEntry> = self.lines.iter().collect();
        lines.sort_by_key(|line| std::cmp::Reverse(line.last_ms));
        lines
    }

    pub(super) fn push(&mut self, record: &ErrorRecord) {
        if let Some(known) = self
            .lines
            .iter_mut()
            .find(|line| line.template == record.code)
        {
            known.count += 1;
            known.last_ms = known.last_ms.max(record.at_ms);
            known.first_ms = known.first_ms.min(record.at_ms);
            let named =
                known.processes.contains(&record.process_id) || record.process_id.is_empty();
            if !named && known.processes.len() < PROCESSES_LIMIT {
                known.processes.push(record.process_id.clone());
            }
            return;
        }
        if self.lines.len() >= TEMPLATES_LIMIT {
            let oldest = self
                .lines
                .iter()
                .enumerate()
                .min_by_key(|(_, line)| line.last_ms);
            if let Some((at, _)) = oldest {
                self.lines.swap_remove(at);
            }
        }
        self.lines.push(entry(record));
    }
}

fn entry(record: &ErrorRecord) -> LogEntry {
    let parts = [&record.exception, &record.message]
        .into_iter()
        .filter(|part| !part.is_empty());
    let mut text = parts.cloned().collect::<Vec<_>>().join(": ");
    if !record.frame.is_empty() {
        text.push_str("\n    at ");
        text.push_str(&record.frame);
    }
    LogEntry {
        template: record.code.clone(),
        level: level(record.level()).to_owned(),
        text: crate::message::words::clip(&text, TEXT_LIMIT),
        count: 1,
        first_ms: record.at_ms,
        last_ms: record.at_ms,
        processes: Vec::from_iter(
            (!record.process_id.is_empty()).then(|| record.process_id.clone()),
        ),
        problem_slug: record.problem_slug.clone(),
    }
}

fn level(level: LogLevel) -> &'static str {
    match level {
        LogLevel::Trace => "TRACE",
        LogLevel::Debug => "DEBUG",
        LogLevel::Info => "INFO",
        LogLevel::Warn => "WARN",
        LogLevel::Fatal => "FATAL",
        LogLevel::Unspecified | LogLevel::Error => "ERROR",
    }
}
