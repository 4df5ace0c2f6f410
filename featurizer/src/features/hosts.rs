//! The TaskManagers that a step or job runs on. A step that waits is busy without using the CPU; one that works is not.

use crate::metric::ProcessMetric::{CpuLoad, HeapMax, HeapUsed};
use crate::schema::{Family, JobFeature, VertexFeature};
use crate::state::process::ProcessFigures;
use crate::stats;

const MISSING: &str = "the TaskManagers report none";

fn heap_share(own: &ProcessFigures) -> f64 {
    stats::ratio(own.one(HeapUsed), own.one(HeapMax))
}

fn cores_share(own: &ProcessFigures) -> f64 {
    stats::ratio(own.cpu_cores(), own.info.cpu_cores)
}

pub(crate) const FAMILY: Family = Family {
    name: "hosts",
    vertex: &[
        VertexFeature::new(
            "host_cpu_per_busy_max",
            "ratio",
            "CPU used for each busy second, best TaskManager",
            "CPU seconds for each second that tasks call themselves busy, on the TaskManager where it is highest: about 1 for work, near 0 for waiting.",
            "its TaskManagers' tasks are hardly busy, or no CPU time is reported",
            |v| stats::max_of(v.hosts().iter().map(|host| host.cpu_per_busy())),
        ),
        VertexFeature::new(
            "host_cpu_per_busy_min",
            "ratio",
            "CPU used for each busy second, worst TaskManager",
            "CPU seconds for each second that tasks call themselves busy, on the TaskManager where it is lowest.",
            "its TaskManagers' tasks are hardly busy, or no CPU time is reported",
            |v| stats::min_of(v.hosts().iter().map(|host| host.cpu_per_busy())),
        ),
        VertexFeature::new(
            "host_cpu_cores_mean",
            "cores",
            "CPU of its TaskManagers",
            "Cores that each of its TaskManagers keeps busy, on average.",
            MISSING,
            |v| stats::mean_of(v.hosts().iter().map(|host| host.cpu_cores())),
        ),
        VertexFeature::new(
            "host_cpu_cores_share_max",
            "ratio",
            "CPU of its TaskManagers against their cores",
            "Cores kept busy against the cores there are, on the busiest of its TaskManagers.",
            MISSING,
            |v| stats::max_of(v.hosts().iter().map(|host| cores_share(host))),
        ),
        VertexFeature::new(
            "host_cpu_load_max",
            "ratio",
            "CPU load of its TaskManagers",
            "CPU load that the JVM reports, on the busiest of its TaskManagers.",
            MISSING,
            |v| stats::max_of(v.hosts().iter().map(|host| host.one(CpuLoad))),
        ),
        VertexFeature::new(
            "host_busy_share_of_tasks",
            "ratio",
            "part of this step in the work on its TaskManagers",
            "Busy time of this step against that of all tasks on its TaskManagers.",
            "nobody is busy there",
            |v| {
                let all = stats::sum_of(v.hosts().iter().map(|host| host.tasks.busy));
                stats::ratio(stats::sum(&v.own.busy) / 1_000.0, all)
            },
        ),
        VertexFeature::new(
            "host_heap_share_max",
            "ratio",
            "heap of its TaskManagers",
            "Heap in use against its limit, on the fullest of its TaskManagers.",
            MISSING,
            |v| stats::max_of(v.hosts().iter().map(|host| heap_share(host))),
        ),
        VertexFeature::new(
            "host_gc_max",
            "ms/s",
            "garbage collection of its TaskManagers",
            "Time spent in garbage collection, on the worst of its TaskManagers.",
            MISSING,
            |v| stats::max_of(v.hosts().iter().map(|host| host.gc_ms_per_s())),
        ),
        VertexFeature::new(
            "host_silent_max",
            "s",
            "silence of its TaskManagers",
            "Seconds since the most silent of its TaskManagers reported new figures.",
            "its TaskManagers are not known",
            |v| stats::max_of(v.hosts().iter().map(|host| host.stale_s)),
        ),
        VertexFeature::new(
            "hosts_gone_share",
            "ratio",
            "TaskManagers gone",
            "Share of its TaskManagers that are gone.",
            "its TaskManagers are not known",
            |v| {
                let hosts = v.hosts();
                stats::ratio(
                    hosts.iter().filter(|host| !host.present).count() as f64,
                    hosts.len() as f64,
                )
            },
        ),
    ],
    job: &[
        JobFeature::new(
            "host_cpu_per_busy_mean",
            "ratio",
            "CPU used for each busy second",
            "CPU seconds for each second that tasks call themselves busy, mean of the job's TaskManagers.",
            "the tasks are hardly busy, or no CPU time is reported",
            |j| stats::mean_of(j.hosts().iter().map(|host| host.cpu_per_busy())),
        ),
        JobFeature::new(
            "host_cpu_cores_sum",
            "cores",
            "CPU of its TaskManagers",
            "Cores that the job's TaskManagers keep busy, together.",
            MISSING,
            |j| stats::sum_of(j.hosts().iter().map(|host| host.cpu_cores())),
        ),
        JobFeature::new(
            "host_cpu_cores_share",
            "ratio",
            "CPU of its TaskManagers against their cores",
            "Cores kept busy against the cores there are, mean of the job's TaskManagers.",
            MISSING,
            |j| stats::mean_of(j.hosts().iter().map(|host| cores_share(host))),
        ),
        JobFeature::new(
            "host_cpu_load_max",
            "ratio",
            "CPU load of its TaskManagers",
            "CPU load that the JVM reports, on the busiest of the job's TaskManagers.",
            MISSING,
            |j| stats::max_of(j.hosts().iter().map(|host| host.one(CpuLoad))),
        ),
        JobFeature::new(
            "host_heap_share_max",
            "ratio",
            "heap of its TaskManagers",
            "Heap in use against its limit, on the fullest of the job's TaskManagers.",
            MISSING,
            |j| stats::max_of(j.hosts().iter().map(|host| heap_share(host))),
        ),
        JobFeature::new(
            "host_heap_share_mean",
            "ratio",
            "heap of its TaskManagers, mean",
            "Heap in use against its limit, mean of the job's TaskManagers.",
            MISSING,
            |j| stats::mean_of(j.hosts().iter().map(|host| heap_share(host))),
        ),
        JobFeature::new(
            "host_gc_max",
            "ms/s",
            "garbage collection of its TaskManagers",
            "Time spent in garbage collection, on the worst of the job's TaskManagers.",
            MISSING,
            |j| stats::max_of(j.hosts().iter().map(|host| host.gc_ms_per_s())),
        ),
        JobFeature::new(
            "taskmanagers_gone",
            "count",
            "TaskManagers gone",
            "TaskManagers of the cluster that were there a minute ago and are gone.",
            "never",
            |j| {
                j.cluster
                    .taskmanagers
                    .values()
                    .filter(|own| !own.present)
                    .count() as f64
            },
        ),
        JobFeature::new(
            "taskmanagers",
            "count",
            "TaskManagers of the cluster",
            "TaskManagers that are there.",
            "never",
            |j| j.cluster.present().count() as f64,
        ),
        JobFeature::new(
            "jobmanager_heap_share",
            "ratio",
            "heap of the JobManager",
            "Heap of the JobManager in use against its limit.",
            "the JobManager reports none",
            |j| heap_share(j.cluster.jobmanager),
        ),
        JobFeature::new(
            "jobmanager_gc",
            "ms/s",
            "garbage collection of the JobManager",
            "Time that the JobManager spends in garbage collection.",
            "the JobManager reports none",
            |j| j.cluster.jobmanager.gc_ms_per_s(),
        ),
    ],
    taskmanager: &[],
};
