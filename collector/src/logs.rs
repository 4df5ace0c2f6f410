//! Logs of a cluster's processes: what is new, from local directories or over REST.
//!
//! ```text
//! directory (local, JobManager's, TaskManager's) ──> listing ──> tail (what is new, rotation) ──> batch ──> LogBatch
//! ```
//! Where local directories are given, Flink's logs are read only there; the machine's own log is read beside REST. Over REST Flink
//! sends a whole file each time, so a long file is asked for rarely. A directory may hold files of several processes, of dead ones
//! too; whose a file is stands in its first lines.

mod batch;
mod directory;
mod local;
mod machine;
mod owner;
mod remote;
mod tail;

use std::collections::{BTreeMap, BTreeSet};

use futures::future::join_all;
use streamwarden_proto::v1::observation::Body;
use streamwarden_proto::v1::{LogBatch, Observation};

use crate::convert;
use crate::watcher::context::PollContext;
use directory::{Directory, DirectoryWatcher};

type Directories = BTreeMap<Directory, DirectoryWatcher>;
/// A file of a process, and the directory that tells of it: others that show the same file are not listened to.
type Claims = BTreeMap<(String, String), Directory>;

/// Reads the logs of one cluster.
#[derive(Default)]
pub(crate) struct LogWatcher {
    local: Directories,
    rest: Directories,
    claims: Claims,
}

impl LogWatcher {
    /// Reads what is new.
    pub(crate) async fn poll(
        &mut self,
        context: &PollContext<'_>,
        local: &[std::path::PathBuf],
        taskmanagers: &[&str],
    ) -> Vec<Observation> {
        if !context.config.logs.enabled {
            return Vec::new();
        }
        follow(
            &mut self.local,
            local.iter().cloned().map(Directory::Local).collect(),
        );
        let mut batches = Vec::new();
        // Where local directories hold nothing of Flink's, its logs are still to be asked for.
        let mut over_rest = context.config.logs.over_rest;
        for (directory, watcher) in &mut self.local {
            batches.push((directory, watcher.poll(context, &BTreeSet::new()).await));
            over_rest &= watcher.is_machines();
        }
        follow(&mut self.rest, rest_directories(over_rest, taskmanagers));
        // The JobManager's directory goes first: on one machine it often holds the TaskManagers' files too.
        let mut elsewhere = BTreeSet::new();
        let (first, others): (Vec<_>, Vec<_>) = self
            .rest
            .iter_mut()
            .partition(|(directory, _)| **directory == Directory::JobManager);
        for (directory, watcher) in first {
            batches.push((directory, watcher.poll(context, &BTreeSet::new()).await));
            elsewhere.extend(watcher.taskmanager_files());
        }
        let elsewhere = &elsewhere;
        let others = others.into_iter().map(|(directory, watcher)| async move {
            (directory, watcher.poll(context, elsewhere).await)
        });
        batches.extend(join_all(others).await);
        let mut claims = std::mem::take(&mut self.claims);
        let told = batches.into_iter().flat_map(|(directory, batches)| {
            batches
                .into_iter()
                .map(move |batch| (directory.clone(), batch))
        });
        let told: Vec<LogBatch> = told
            .filter_map(|(directory, batch)| claimed(&mut claims, &directory, batch))
            .collect();
        self.claims = claims;
        self.forget_claims();
        let now_ms = context.clock.now_ms();
        let observation =
            |batch| convert::observation(context.cluster_id, now_ms, Body::Logs(batch));
        told.into_iter().map(observation).collect()
    }

    fn forget_claims(&mut self) {
        let Self {
            local,
            rest,
            claims,
        } = self;
        claims.retain(|_, by| local.contains_key(by) || rest.contains_key(by));
    }
}

fn rest_directories(over_rest: bool, taskmanagers: &[&str]) -> BTreeSet<Directory> {
    if !over_rest {
        return BTreeSet::new();
    }
    let others = taskmanagers
        .iter()
        .map(|&id| Directory::TaskManager(id.to_owned()));
    std::iter::once(Directory::JobManager)
        .chain(others)
        .collect()
}

fn follow(directories: &mut Directories, wanted: BTreeSet<Directory>) {
    directories.retain(|directory, _| wanted.contains(directory));
    for directory in wanted {
        let new = DirectoryWatcher::new(directory.clone());
        directories.entry(directory).or_insert(new);
    }
}

fn claimed(claims: &mut Claims, directory: &Directory, batch: LogBatch) -> Option<LogBatch> {
    let key = (batch.process_id.clone(), batch.file.clone());
    let by = claims.entry(key).or_insert_with(|| directory.clone());
    (by == directory).then_some(batch)
}
