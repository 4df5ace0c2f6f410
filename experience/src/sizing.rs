//! Values to change to, computed for one job from what was measured. Pure: figures in, value and sum out.
//!
//! A problem's action names a formula; [`compute`] runs it. Where an input is missing there is no value, and the
//! computation says what has to be measured.

use std::collections::BTreeMap;

mod checkpoints;
mod memory;
mod network;
mod parallelism;
mod resources;
mod time;
pub mod units;

/// Growth of a smaller state is measured against this size: what comes in with the first keys says nothing.
pub const SMALL_STATE_BYTES: f64 = 5.0 * 1024.0 * 1024.0;

/// What is known of the job, vertex or TaskManager that an action is for. Absent: not measured; never a guess.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Measured {
    /// Effective configuration, by option key.
    pub config: BTreeMap<String, String>,
    /// Parallelism of the vertex.
    pub parallelism: Option<f64>,
    /// Largest parallelism of the vertex.
    pub max_parallelism: Option<f64>,
    /// Highest parallelism in the job.
    pub job_parallelism: Option<f64>,
    /// Partitions or splits that the source reads.
    pub source_partitions: Option<f64>,
    /// Records the vertex takes in now.
    pub records_per_second: Option<f64>,
    /// Records it would have to take in: what arrives at the source, turned into records of this vertex.
    pub demand_records_per_second: Option<f64>,
    /// Busy share of the vertex, mean over its subtasks, 0 to 1.
    pub busy_share: Option<f64>,
    /// Busy share of its busiest subtask, 0 to 1.
    pub busy_share_max: Option<f64>,
    /// Records on the busiest subtask over the mean of all.
    pub skew_ratio: Option<f64>,
    /// Records that wait in the source's system.
    pub pending_records: Option<f64>,
    /// Heap in use after collection.
    pub heap_used_bytes: Option<f64>,
    /// Heap limit.
    pub heap_max_bytes: Option<f64>,
    /// Metaspace in use.
    pub metaspace_used_bytes: Option<f64>,
    /// Metaspace limit.
    pub metaspace_max_bytes: Option<f64>,
    /// Direct memory in use.
    pub direct_used_bytes: Option<f64>,
    /// Direct memory limit.
    pub direct_max_bytes: Option<f64>,
    /// Managed memory in use.
    pub managed_used_bytes: Option<f64>,
    /// Managed memory there.
    pub managed_max_bytes: Option<f64>,
    /// Network memory in use.
    pub network_used_bytes: Option<f64>,
    /// Network memory there.
    pub network_max_bytes: Option<f64>,
    /// Total process memory that the TaskManager was given.
    pub process_size_bytes: Option<f64>,
    /// Memory that the process really holds.
    pub process_rss_bytes: Option<f64>,
    /// CPU cores of a TaskManager.
    pub cpu_cores: Option<f64>,
    /// CPU load of the process, 0 to 1.
    pub cpu_share: Option<f64>,
    /// Time in garbage collection, 0 to 1.
    pub gc_share: Option<f64>,
    /// Longest pause of a garbage collection.
    pub gc_pause_ms: Option<f64>,
    /// Duration of the last completed checkpoints, the longest.
    pub checkpoint_duration_ms: Option<f64>,
    /// Longest alignment of the last checkpoints.
    pub checkpoint_alignment_ms: Option<f64>,
    /// Size of the last checkpoint.
    pub state_size_bytes: Option<f64>,
    /// What a checkpoint has to write.
    pub checkpointed_size_bytes: Option<f64>,
    /// Growth of the state.
    pub state_growth_bytes_per_hour: Option<f64>,
    /// Checkpoints that failed one after another.
    pub checkpoint_failures_in_a_row: Option<f64>,
    /// Slots of the cluster.
    pub slots_total: Option<f64>,
    /// Free slots.
    pub slots_free: Option<f64>,
    /// Slots that the job needs.
    pub slots_needed: Option<f64>,
    /// Slots of a TaskManager.
    pub slots_per_taskmanager: Option<f64>,
    /// TaskManagers.
    pub taskmanagers: Option<f64>,
    /// Network buffers that a pool asked for.
    pub buffers_required: Option<f64>,
    /// Network buffers that were free then.
    pub buffers_available: Option<f64>,
    /// Network buffers there are.
    pub buffers_total: Option<f64>,
    /// Edges of the job's graph.
    pub edges: Vec<EdgeSize>,
    /// How late records arrive, at the 99th percentile or the worst seen.
    pub lateness_ms: Option<f64>,
    /// Longest time that a partition was silent.
    pub silence_ms: Option<f64>,
    /// Time the job was down in the last failure.
    pub downtime_ms: Option<f64>,
    /// Restarts in the last hour.
    pub restarts_per_hour: Option<f64>,
    /// Longest answer of an internal call.
    pub rpc_ms: Option<f64>,
}

/// One edge of a job's graph.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EdgeSize {
    /// Parallelism of the producing vertex.
    pub from_parallelism: u32,
    /// Parallelism of the consuming vertex.
    pub to_parallelism: u32,
    /// Every producer sends to every consumer.
    pub all_to_all: bool,
}

/// A proposed value, with the sum that led to it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sized {
    /// Value now.
    pub from: Option<String>,
    /// Value proposed; absent where an input is missing.
    pub to: Option<String>,
    /// Unit of both.
    pub unit: String,
    /// The sum, or what has to be measured.
    pub computation: String,
}

/// Result of a formula: the value, or what is missing for it.
type Outcome = Result<Sized, Missing>;

/// What has to be measured before a value can be computed.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Missing {
    from: Option<String>,
    unit: &'static str,
    what: &'static str,
}

type Formula = fn(&Measured) -> Outcome;

/// Every formula that actions may name.
const FORMULAS: &[(&str, Formula)] = &[
    ("parallelism_for_rate", parallelism::for_rate),
    ("parallelism_for_partitions", parallelism::for_partitions),
    ("partitions_for_parallelism", parallelism::partitions),
    ("parallelism_for_slots", parallelism::for_slots),
    ("parallelism_for_low_load", parallelism::for_low_load),
    ("parallelism_for_buffers", parallelism::for_buffers),
    ("max_parallelism_multiple", parallelism::max_multiple),
    ("async_capacity", parallelism::async_capacity),
    ("task_heap", memory::task_heap),
    ("jobmanager_process", memory::jobmanager_process),
    ("metaspace", memory::metaspace),
    ("task_off_heap", memory::task_off_heap),
    ("jvm_overhead", memory::jvm_overhead),
    ("process_size_for_rss", memory::process_size_for_rss),
    ("process_size_for_low_use", memory::process_size_for_low_use),
    ("managed_fraction", memory::managed_fraction),
    ("network_memory", network::memory_for_buffers),
    ("checkpoint_timeout", checkpoints::timeout),
    ("checkpoint_interval", checkpoints::interval),
    ("checkpoint_min_pause", checkpoints::min_pause),
    ("aligned_checkpoint_timeout", checkpoints::aligned_timeout),
    (
        "tolerable_failed_checkpoints",
        checkpoints::tolerable_failures,
    ),
    ("memory_threshold", checkpoints::memory_threshold),
    ("taskmanagers_for_slots", resources::taskmanagers),
    ("slots_per_taskmanager", resources::slots_per_taskmanager),
    ("idle_timeout", time::idle_timeout),
    ("watermark_delay", time::watermark_delay),
    ("transaction_timeout", time::transaction_timeout),
    ("heartbeat_timeout", time::heartbeat_timeout),
    ("ask_timeout", time::ask_timeout),
    ("state_ttl", time::state_ttl),
];

/// Whether there is a formula of this name.
#[must_use]
pub fn is_formula(name: &str) -> bool {
    FORMULAS.iter().any(|(known, _)| *known == name)
}

/// Names of all formulas.
pub fn formulas() -> impl Iterator<Item = &'static str> {
    FORMULAS.iter().map(|(name, _)| *name)
}

/// Runs a formula.
#[must_use]
pub fn compute(formula: &str, measured: &Measured) -> Sized {
    let Some((_, run)) = FORMULAS.iter().find(|(name, _)| *name == formula) else {
        return Sized::default();
    };
    match run(measured) {
        Ok(sized) => sized,
        Err(missing) => Sized {
            from: missing.from,
            to: None,
            unit: missing.unit.to_owned(),
            computation: format!("measure {} first", missing.what),
        },
    }
}

/// A value that is right for everyone: a switch. Its present value comes from the configuration.
#[must_use]
pub fn constant(key: &str, to: Option<&str>, unit: &str, measured: &Measured) -> Sized {
    Sized {
        from: measured.config.get(key).cloned(),
        to: to.map(str::to_owned),
        unit: unit.to_owned(),
        computation: String::new(),
    }
}

impl Measured {
    fn option(&self, keys: &[&str]) -> Option<String> {
        keys.iter().find_map(|key| self.config.get(*key).cloned())
    }

    fn option_ms(&self, keys: &[&str]) -> Option<f64> {
        self.option(keys)
            .and_then(|text| units::parse_duration_ms(&text))
    }

    fn option_bytes(&self, keys: &[&str]) -> Option<f64> {
        self.option(keys).and_then(|text| units::parse_bytes(&text))
    }

    fn option_number(&self, keys: &[&str]) -> Option<f64> {
        self.option(keys).and_then(|text| text.trim().parse().ok())
    }
}

fn need(
    value: Option<f64>,
    what: &'static str,
    unit: &'static str,
    from: Option<&String>,
) -> Result<f64, Missing> {
    let usable = value.filter(|value| value.is_finite() && *value >= 0.0);
    usable.ok_or_else(|| Missing {
        from: from.cloned(),
        unit,
        what,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_formula_invents_a_value_when_nothing_was_measured() {
        for name in formulas() {
            let sized = compute(name, &Measured::default());
            assert_eq!(sized.to, None, "{name}");
            assert!(
                sized.computation.starts_with("measure "),
                "{name}: {}",
                sized.computation
            );
        }
    }
}
