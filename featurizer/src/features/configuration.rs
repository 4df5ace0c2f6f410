//! Configuration and resources as numbers.

use super::checkpoints::{interval_ms, timeout_ms};
use crate::schema::{Family, JobFeature, TaskManagerFeature, VertexFeature};
use crate::settings::{choice, number, size_bytes, switch};
use crate::stats;
use crate::view::{JobView, TaskManagerView, slots_wanted, subtasks_wanted};

const NOT_SET: &str = "not set, or not known";
const UNKNOWN: &str = "the cluster's resources are not known";

fn slots_free(j: &JobView<'_>) -> f64 {
    stats::known(j.cluster.snapshot.map(|snapshot| snapshot.slots_free))
}

fn slots_total(j: &JobView<'_>) -> f64 {
    stats::known(j.cluster.snapshot.map(|snapshot| snapshot.slots_total))
}

fn slots_used_share(t: &TaskManagerView<'_>) -> f64 {
    let info = &t.own.info;
    let used = f64::from(info.slots_total) - f64::from(info.slots_free);
    stats::ratio(used, f64::from(info.slots_total))
}

pub(crate) const FAMILY: Family = Family {
    name: "configuration",
    vertex: &[
        VertexFeature::new(
            "parallelism",
            "count",
            "parallelism",
            "Subtasks of the step.",
            "never",
            |v| v.own.parallelism as f64,
        ),
        VertexFeature::new(
            "max_parallelism",
            "count",
            "maximum parallelism",
            "Key groups of the step.",
            "not known",
            |v| {
                if v.max_parallelism == 0 {
                    f64::NAN
                } else {
                    f64::from(v.max_parallelism)
                }
            },
        ),
        VertexFeature::new(
            "parallelism_over_job",
            "ratio",
            "parallelism against the job's highest",
            "Parallelism of the step against the highest in the job.",
            "never",
            |v| stats::ratio(v.own.parallelism as f64, slots_wanted(v.job)),
        ),
        VertexFeature::new(
            "unaligned_checkpoints",
            "flag",
            "unaligned checkpoints",
            "1 if checkpoints are unaligned.",
            NOT_SET,
            |v| {
                switch(
                    v.job.settings,
                    &[
                        "execution.checkpointing.unaligned.enabled",
                        "execution.checkpointing.unaligned",
                    ],
                )
            },
        ),
        VertexFeature::new(
            "buffer_debloat",
            "flag",
            "buffer debloating",
            "1 if buffer debloating is switched on.",
            NOT_SET,
            |v| {
                switch(
                    v.job.cluster.settings(),
                    &["taskmanager.network.memory.buffer-debloat.enabled"],
                )
            },
        ),
    ],
    job: &[
        JobFeature::new(
            "parallelism_max",
            "count",
            "highest parallelism",
            "Highest parallelism of any step.",
            "never",
            slots_wanted,
        ),
        JobFeature::new(
            "subtasks",
            "count",
            "subtasks",
            "Subtasks of all steps.",
            "never",
            subtasks_wanted,
        ),
        JobFeature::new(
            "slots_total",
            "count",
            "slots of the cluster",
            "Slots of the cluster.",
            UNKNOWN,
            slots_total,
        ),
        JobFeature::new(
            "slots_free",
            "count",
            "free slots of the cluster",
            "Free slots of the cluster.",
            UNKNOWN,
            slots_free,
        ),
        JobFeature::new(
            "slots_wanted_over_total",
            "ratio",
            "slots wanted against the cluster's",
            "Highest parallelism against all slots of the cluster: above 1 the job cannot run.",
            UNKNOWN,
            |j| {
                let total = slots_total(j);
                // No slots at all is more wanted than there is, by as much as there can be.
                if total == 0.0 {
                    slots_wanted(j)
                } else {
                    stats::ratio(slots_wanted(j), total)
                }
            },
        ),
        JobFeature::new(
            "slots_lacking",
            "count",
            "slots lacking",
            "Slots that the job wants beyond those it has and those that are free.",
            UNKNOWN,
            |j| {
                let running = stats::max_of(j.vertices().map(|own| {
                    own.share_in(&[streamwarden_proto::v1::ExecutionState::Running])
                        * own.parallelism as f64
                }));
                (slots_wanted(j) - running.max(0.0) - slots_free(j)).max(0.0) + 0.0 * slots_free(j)
            },
        ),
        JobFeature::new(
            "checkpoint_interval",
            "ms",
            "checkpoint interval",
            "Configured time between checkpoints.",
            NOT_SET,
            interval_ms,
        ),
        JobFeature::new(
            "checkpoint_timeout",
            "ms",
            "checkpoint time-out",
            "Time that a checkpoint may take; Flink's default where it is not set.",
            "never",
            timeout_ms,
        ),
        JobFeature::new(
            "tolerable_failed_checkpoints",
            "count",
            "tolerable failed checkpoints",
            "Failed checkpoints that the job tolerates.",
            NOT_SET,
            |j| {
                number(
                    j.settings,
                    &["execution.checkpointing.tolerable-failed-checkpoints"],
                )
            },
        ),
        JobFeature::new(
            "unaligned_checkpoints",
            "flag",
            "unaligned checkpoints",
            "1 if checkpoints are unaligned.",
            NOT_SET,
            |j| {
                switch(
                    j.settings,
                    &[
                        "execution.checkpointing.unaligned.enabled",
                        "execution.checkpointing.unaligned",
                    ],
                )
            },
        ),
        JobFeature::new(
            "incremental_checkpoints",
            "flag",
            "incremental checkpoints",
            "1 if checkpoints are incremental.",
            NOT_SET,
            |j| {
                switch(
                    j.settings,
                    &[
                        "execution.checkpointing.incremental",
                        "state.backend.incremental",
                    ],
                )
            },
        ),
        JobFeature::new(
            "state_backend",
            "code",
            "state backend",
            "0 heap, 1 RocksDB, 2 ForSt.",
            NOT_SET,
            |j| {
                choice(
                    j.settings,
                    &["state.backend.type", "state.backend"],
                    &[
                        ("hash", 0.0),
                        ("filesystem", 0.0),
                        ("jobmanager", 0.0),
                        ("rocksdb", 1.0),
                        ("forst", 2.0),
                    ],
                )
            },
        ),
        JobFeature::new(
            "restart_strategy",
            "code",
            "restart strategy",
            "0 none, 1 fixed delay, 2 failure rate, 3 exponential delay.",
            NOT_SET,
            |j| {
                choice(
                    j.settings,
                    &["restart-strategy.type", "restart-strategy"],
                    &[
                        ("none", 0.0),
                        ("off", 0.0),
                        ("disable", 0.0),
                        ("fixed", 1.0),
                        ("failure", 2.0),
                        ("exponential", 3.0),
                    ],
                )
            },
        ),
        JobFeature::new(
            "buffer_debloat",
            "flag",
            "buffer debloating",
            "1 if buffer debloating is switched on.",
            NOT_SET,
            |j| {
                switch(
                    j.cluster.settings(),
                    &["taskmanager.network.memory.buffer-debloat.enabled"],
                )
            },
        ),
    ],
    taskmanager: &[
        TaskManagerFeature::new(
            "slots",
            "count",
            "slots",
            "Slots of the TaskManager.",
            "never listed by the cluster",
            |t| {
                if t.own.info.slots_total == 0 {
                    f64::NAN
                } else {
                    f64::from(t.own.info.slots_total)
                }
            },
        ),
        TaskManagerFeature::new(
            "slots_used_share",
            "ratio",
            "slots in use",
            "Slots in use against all of the TaskManager.",
            "never listed by the cluster",
            slots_used_share,
        ),
        TaskManagerFeature::new(
            "task_heap",
            "bytes",
            "task heap",
            "Heap for tasks, as configured.",
            "not known",
            |t| stats::known(t.own.info.task_heap_bytes.map(|bytes| bytes as f64)),
        ),
        TaskManagerFeature::new(
            "process_memory",
            "bytes",
            "process memory",
            "Memory of the whole process, as configured.",
            "not known",
            |t| {
                stats::known(
                    t.own
                        .info
                        .total_process_memory_bytes
                        .map(|bytes| bytes as f64),
                )
            },
        ),
        TaskManagerFeature::new(
            "managed_memory",
            "bytes",
            "managed memory",
            "Managed memory, as configured.",
            "not known",
            |t| stats::known(t.own.info.managed_memory_bytes.map(|bytes| bytes as f64)),
        ),
        TaskManagerFeature::new(
            "network_memory",
            "bytes",
            "network memory",
            "Network memory, as configured.",
            "not known",
            |t| stats::known(t.own.info.network_memory_bytes.map(|bytes| bytes as f64)),
        ),
        TaskManagerFeature::new(
            "jvm_overhead_share",
            "ratio",
            "JVM overhead",
            "Part of the process's memory that is set aside for the JVM itself.",
            NOT_SET,
            |t| {
                let overhead = size_bytes(
                    t.cluster.settings(),
                    &["taskmanager.memory.jvm-overhead.max"],
                );
                stats::ratio(
                    overhead,
                    stats::known(
                        t.own
                            .info
                            .total_process_memory_bytes
                            .map(|bytes| bytes as f64),
                    ),
                )
            },
        ),
    ],
};
