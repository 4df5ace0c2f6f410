//! Which metrics are asked for: one line each.
//!
//! A subtask has 150 to 180 metrics, and those of Kafka's clients come on top. What stands here is what the features need.
//! The order is the order of importance: where a vertex has more ids than may be asked for, those further down are left out.

/// Where a metric of a vertex is registered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// The task itself: the id is the name.
    Task,
    /// Any operator of the chain: the id ends with the name.
    Operator,
    /// An operator that is a source.
    Source,
    /// A writer of a sink.
    Writer,
    /// A group within an operator: the id ends with group and name.
    Group(&'static str),
}

use Place::{Group, Operator, Source, Task, Writer};

const VERTEX: &[(Place, &str)] = &[
    (Task, "busyTimeMsPerSecond"),
    (Task, "backPressuredTimeMsPerSecond"),
    (Task, "idleTimeMsPerSecond"),
    (Task, "softBackPressuredTimeMsPerSecond"),
    (Task, "hardBackPressuredTimeMsPerSecond"),
    (Task, "Shuffle.Netty.Input.Buffers.inPoolUsage"),
    (Task, "Shuffle.Netty.Output.Buffers.outPoolUsage"),
    (Task, "currentInputWatermark"),
    (Operator, "currentOutputWatermark"),
    (Operator, "pendingRecords"),
    (Operator, "watermarkLag"),
    (Operator, "sourceIdleTime"),
    (Operator, "currentEmitEventTimeLag"),
    (Operator, "currentFetchEventTimeLag"),
    (Operator, "numLateRecordsDropped"),
    (Operator, "numRecordsInErrors"),
    (Operator, "numRecordsOutErrors"),
    (Operator, "numRecordsSendErrors"),
    (Source, "numRecordsIn"),
    (Source, "numBytesIn"),
    (Writer, "numRecordsSend"),
    (Writer, "numBytesSend"),
    (Writer, "numRecordsIn"),
    (Writer, "currentSendTime"),
    (Task, "Shuffle.Netty.Input.Buffers.inputQueueLength"),
    (Task, "Shuffle.Netty.Output.Buffers.outputQueueLength"),
    (
        Task,
        "Shuffle.Netty.Input.Buffers.inputFloatingBuffersUsage",
    ),
    (
        Task,
        "Shuffle.Netty.Input.Buffers.inputExclusiveBuffersUsage",
    ),
    (Task, "checkpointStartDelayNanos"),
    (Task, "checkpointAlignmentTime"),
    (Task, "mailboxQueueSize"),
    (Task, "mailboxLatencyMs_mean"),
    (Task, "mailboxLatencyMs_p95"),
    (Task, "mailboxLatencyMs_max"),
    (Task, "numFiredTimers"),
    (Task, "debloatedBufferSize"),
    (Task, "estimatedTimeToConsumeBuffersMs"),
    (Operator, "debloatedBufferSize"),
    (Operator, "estimatedTimeToConsumeBuffersMs"),
    (Task, "maxSoftBackPressureTimeMs"),
    (Task, "maxHardBackPressureTimeMs"),
    (Task, "changelogBusyTimeMsPerSecond"),
    (Task, "initializationTime"),
    (Group("KafkaSourceReader"), "commitsSucceeded"),
    (Group("KafkaSourceReader"), "commitsFailed"),
    (Group("KafkaConsumer"), "connection-count"),
    (Group("KafkaConsumer"), "records-consumed-rate"),
    (Group("KafkaConsumer"), "assigned-partitions"),
    (Group("KafkaConsumer"), "records-lag-max"),
    (Group("KafkaConsumer"), "fetch-latency-avg"),
    (Group("KafkaConsumer"), "fetch-throttle-time-avg"),
    (Group("KafkaProducer"), "connection-count"),
    (Group("KafkaProducer"), "record-error-rate"),
    (Group("KafkaProducer"), "record-retry-rate"),
    (Group("KafkaProducer"), "request-latency-avg"),
    (Group("KafkaProducer"), "produce-throttle-time-avg"),
    (Operator, "totalCommittables"),
    (Operator, "successfulCommittables"),
    (Operator, "failedCommittables"),
    (Operator, "retriedCommittables"),
    (Operator, "pendingCommittables"),
    (Group("rocksdb"), "actual-delayed-write-rate"),
    (Group("rocksdb"), "is-write-stopped"),
    (Group("rocksdb"), "compaction-pending"),
    (Group("rocksdb"), "num-running-compactions"),
    (Group("rocksdb"), "num-running-flushes"),
    (Group("rocksdb"), "mem-table-flush-pending"),
    (Group("rocksdb"), "cur-size-all-mem-tables"),
    (Group("rocksdb"), "block-cache-usage"),
    (Group("rocksdb"), "block-cache-capacity"),
    (Group("rocksdb"), "block-cache-pinned-usage"),
    (Group("rocksdb"), "estimate-num-keys"),
    (Group("rocksdb"), "total-sst-files-size"),
    (Group("rocksdb"), "live-sst-files-size"),
];

/// Metrics of a TaskManager or the JobManager: everything below these.
const PROCESS: &[&str] = &[
    "Status.JVM.Memory.",
    "Status.JVM.GarbageCollector.",
    "Status.JVM.CPU.",
    "Status.JVM.Threads.",
    "Status.JVM.ClassLoader.",
    "Status.JVM.FileDescriptor.",
    "Status.Shuffle.Netty.",
    "Status.Flink.Memory.",
    "taskSlots",
    "numRegisteredTaskManagers",
    "numRunningJobs",
    "numPendingTaskManagers",
];

/// Metrics of a job that are texts.
const JOB_TEXTS: &[&str] = &["lastCheckpointExternalPath"];

/// Importance of a vertex's metric, 0 the highest; `None`: not wanted. `name` is without the subtask's number.
#[must_use]
pub fn vertex_metric(name: &str) -> Option<usize> {
    let last = name.rsplit('.').next().unwrap_or(name);
    // RocksDB's own names have a dot, which some versions replace.
    let last = last.strip_prefix("rocksdb_").unwrap_or(last);
    VERTEX.iter().position(|(place, wanted)| match place {
        Task => name == *wanted,
        _ => last == *wanted && fits(*place, name),
    })
}

fn fits(place: Place, name: &str) -> bool {
    let mut parts = name.rsplit('.').skip(1);
    let parent = parts.next();
    match place {
        Task => parent.is_none(),
        Operator => parent.is_some() && parts.next().is_none(),
        Source => {
            parent.is_some_and(|operator| operator.starts_with("Source__"))
                && parts.next().is_none()
        }
        Writer => {
            parent.is_some_and(|operator| operator.ends_with("Writer")) && parts.next().is_none()
        }
        Group("rocksdb") => parent == Some("rocksdb") || name.contains(".rocksdb_"),
        Group(group) => parent == Some(group),
    }
}

/// Is this metric of a process wanted?
#[must_use]
pub fn process_metric(name: &str) -> bool {
    PROCESS.iter().any(|prefix| name.starts_with(prefix))
}

/// Is this metric of a job wanted?
#[must_use]
pub fn job_metric(name: &str) -> bool {
    !JOB_TEXTS.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kafka_client_metrics_are_found_below_their_operator() {
        for name in [
            "Source__orders.KafkaSourceReader.commitsFailed",
            "Source__orders.KafkaSourceReader.KafkaConsumer.records-lag-max",
            "Source__orders.pendingRecords",
            "out__Writer.currentSendTime",
            "out__Committer.failedCommittables",
            "totals.window-contents.rocksdb.block-cache-usage",
            "totals.window-contents.rocksdb_block-cache-usage",
        ] {
            assert!(vertex_metric(name).is_some(), "{name}");
        }
    }

    #[test]
    fn per_partition_and_per_split_metrics_are_left_out() {
        for name in [
            "Source__orders.KafkaSourceReader.topic.in.partition.0.currentOffset",
            "Source__orders.split.1.watermark.currentWatermark",
            "enrich.numRecordsIn",
            "numRecordsInPerSecond",
        ] {
            assert_eq!(vertex_metric(name), None, "{name}");
        }
    }

    #[test]
    fn busy_time_matters_most() {
        assert_eq!(vertex_metric("busyTimeMsPerSecond"), Some(0));
    }
}
