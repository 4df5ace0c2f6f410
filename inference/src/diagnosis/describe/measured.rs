//! What was measured, in the terms of the formulas that size actions.

use streamwarden_experience::Measured;
use streamwarden_experience::sizing::{EdgeSize, SMALL_STATE_BYTES};
use streamwarden_proto::scope::Scope;

use super::figures::Facts;

/// Milliseconds of a second.
const SECOND_MS: f64 = 1_000.0;
const HOUR_MS: f64 = 3_600_000.0;
/// A rate that fell below this part of what it was says what is in demand.
const FALLEN: f64 = 0.95;

pub(super) fn measured(facts: &Facts<'_>) -> Measured {
    let mut measured = Measured {
        config: config(facts),
        ..Measured::default()
    };
    parallelism(facts, &mut measured);
    load(facts, &mut measured);
    memory(facts, &mut measured);
    checkpoints(facts, &mut measured);
    resources(facts, &mut measured);
    measured
}

fn config(facts: &Facts<'_>) -> std::collections::BTreeMap<String, String> {
    let mut config = std::collections::BTreeMap::new();
    if let Some(cluster) = facts.cluster {
        config.extend(cluster.config.clone());
    }
    if let Some(job) = facts.snapshot() {
        config.extend(job.config.clone());
    }
    config
}

fn parallelism(facts: &Facts<'_>, measured: &mut Measured) {
    if let Some(vertex) = facts.vertex() {
        measured.parallelism = Some(f64::from(vertex.parallelism));
        measured.max_parallelism =
            (vertex.max_parallelism > 0).then(|| f64::from(vertex.max_parallelism));
    }
    measured.source_partitions = facts.figure("partitions");
    let Some(job) = facts.snapshot() else { return };
    let highest = job.vertices.iter().map(|vertex| vertex.parallelism).max();
    measured.job_parallelism = highest.map(f64::from);
    measured.parallelism = measured.parallelism.or(measured.job_parallelism);
    let of = |id: &str| job.vertices.iter().find(|vertex| vertex.id == id);
    measured.edges = job
        .edges
        .iter()
        .filter_map(|edge| {
            Some(EdgeSize {
                from_parallelism: of(&edge.from)?.parallelism,
                to_parallelism: of(&edge.to)?.parallelism,
                all_to_all: edge.ship_strategy != "FORWARD",
            })
        })
        .collect();
}

fn load(facts: &Facts<'_>, measured: &mut Measured) {
    let rate = rate(facts);
    measured.records_per_second = rate;
    measured.demand_records_per_second = rate.map(|rate| demand(facts, rate));
    let busy = |name| facts.figure(name).map(|busy| (busy / SECOND_MS).min(1.0));
    measured.busy_share = busy("busy_mean").or_else(|| busy("busiest_mean"));
    measured.busy_share_max = busy("busy_max").or_else(|| busy("busiest_max"));
    measured.skew_ratio = facts.figure("records_max_over_mean");
    measured.pending_records = facts.any("pending_records");
    measured.lateness_ms = facts.any("lateness_max");
    measured.silence_ms = facts
        .any("watermark_frozen_max")
        .map(|seconds| seconds * SECOND_MS);
    measured.restarts_per_hour = facts
        .of_job("restarts_last_five_minutes")
        .map(|restarts| restarts * 12.0);
}

/// What the vertex works on: records in, or out of a source.
pub(super) fn rate(facts: &Facts<'_>) -> Option<f64> {
    let source = facts.figure("is_source").is_some_and(|flag| flag > 0.5);
    let name = if source { "records_out" } else { "records_in" };
    facts
        .figure(name)
        .filter(|rate| *rate > 0.0)
        .or_else(|| facts.of_job("source_records_out"))
}

/// What would come in if nothing were in the way: the rate before it fell, plus what piles up at the source.
fn demand(facts: &Facts<'_>, rate: f64) -> f64 {
    let source = facts.figure("is_source").is_some_and(|flag| flag > 0.5);
    let name = if source { "records_out" } else { "records_in" };
    let before = ["1m", "5m"].iter().filter_map(|span| {
        let ratio = facts.figure(&format!("{name}_vs_{span}"))?;
        (ratio > 0.01 && ratio < FALLEN).then(|| rate / ratio)
    });
    before.fold(rate, f64::max)
}

fn memory(facts: &Facts<'_>, measured: &mut Measured) {
    let host = |name| facts.worst_host(name);
    measured.heap_used_bytes = host("heap_used");
    measured.heap_max_bytes = host("heap_max");
    measured.metaspace_used_bytes = host("metaspace_committed");
    measured.metaspace_max_bytes = ratio(host("metaspace_committed"), host("metaspace_share"));
    measured.direct_used_bytes = host("direct_used");
    measured.managed_max_bytes = host("managed_memory");
    measured.managed_used_bytes = product(host("managed_share"), host("managed_memory"));
    measured.network_max_bytes = host("network_memory");
    measured.network_used_bytes = product(host("network_share"), host("network_memory"));
    measured.process_size_bytes = host("process_memory");
    measured.cpu_share = host("cpu_load");
    measured.gc_share = host("gc_time").map(|time| time / SECOND_MS);
    measured.gc_pause_ms = host("gc_pause_mean");
}

fn checkpoints(facts: &Facts<'_>, measured: &mut Measured) {
    let duration = facts.of_job("checkpoint_duration");
    let open = facts.of_job("checkpoint_open_age");
    measured.checkpoint_duration_ms = match (duration, open) {
        (Some(duration), Some(open)) => Some(duration.max(open)),
        (duration, open) => duration.or(open),
    };
    measured.checkpoint_alignment_ms = facts
        .figure("checkpoint_alignment")
        .or_else(|| facts.of_job("checkpoint_alignment_max"));
    measured.state_size_bytes = facts.of_job("checkpoint_state_size");
    measured.checkpointed_size_bytes = facts.of_job("checkpoint_written_size");
    measured.checkpoint_failures_in_a_row = facts.of_job("checkpoints_failed_in_a_row");
    measured.state_growth_bytes_per_hour = growth_per_hour(facts);
}

/// Growth a checkpoint, as bytes an hour at the configured interval.
pub(super) fn growth_per_hour(facts: &Facts<'_>) -> Option<f64> {
    let share = facts.of_job("state_growth").filter(|share| *share > 0.0)?;
    let size = facts.of_job("checkpoint_state_size")?;
    let interval = facts
        .of_job("checkpoint_interval")
        .filter(|interval| *interval > 0.0)?;
    Some(share * size.max(SMALL_STATE_BYTES) * HOUR_MS / interval)
}

fn resources(facts: &Facts<'_>, measured: &mut Measured) {
    measured.slots_needed = measured.job_parallelism;
    let Some(cluster) = facts.cluster else { return };
    measured.slots_total = Some(f64::from(cluster.slots_total));
    measured.slots_free = Some(f64::from(cluster.slots_free));
    measured.taskmanagers = Some(cluster.taskmanagers.len() as f64);
    let own = cluster.taskmanagers.iter().find(|taskmanager| {
        facts.own().is_some_and(|(model, row)| {
            model.manifest.scope == Scope::TaskManager && row.id == taskmanager.id
        })
    });
    if let Some(taskmanager) = own.or_else(|| cluster.taskmanagers.first()) {
        measured.slots_per_taskmanager = Some(f64::from(taskmanager.slots_total));
        measured.cpu_cores = Some(taskmanager.cpu_cores).filter(|cores| *cores > 0.0);
        let process = taskmanager.total_process_memory_bytes;
        measured.process_size_bytes = measured
            .process_size_bytes
            .or(process.map(|bytes| bytes as f64));
    }
}

fn ratio(part: Option<f64>, share: Option<f64>) -> Option<f64> {
    let share = share.filter(|share| *share > 0.0)?;
    Some(part? / share)
}

fn product(one: Option<f64>, other: Option<f64>) -> Option<f64> {
    Some(one? * other?)
}
