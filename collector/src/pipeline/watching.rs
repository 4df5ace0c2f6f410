//! The watchers of this collector: one task a cluster.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use streamwarden_kafka_io::Partition;
use streamwarden_proto::v1::ClusterRecord;
use streamwarden_service_runtime::{Shutdown, chain};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::kafka_sink::KafkaObservationSink;
use crate::config::{ClusterTarget, CollectorConfig};
use crate::events;
use crate::shared::Shared;
use crate::watcher::ClusterWatcher;

/// From this many clusters on, first polls are spread over an interval.
const SPREAD_FROM: usize = 4;

struct Watched {
    record: ClusterRecord,
    partition: Partition,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

pub(super) struct Watching {
    shared: Shared,
    config: Arc<CollectorConfig>,
    sink: KafkaObservationSink,
    shutdown: Shutdown,
    watched: BTreeMap<String, Watched>,
}

impl Watching {
    pub(super) fn new(
        shared: Shared,
        config: Arc<CollectorConfig>,
        sink: KafkaObservationSink,
        shutdown: Shutdown,
    ) -> Self {
        Self {
            shared,
            config,
            sink,
            shutdown,
            watched: BTreeMap::new(),
        }
    }

    /// Follows what the topic says of a cluster. A repeat changes nothing.
    pub(super) async fn take(&mut self, partition: Partition, record: ClusterRecord) {
        let known = self.watched.get(&record.cluster_id);
        if known.is_some_and(|watched| watched.record == record && !watched.task.is_finished()) {
            return;
        }
        self.stop(&record.cluster_id).await;
        if record.removed {
            return;
        }
        match self.watcher(&record) {
            Ok(watcher) => self.start(partition, record, watcher),
            Err(reason) => events::cannot_watch(&record.cluster_id, &reason),
        }
    }

    fn watcher(&self, record: &ClusterRecord) -> Result<ClusterWatcher, String> {
        let credentials = match record.credentials.as_str() {
            "" => None,
            name => {
                let known = self.config.credentials.get(name).cloned();
                Some(known.ok_or_else(|| format!("[collector.credentials] lacks {name:?}"))?)
            }
        };
        let target = ClusterTarget {
            cluster_id: record.cluster_id.clone(),
            url: record.url.clone(),
            credentials,
            log_directories: record.log_directories.iter().map(Into::into).collect(),
        };
        let config = Arc::clone(&self.config);
        ClusterWatcher::sharing(self.shared.clone(), target, config).map_err(|error| chain(&error))
    }

    fn start(&mut self, partition: Partition, record: ClusterRecord, mut watcher: ClusterWatcher) {
        let stop = self.shutdown.token().child_token();
        let (sink, shutdown, stopped) = (self.sink.clone(), self.shutdown.clone(), stop.clone());
        let delay = self.first_delay();
        events::watching(&record.cluster_id, watcher.address());
        let task = async move {
            tokio::select! {
                () = tokio::time::sleep(delay) => {}
                () = stopped.cancelled() => return,
            }
            if let Err(error) = watcher.run(&sink, &stopped).await
                && !shutdown.is_requested()
            {
                events::gave_up(&error);
                shutdown.fail();
            }
        };
        let name = format!("watcher of {}", record.cluster_id);
        let task = self.shutdown.spawn(name, task);
        let watched = Watched {
            partition,
            stop,
            task,
            record,
        };
        self.watched
            .insert(watched.record.cluster_id.clone(), watched);
    }

    fn first_delay(&self) -> Duration {
        let few = self.watched.len() < SPREAD_FROM;
        let interval = Duration::from_millis(self.config.poll_interval_ms);
        if few {
            Duration::ZERO
        } else {
            interval.mul_f64(rand::random())
        }
    }

    /// Watches a cluster no longer; returns when its last poll was handed over.
    pub(super) async fn stop(&mut self, cluster_id: &str) {
        if let Some(watched) = self.watched.remove(cluster_id) {
            end(watched).await;
        }
    }

    /// Another collector watches the clusters of these partitions from now on.
    pub(super) async fn stop_partitions(&mut self, partitions: &[Partition]) {
        let gone = |watched: &Watched| partitions.contains(&watched.partition);
        let ids: Vec<String> = self
            .watched
            .iter()
            .filter(|(_, watched)| gone(watched))
            .map(|(id, _)| id.clone())
            .collect();
        events::revoked(partitions.len(), ids.len());
        for id in ids {
            self.stop(&id).await;
        }
    }

    pub(super) async fn stop_all(&mut self) {
        for watched in self.watched.values() {
            watched.stop.cancel();
        }
        for (_, watched) in std::mem::take(&mut self.watched) {
            end(watched).await;
        }
    }
}

async fn end(watched: Watched) {
    watched.stop.cancel();
    // A watcher that panicked has been told of by its tracker.
    let _ = watched.task.await;
}
