//! One directory of logs, wherever it is.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use streamwarden_proto::v1::LogBatch;
use tokio::time::Instant;

use super::machine;
use super::owner;
use super::tail::{Limits, Tail};
use super::{local, remote};
use crate::events;
use crate::watcher::context::PollContext;

/// Over REST, a file is asked for at most at this pace: Flink copies the whole file each time.
const REST_BYTES_PER_SECOND: u64 = 4 << 20;
/// Files in one directory; a directory with more is none of a Flink process.
const FILES_LIMIT: usize = 500;

/// Where logs are.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Directory {
    /// On this machine.
    Local(PathBuf),
    /// The JobManager's, over REST.
    JobManager,
    /// A TaskManager's, over REST.
    TaskManager(String),
}

/// A file as a listing has it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Listed {
    pub(super) name: String,
    pub(super) size_bytes: u64,
    /// Last change, where it is known.
    pub(super) changed_at_ms: Option<i64>,
    /// Stays the same when the file is renamed, where it is known.
    pub(super) inode: Option<u64>,
}

impl Directory {
    pub(super) fn is_local(&self) -> bool {
        matches!(self, Self::Local(_))
    }

    async fn list(&self, context: &PollContext<'_>) -> Option<Vec<Listed>> {
        let listed = match self {
            Self::Local(path) => local::list(path)
                .await
                .map_err(|error| events::log_unreadable(context.cluster_id, path, &error))
                .ok(),
            Self::JobManager | Self::TaskManager(_) => {
                context.in_time(remote::list(context, self)).await?.ok()
            }
        };
        listed.map(|mut listed| {
            listed.sort_by(|one, other| one.name.cmp(&other.name));
            listed.truncate(FILES_LIMIT);
            listed
        })
    }

    async fn read(&self, context: &PollContext<'_>, name: &str, tail: &mut Tail) {
        match self {
            Self::Local(path) => {
                if let Err(error) = local::read(&path.join(name), tail).await {
                    events::log_unreadable(context.cluster_id, path, &error);
                }
            }
            // A stream that breaks off or is too slow is taken up where it broke.
            Self::JobManager | Self::TaskManager(_) => match context
                .in_time(remote::read(context, self, name, tail))
                .await
            {
                Some(Err(error)) if !error.is_gone() => {
                    events::answer_missing(context.cluster_id, &error);
                }
                _ => {}
            },
        }
    }
}

/// Reads what is new in one directory.
pub(super) struct DirectoryWatcher {
    directory: Directory,
    tails: BTreeMap<String, Tail>,
    /// Logs of TaskManagers that lie here.
    taskmanager_logs: usize,
    /// Only the machine's own log lies here.
    is_machines: bool,
}

impl DirectoryWatcher {
    pub(super) fn new(directory: Directory) -> Self {
        Self {
            directory,
            tails: BTreeMap::new(),
            taskmanager_logs: 0,
            is_machines: false,
        }
    }

    /// Names of TaskManagers' files, which another directory need not tell again.
    pub(super) fn taskmanager_files(&self) -> impl Iterator<Item = String> + '_ {
        self.tails
            .keys()
            .filter(|name| owner::is_taskmanager_file(name))
            .cloned()
    }

    /// Whether Flink's own logs are to be looked for elsewhere, as far as the last look tells.
    pub(super) fn is_machines(&self) -> bool {
        self.is_machines
    }

    /// New events of all files but `elsewhere`.
    pub(super) async fn poll(
        &mut self,
        context: &PollContext<'_>,
        elsewhere: &BTreeSet<String>,
    ) -> Vec<LogBatch> {
        let Some(listed) = self.directory.list(context).await else {
            return Vec::new();
        };
        let first_poll = self.tails.is_empty();
        self.taskmanager_logs = listed
            .iter()
            .filter(|file| owner::is_taskmanager_log(&file.name))
            .count();
        self.is_machines = self.directory.is_local()
            && machine::is_directory(listed.iter().map(|file| file.name.as_str()));
        self.tails
            .retain(|name, _| listed.iter().any(|file| file.name == *name));
        let mut batches = Vec::new();
        // What else lies beside the machine's log is none of Flink's, and perhaps private.
        let (is_local, is_machines) = (self.directory.is_local(), self.is_machines);
        let wanted = |file: &&Listed| {
            let of_machine = is_local && machine::is_log(&file.name);
            let of_process = !is_machines && owner::is_log(&file.name);
            (of_machine || of_process) && !elsewhere.contains(&file.name)
        };
        for file in listed.iter().filter(wanted) {
            self.poll_file(context, file, &listed, first_poll).await;
            let process_id = self.owner_of(&file.name);
            let limits = Limits::of(&context.config.logs);
            let now_ms = context.clock.now_ms();
            let Some(tail) = self.tails.get_mut(&file.name) else {
                continue;
            };
            if let Some(process_id) = process_id {
                batches.extend(tail.batch(&process_id, file, now_ms, limits));
            }
        }
        batches
    }

    async fn poll_file(
        &mut self,
        context: &PollContext<'_>,
        file: &Listed,
        listed: &[Listed],
        first_poll: bool,
    ) {
        let Self {
            directory, tails, ..
        } = self;
        let now_ms = context.clock.now_ms();
        let limits = Limits::of(&context.config.logs);
        let new = || {
            let parser = context.coding.parser(now_ms);
            let tail = Tail::new(parser, file, now_ms, first_poll, limits);
            match directory.is_local() && machine::is_log(&file.name) {
                true => tail.without_levels(),
                false => tail,
            }
        };
        let tail = tails.entry(file.name.clone()).or_insert_with(new);
        if tail.was_rotated(file) {
            // What was written between the last look and the rotation lies in a file with a number now.
            if let Some(rotated) = tail.rotated_into(file, listed) {
                tail.plan(rotated, limits);
                directory.read(context, &rotated.name, tail).await;
            }
            tail.start_over(file, context.coding.parser(now_ms));
        }
        if !tail.has_news(file) || Instant::now() < tail.not_before {
            return;
        }
        if !directory.is_local() {
            let pause_ms = file.size_bytes * 1_000 / REST_BYTES_PER_SECOND;
            tail.not_before = Instant::now() + tokio::time::Duration::from_millis(pause_ms);
        }
        tail.plan(file, limits);
        directory.read(context, &file.name, tail).await;
    }

    /// `None`: not known yet, and it may soon be. Empty: no process of Flink.
    fn owner_of(&self, name: &str) -> Option<String> {
        if self.directory.is_local() && machine::is_log(name) {
            return Some(String::new());
        }
        let tail = self.tails.get(name)?;
        if let Some(id) = tail.resource_id() {
            return Some(id.to_owned());
        }
        let sibling = self
            .tails
            .get(&owner::log_of(name))
            .and_then(Tail::resource_id);
        if let Some(id) = sibling {
            return Some(id.to_owned());
        }
        let taskmanager = owner::is_taskmanager_file(name);
        match &self.directory {
            Directory::JobManager if !taskmanager => Some(crate::watcher::JOBMANAGER.to_owned()),
            _ if owner::is_jobmanager_file(name) => Some(crate::watcher::JOBMANAGER.to_owned()),
            Directory::TaskManager(id) if self.taskmanager_logs < 2 => Some(id.clone()),
            _ if tail.is_young() => None,
            Directory::TaskManager(id) => Some(id.clone()),
            _ => Some(owner::stem(name).to_owned()),
        }
    }
}
