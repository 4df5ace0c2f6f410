//! CPU of a TaskManager, and what it is used for.

use crate::history::Trend;
use crate::metric::ProcessMetric::{CpuLoad, Threads};
use crate::schema::{Family, TaskManagerFeature};
use crate::state::process::ProcessFigures;
use crate::stats;

const MISSING: &str = "the TaskManager reports none";

pub(crate) const FAMILY: Family = Family {
    name: "cpu",
    vertex: &[],
    job: &[],
    taskmanager: &[
        TaskManagerFeature::new(
            "cpu_load",
            "ratio",
            "CPU load",
            "CPU load that the JVM reports: its part of the whole machine.",
            MISSING,
            |t| t.own.one(CpuLoad),
        )
        .with_trend(Trend::Difference),
        TaskManagerFeature::new(
            "cpu_cores",
            "cores",
            "cores in use",
            "Cores that the process keeps busy.",
            MISSING,
            |t| t.own.cpu_cores(),
        )
        .with_trend(Trend::Ratio),
        TaskManagerFeature::new(
            "cpu_cores_share",
            "ratio",
            "cores in use against its cores",
            "Cores that the process keeps busy against those it may use.",
            MISSING,
            |t| stats::ratio(t.own.cpu_cores(), t.own.info.cpu_cores),
        ),
        TaskManagerFeature::new(
            "cpu_per_busy",
            "ratio",
            "CPU used for each busy second",
            "CPU seconds for each second that its tasks call themselves busy: about 1 for work, near 0 for waiting, above 1 where something else works.",
            "its tasks are hardly busy, or no CPU time is reported",
            |t| t.own.cpu_per_busy(),
        ),
        TaskManagerFeature::new(
            "cpu_over_others",
            "ratio",
            "cores in use against the other TaskManagers",
            "Cores that the process keeps busy against the mean of the cluster's TaskManagers.",
            MISSING,
            |t| {
                stats::ratio(
                    t.own.cpu_cores(),
                    stats::mean_of(t.cluster.present().map(ProcessFigures::cpu_cores)),
                )
            },
        ),
        TaskManagerFeature::new(
            "threads",
            "count",
            "threads",
            "Threads of the process.",
            MISSING,
            |t| t.own.one(Threads),
        )
        .with_trend(Trend::Ratio),
    ],
};
