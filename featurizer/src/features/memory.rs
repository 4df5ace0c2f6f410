//! Memory of a TaskManager, pool by pool, and the work of its garbage collectors.

use crate::history::Trend;
use crate::metric::ProcessMetric::{
    ClassesLoaded, DirectCapacity, DirectUsed, GcCount, GcCountAll, HeapCommitted, HeapMax,
    HeapUsed, ManagedTotal, ManagedUsed, MappedUsed, MetaspaceCommitted, MetaspaceMax,
    NetworkTotal, NetworkUsed, NonHeapUsed, RequestedMemoryUsage, SegmentsAvailable, SegmentsTotal,
};
use crate::schema::{Family, TaskManagerFeature};
use crate::state::process::ProcessFigures;
use crate::stats;

const MISSING: &str = "the TaskManager reports none";

fn collections(own: &ProcessFigures) -> f64 {
    let all = own.one(GcCountAll);
    if all.is_nan() { own.one(GcCount) } else { all }
}

pub(crate) const FAMILY: Family = Family {
    name: "memory",
    vertex: &[],
    job: &[],
    taskmanager: &[
        TaskManagerFeature::new("heap_used", "bytes", "heap in use", "Heap in use.", MISSING, |t| t.own.one(HeapUsed)),
        TaskManagerFeature::new("heap_max", "bytes", "heap limit", "Limit of the heap.", MISSING, |t| t.own.one(HeapMax)),
        TaskManagerFeature::new("heap_share", "ratio", "heap in use against its limit", "Heap in use against its limit.", MISSING, |t| stats::ratio(t.own.one(HeapUsed), t.own.one(HeapMax)))
            .with_trend(Trend::Difference),
        TaskManagerFeature::new("heap_floor_share", "ratio", "heap after collection against its limit", "Smallest heap use seen in the window against the limit: what stays after a collection, nearly.", MISSING, |t| stats::ratio(t.own.heap_floor_bytes, t.own.one(HeapMax)))
            .with_trend(Trend::Difference),
        TaskManagerFeature::new("heap_committed_share", "ratio", "heap taken from the system", "Heap that the JVM has taken from the system against the limit.", MISSING, |t| stats::ratio(t.own.one(HeapCommitted), t.own.one(HeapMax))),
        TaskManagerFeature::new("gc_time", "ms/s", "garbage collection", "Time spent in garbage collection.", MISSING, |t| t.own.gc_ms_per_s())
            .with_trend(Trend::Difference),
        TaskManagerFeature::new("gc_count", "1/s", "collections", "Garbage collections a second.", MISSING, |t| collections(t.own))
            .with_trend(Trend::Difference),
        TaskManagerFeature::new("gc_pause_mean", "ms", "time of a collection", "Mean time of a garbage collection in this window.", "no collection in this window", |t| stats::ratio(t.own.gc_ms_per_s(), collections(t.own))),
        TaskManagerFeature::new("metaspace_committed", "bytes", "metaspace taken", "Metaspace that the JVM has taken from the system, which is what its limit counts: each class loader takes whole chunks, so that it may be twice what is in use.", MISSING, |t| t.own.one(MetaspaceCommitted)),
        TaskManagerFeature::new("metaspace_share", "ratio", "metaspace taken against its limit", "Metaspace that the JVM has taken from the system against its limit.", "no limit, or not reported", |t| {
            let limit = t.own.one(MetaspaceMax);
            if limit > 0.0 { t.own.one(MetaspaceCommitted) / limit } else { f64::NAN }
        })
            .with_trend(Trend::Difference),
        TaskManagerFeature::new("classes_loaded", "count", "classes loaded", "Classes loaded by the process, mean of the window.", MISSING, |t| t.own.one(ClassesLoaded))
            .with_trend(Trend::Ratio),
        TaskManagerFeature::new("non_heap_used", "bytes", "memory outside the heap", "Memory of the JVM outside the heap.", MISSING, |t| t.own.one(NonHeapUsed)),
        TaskManagerFeature::new("direct_used", "bytes", "direct memory", "Memory of direct buffers.", MISSING, |t| t.own.one(DirectUsed))
            .with_trend(Trend::Ratio),
        TaskManagerFeature::new("direct_over_capacity", "ratio", "direct memory against its buffers", "Memory of direct buffers against their capacity.", MISSING, |t| stats::ratio(t.own.one(DirectUsed), t.own.one(DirectCapacity))),
        TaskManagerFeature::new("direct_beyond_network_share", "ratio", "direct memory beyond the network's", "Direct memory that is not the network's, against the process's whole memory.", MISSING, |t| {
            let process = stats::known(t.own.info.total_process_memory_bytes.map(|bytes| bytes as f64));
            stats::ratio(t.own.one(DirectUsed) - t.own.one(NetworkTotal), process)
        }),
        TaskManagerFeature::new("mapped_used", "bytes", "mapped memory", "Memory of mapped files.", MISSING, |t| t.own.one(MappedUsed)),
        TaskManagerFeature::new("managed_share", "ratio", "managed memory in use", "Managed memory in use against what there is.", MISSING, |t| stats::ratio(t.own.one(ManagedUsed), t.own.one(ManagedTotal))),
        TaskManagerFeature::new("network_share", "ratio", "network memory in use", "Network memory in use against what there is.", MISSING, |t| stats::ratio(t.own.one(NetworkUsed), t.own.one(NetworkTotal))),
        TaskManagerFeature::new("segments_available_share", "ratio", "free network buffers", "Network buffers that are free.", MISSING, |t| stats::ratio(t.own.one(SegmentsAvailable), t.own.one(SegmentsTotal))),
        TaskManagerFeature::new("network_requested_share", "ratio", "network buffers asked for", "Network buffers that the tasks ask for against what there is; above 1 they get fewer than they ask for.", MISSING, |t| t.own.one(RequestedMemoryUsage) / 100.0),
    ],
};
