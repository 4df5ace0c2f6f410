//! Flink's metric names, turned into the figures that features are made of.
//!
//! Names of operators stand before an operator's metrics (`Source__orders.pendingRecords`); only the last part says
//! what the figure is. Several operators of one vertex may report the same figure: [`Merge`] says what becomes of them.

/// How a figure behaves over time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Behaviour {
    /// Grows from the start of a task: its rate is what counts.
    Counter,
    /// Holds at the moment of reading.
    Gauge,
}

/// What becomes of the same figure from several operators of one vertex.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Merge {
    Sum,
    Max,
    Min,
}

impl Merge {
    /// Puts two readings together; a missing one does not count.
    pub(crate) fn apply(self, left: f64, right: f64) -> f64 {
        match (left.is_nan(), right.is_nan(), self) {
            (true, _, _) => right,
            (_, true, _) => left,
            (_, _, Self::Sum) => left + right,
            (_, _, Self::Max) => left.max(right),
            (_, _, Self::Min) => left.min(right),
        }
    }
}

/// A closed set of figures that Flink reports under known names.
pub(crate) trait Metric: Copy + PartialEq {
    /// How many there are.
    const COUNT: usize;

    /// The figure behind a name of Flink, if any feature wants it.
    fn of_name(name: &str) -> Option<Self>;
    /// Position in tables.
    fn index(self) -> usize;
    fn behaviour(self) -> Behaviour;
    fn merge(self) -> Merge;
}

macro_rules! metrics {
    ($(#[$doc:meta])* $name:ident { $($variant:ident: $behaviour:ident $merge:ident [$($flink:literal)|*],)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum $name { $($variant,)+ }

        impl $name {
            const ALL: &[Self] = &[$(Self::$variant,)+];

            fn of_known_name(name: &str) -> Option<Self> {
                match name { $($($flink => Some(Self::$variant),)*)+ _ => None }
            }

            fn behaviour_of(self) -> Behaviour {
                match self { $(Self::$variant => Behaviour::$behaviour,)+ }
            }

            fn merge_of(self) -> Merge {
                match self { $(Self::$variant => Merge::$merge,)+ }
            }
        }
    };
}

metrics! {
    /// Figures of one subtask.
    SubtaskMetric {
        BusyTime: Counter Sum ["accumulated-busy-time" | "accumulateBusyTimeMs"],
        BackpressuredTime: Counter Sum ["accumulated-backpressured-time" | "accumulateBackPressuredTimeMs"],
        IdleTime: Counter Sum ["accumulated-idle-time" | "accumulateIdleTimeMs"],
        RecordsIn: Counter Sum ["read-records"],
        RecordsOut: Counter Sum ["write-records"],
        BytesIn: Counter Sum ["read-bytes"],
        BytesOut: Counter Sum ["write-bytes"],
        BusyGauge: Gauge Max ["busyTimeMsPerSecond"],
        BackpressuredGauge: Gauge Max ["backPressuredTimeMsPerSecond"],
        IdleGauge: Gauge Max ["idleTimeMsPerSecond"],
        HardBackpressuredGauge: Gauge Max ["hardBackPressuredTimeMsPerSecond"],
        SoftBackpressuredGauge: Gauge Max ["softBackPressuredTimeMsPerSecond"],
        InPoolUsage: Gauge Max ["inPoolUsage"],
        OutPoolUsage: Gauge Max ["outPoolUsage"],
        ExclusiveUsage: Gauge Max ["exclusiveBuffersUsage" | "inputExclusiveBuffersUsage"],
        FloatingUsage: Gauge Max ["floatingBuffersUsage" | "inputFloatingBuffersUsage"],
        InputQueue: Gauge Max ["inputQueueLength"],
        OutputQueue: Gauge Max ["outputQueueLength"],
        DebloatedBuffer: Gauge Min ["debloatedBufferSize"],
        TimeToConsumeBuffers: Gauge Max ["estimatedTimeToConsumeBuffersMs"],
        MailboxQueue: Gauge Max ["mailboxQueueSize"],
        MailboxLatency: Gauge Max ["mailboxLatencyMs_max"],
        FiredTimers: Counter Max ["numFiredTimers"],
        InputWatermark: Gauge Min ["currentInputWatermark"],
        OutputWatermark: Gauge Min ["currentOutputWatermark"],
        LateRecordsDropped: Counter Sum ["numLateRecordsDropped"],
        OperatorRecordsIn: Counter Max [],
        PendingRecords: Gauge Sum ["pendingRecords"],
        SourceIdleTime: Gauge Max ["sourceIdleTime"],
        EmitLag: Gauge Max ["currentEmitEventTimeLag"],
        FetchLag: Gauge Max ["currentFetchEventTimeLag"],
        WatermarkLag: Gauge Max ["watermarkLag"],
        SourceErrors: Counter Sum ["numRecordsInErrors"],
        CommitsFailed: Counter Sum ["commitsFailed"],
        CommitsSucceeded: Counter Sum ["commitsSucceeded"],
        ConsumerConnections: Gauge Sum [],
        ProducerConnections: Gauge Sum [],
        AssignedPartitions: Gauge Sum ["assigned-partitions"],
        ConsumedRate: Gauge Sum ["records-consumed-rate"],
        RecordsSend: Counter Sum ["numRecordsSend"],
        SendErrors: Counter Sum ["numRecordsSendErrors" | "numRecordsOutErrors"],
        SendTime: Gauge Max ["currentSendTime"],
        PendingCommittables: Gauge Sum ["pendingCommittables"],
        FailedCommittables: Counter Sum ["failedCommittables"],
        RetriedCommittables: Counter Sum ["retriedCommittables"],
        AlignmentTime: Gauge Max ["checkpointAlignmentTime"],
        StartDelay: Gauge Max ["checkpointStartDelayNanos"],
        FetchLatency: Gauge Max ["fetch-latency-avg"],
        RequestLatency: Gauge Max ["request-latency-avg"],
        RocksdbDelayedWriteRate: Gauge Sum ["actual-delayed-write-rate"],
        RocksdbWriteStopped: Gauge Max ["is-write-stopped"],
        RocksdbCompactionPending: Gauge Max ["compaction-pending"],
        RocksdbCacheUsage: Gauge Max ["block-cache-usage"],
        RocksdbCacheCapacity: Gauge Max ["block-cache-capacity"],
    }
}

metrics! {
    /// Figures of one job as a whole.
    JobMetric {
        Restarts: Counter Max ["numRestarts"],
        FullRestarts: Counter Max ["fullRestarts"],
        InProgressCheckpoints: Gauge Max ["numberOfInProgressCheckpoints"],
        CompletedCheckpoints: Counter Max ["numberOfCompletedCheckpoints"],
        FailedCheckpoints: Counter Max ["numberOfFailedCheckpoints"],
        LastCheckpointDuration: Gauge Max ["lastCheckpointDuration"],
        LastCheckpointSize: Gauge Max ["lastCheckpointSize"],
    }
}

metrics! {
    /// Figures of one process: a TaskManager or the JobManager.
    ProcessMetric {
        CpuLoad: Gauge Max ["Status.JVM.CPU.Load"],
        CpuTimeNanos: Counter Max ["Status.JVM.CPU.Time"],
        HeapUsed: Gauge Max ["Status.JVM.Memory.Heap.Used"],
        HeapCommitted: Gauge Max ["Status.JVM.Memory.Heap.Committed"],
        HeapMax: Gauge Max ["Status.JVM.Memory.Heap.Max"],
        NonHeapUsed: Gauge Max ["Status.JVM.Memory.NonHeap.Used"],
        MetaspaceCommitted: Gauge Max ["Status.JVM.Memory.Metaspace.Committed"],
        MetaspaceMax: Gauge Max ["Status.JVM.Memory.Metaspace.Max"],
        DirectUsed: Gauge Max ["Status.JVM.Memory.Direct.MemoryUsed"],
        DirectCapacity: Gauge Max ["Status.JVM.Memory.Direct.TotalCapacity"],
        MappedUsed: Gauge Max ["Status.JVM.Memory.Mapped.MemoryUsed"],
        ManagedUsed: Gauge Max ["Status.Flink.Memory.Managed.Used"],
        ManagedTotal: Gauge Max ["Status.Flink.Memory.Managed.Total"],
        NetworkUsed: Gauge Max ["Status.Shuffle.Netty.UsedMemory"],
        NetworkTotal: Gauge Max ["Status.Shuffle.Netty.TotalMemory"],
        NetworkAvailable: Gauge Max ["Status.Shuffle.Netty.AvailableMemory"],
        SegmentsTotal: Gauge Max ["Status.Shuffle.Netty.TotalMemorySegments"],
        SegmentsAvailable: Gauge Max ["Status.Shuffle.Netty.AvailableMemorySegments"],
        RequestedMemoryUsage: Gauge Max ["Status.Shuffle.Netty.RequestedMemoryUsage"],
        Threads: Gauge Max ["Status.JVM.Threads.Count"],
        ClassesLoaded: Gauge Max ["Status.JVM.ClassLoader.ClassesLoaded"],
        GcTime: Counter Sum [],
        GcCount: Counter Sum [],
        GcTimeAll: Counter Max ["Status.JVM.GarbageCollector.All.Time"],
        GcCountAll: Counter Max ["Status.JVM.GarbageCollector.All.Count"],
    }
}

macro_rules! metric_impl {
    ($name:ident, $of_name:expr) => {
        impl Metric for $name {
            const COUNT: usize = Self::ALL.len();

            fn of_name(name: &str) -> Option<Self> {
                let of_name: fn(&str) -> Option<Self> = $of_name;
                of_name(name)
            }

            fn index(self) -> usize {
                self as usize
            }

            fn behaviour(self) -> Behaviour {
                self.behaviour_of()
            }

            fn merge(self) -> Merge {
                self.merge_of()
            }
        }
    };
}

metric_impl!(SubtaskMetric, subtask_metric);
metric_impl!(JobMetric, Self::of_known_name);
metric_impl!(ProcessMetric, process_metric);

fn subtask_metric(name: &str) -> Option<SubtaskMetric> {
    let last = name.rsplit_once('.').map_or(name, |(_, last)| last);
    match last {
        "numRecordsIn" if name != last => Some(SubtaskMetric::OperatorRecordsIn),
        _ if last.starts_with("rocksdb_") => {
            SubtaskMetric::of_known_name(last.trim_start_matches("rocksdb_"))
        }
        "connection-count" if name.contains("KafkaProducer") => {
            Some(SubtaskMetric::ProducerConnections)
        }
        "connection-count" => Some(SubtaskMetric::ConsumerConnections),
        _ => SubtaskMetric::of_known_name(last),
    }
}

fn process_metric(name: &str) -> Option<ProcessMetric> {
    if let Some(known) = ProcessMetric::of_known_name(name) {
        return Some(known);
    }
    let collector = name.strip_prefix("Status.JVM.GarbageCollector.")?;
    match collector.rsplit_once('.')?.1 {
        "Time" => Some(ProcessMetric::GcTime),
        "Count" => Some(ProcessMetric::GcCount),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_part_of_an_operators_name_says_what_the_figure_is() {
        let of = SubtaskMetric::of_name;
        assert_eq!(
            of("Source__a.b.pendingRecords"),
            Some(SubtaskMetric::PendingRecords)
        );
        assert_eq!(of("busyTimeMsPerSecond"), Some(SubtaskMetric::BusyGauge));
        assert_eq!(
            of("Source__x.KafkaSourceReader.KafkaConsumer.connection-count"),
            Some(SubtaskMetric::ConsumerConnections)
        );
        assert_eq!(
            of("s__Writer.KafkaProducer.connection-count"),
            Some(SubtaskMetric::ProducerConnections)
        );
        assert_eq!(of("numRecordsIn"), None);
        assert_eq!(of("whatever"), None);
    }

    #[test]
    fn every_garbage_collector_counts() {
        let of = ProcessMetric::of_name;
        let young = "Status.JVM.GarbageCollector.G1_Young_Generation.Time";
        assert_eq!(of(young), Some(ProcessMetric::GcTime));
        let all = "Status.JVM.GarbageCollector.All.Time";
        assert_eq!(of(all), Some(ProcessMetric::GcTimeAll));
    }

    #[test]
    fn a_missing_reading_does_not_count_when_operators_are_merged() {
        assert_eq!(Merge::Sum.apply(f64::NAN, 3.0), 3.0);
        assert_eq!(Merge::Sum.apply(4.0, 3.0), 7.0);
        assert_eq!(Merge::Min.apply(4.0, 3.0), 3.0);
    }
}
