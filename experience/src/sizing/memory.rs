//! Memory pools from what is in use.

use super::units::{config_mebibytes, figure, size};
use super::{Measured, Missing, Outcome, Sized, need};

/// Heap in use after collection should fill no more than this share, else collections come ever more often.
const HEAP_FILL: f64 = 0.6;
/// Other pools may be fuller: nothing collects there.
const POOL_FILL: f64 = 0.8;
/// An idle process keeps this much room.
const MODEST_FILL: f64 = 0.6;
/// Sizes are rounded up to this many MiB.
const STEP_MIB: f64 = 64.0;
const MIB: f64 = 1024.0 * 1024.0;
/// Heap that Flink's own framework takes out of a TaskManager's heap by default.
const FRAMEWORK_HEAP_BYTES: f64 = 128.0 * MIB;

/// A pool large enough that `used` fills `fill` of it, and at least half as large again as now.
fn grown(used: f64, limit: f64, fill: f64) -> (f64, String) {
    let for_use = used / fill;
    let at_least = limit * 1.5;
    let to = for_use.max(at_least);
    let sum = if for_use >= at_least {
        format!("{} in use / {fill} = {}", size(used), size(for_use))
    } else {
        format!(
            "{} in use of {}; half as much again is {}",
            size(used),
            size(limit),
            size(at_least)
        )
    };
    (to, sum)
}

fn pool(
    measured: &Measured,
    keys: &[&str],
    used: Result<f64, Missing>,
    limit: Result<f64, Missing>,
    fill: f64,
) -> Outcome {
    let (used, limit) = (used?, limit?);
    let (bytes, sum) = grown(used, limit, fill);
    let to = config_mebibytes(bytes, STEP_MIB);
    let computation = format!("{sum}, so {to}");
    let from = measured.option(keys).or_else(|| Some(size(limit)));
    sized(from, to, computation)
}

/// A size or share carries its unit with it.
fn sized(from: Option<String>, to: String, computation: String) -> Outcome {
    Ok(Sized {
        from,
        to: Some(to),
        unit: String::new(),
        computation,
    })
}

fn want(value: Option<f64>, what: &'static str, from: Option<&String>) -> Result<f64, Missing> {
    need(value, what, "", from)
}

pub(super) fn task_heap(measured: &Measured) -> Outcome {
    let keys = ["taskmanager.memory.task.heap.size"];
    let from = measured.option(&keys);
    let used = want(
        measured.heap_used_bytes,
        "the heap in use after collection",
        from.as_ref(),
    )?;
    let limit = want(measured.heap_max_bytes, "the heap limit", from.as_ref())?;
    let (bytes, sum) = grown(used, limit, HEAP_FILL);
    let to = config_mebibytes((bytes - FRAMEWORK_HEAP_BYTES).max(STEP_MIB * MIB), STEP_MIB);
    let computation = format!(
        "{sum}; without Flink's own {} that is {to}",
        size(FRAMEWORK_HEAP_BYTES)
    );
    let now = size((limit - FRAMEWORK_HEAP_BYTES).max(0.0));
    sized(from.or(Some(now)), to, computation)
}

pub(super) fn jobmanager_process(measured: &Measured) -> Outcome {
    let keys = [
        "jobmanager.memory.process.size",
        "jobmanager.memory.flink.size",
    ];
    let from = measured.option(&keys);
    let used = want(
        measured.heap_used_bytes,
        "the JobManager's heap in use",
        from.as_ref(),
    )?;
    let limit = want(
        measured.heap_max_bytes,
        "the JobManager's heap limit",
        from.as_ref(),
    )?;
    let total = want(
        measured.option_bytes(&keys),
        "the JobManager's process size",
        from.as_ref(),
    )?;
    let (heap, sum) = grown(used, limit, HEAP_FILL);
    let to = config_mebibytes(total + heap - limit, STEP_MIB);
    let computation = format!(
        "heap: {sum}; {} + {} = {to}",
        size(total),
        size(heap - limit)
    );
    sized(from, to, computation)
}

pub(super) fn metaspace(measured: &Measured) -> Outcome {
    let keys = ["taskmanager.memory.jvm-metaspace.size"];
    let from = measured.option(&keys);
    let limit = measured
        .metaspace_max_bytes
        .or(measured.option_bytes(&keys));
    let limit = want(limit, "the metaspace limit", from.as_ref());
    let used = want(
        measured.metaspace_used_bytes,
        "the metaspace in use",
        from.as_ref(),
    );
    pool(measured, &keys, used, limit, POOL_FILL)
}

pub(super) fn task_off_heap(measured: &Measured) -> Outcome {
    let keys = ["taskmanager.memory.task.off-heap.size"];
    let from = measured.option(&keys);
    let used = want(
        measured.direct_used_bytes,
        "the direct memory in use",
        from.as_ref(),
    )?;
    let limit = want(
        measured.direct_max_bytes,
        "the direct memory limit",
        from.as_ref(),
    )?;
    let now = measured.option_bytes(&keys).unwrap_or(0.0);
    let (bytes, sum) = grown(used, limit, POOL_FILL);
    let to = config_mebibytes(now + bytes - limit, STEP_MIB);
    let computation = format!("{sum}; {} more than now, so {to}", size(bytes - limit));
    sized(from.or(Some("0".to_owned())), to, computation)
}

pub(super) fn jvm_overhead(measured: &Measured) -> Outcome {
    let keys = ["taskmanager.memory.jvm-overhead.max"];
    let from = measured.option(&keys);
    let rss = want(
        measured.process_rss_bytes,
        "the memory that the process holds (RSS)",
        from.as_ref(),
    )?;
    let process = measured
        .process_size_bytes
        .or(measured.option_bytes(&["taskmanager.memory.process.size"]));
    let process = want(process, "taskmanager.memory.process.size", from.as_ref())?;
    let now = measured.option_bytes(&keys).unwrap_or(1024.0 * MIB);
    let beyond = (rss - process).max(process * 0.1);
    let to = config_mebibytes(now + beyond, STEP_MIB);
    let computation = format!(
        "the process holds {} of {}: {} + {} = {to}",
        size(rss),
        size(process),
        size(now),
        size(beyond)
    );
    sized(from.or(Some(size(now))), to, computation)
}

pub(super) fn process_size_for_rss(measured: &Measured) -> Outcome {
    let keys = ["taskmanager.memory.process.size"];
    let from = measured.option(&keys);
    let process = measured.process_size_bytes.or(measured.option_bytes(&keys));
    let process = want(process, "taskmanager.memory.process.size", from.as_ref());
    let rss = want(
        measured.process_rss_bytes,
        "the memory that the process holds (RSS)",
        from.as_ref(),
    );
    pool(measured, &keys, rss, process, 0.9)
}

pub(super) fn process_size_for_low_use(measured: &Measured) -> Outcome {
    let keys = ["taskmanager.memory.process.size"];
    let from = measured.option(&keys);
    let process = measured.process_size_bytes.or(measured.option_bytes(&keys));
    let process = want(process, "taskmanager.memory.process.size", from.as_ref())?;
    let used = want(
        measured.heap_used_bytes,
        "the heap in use after collection",
        from.as_ref(),
    )?;
    let limit = want(measured.heap_max_bytes, "the heap limit", from.as_ref())?;
    let spare = (limit - used / MODEST_FILL).max(0.0);
    let to = config_mebibytes(process - spare, STEP_MIB);
    let computation = format!(
        "{} of {} heap in use; at {} % it needs {}, so {} - {} = {to}",
        size(used),
        size(limit),
        MODEST_FILL * 100.0,
        size(used / MODEST_FILL),
        size(process),
        size(spare)
    );
    sized(from.or(Some(size(process))), to, computation)
}

/// Managed memory is RocksDB's: half as much again, within what leaves the heap a third.
pub(super) fn managed_fraction(measured: &Measured) -> Outcome {
    let keys = ["taskmanager.memory.managed.fraction"];
    let from = measured.option(&keys);
    let managed = want(
        measured.managed_max_bytes,
        "the managed memory",
        from.as_ref(),
    )?;
    let heap = want(measured.heap_max_bytes, "the heap limit", from.as_ref())?;
    let used = want(
        measured.heap_used_bytes,
        "the heap in use after collection",
        from.as_ref(),
    )?;
    let spare = (heap - used / HEAP_FILL).max(0.0);
    let share = measured.option_number(&keys).unwrap_or(0.4);
    let total = want(
        (share > 0.0).then_some(managed / share),
        "the managed memory",
        from.as_ref(),
    )?;
    let more = spare.min(managed * 0.5);
    let to = ((managed + more) / total * 100.0).floor().min(70.0) / 100.0;
    let computation = format!(
        "heap can give {}: ({} + {}) / {} = {}",
        size(more),
        size(managed),
        size(more),
        size(total),
        figure(to)
    );
    sized(from.or(Some(figure(share))), figure(to), computation)
}

#[cfg(test)]
mod tests {
    use super::super::compute;
    use super::*;

    #[test]
    fn a_full_heap_is_sized_from_what_is_in_use() {
        let measured = Measured {
            heap_used_bytes: Some(480.0 * MIB),
            heap_max_bytes: Some(512.0 * MIB),
            ..Measured::default()
        };
        let sized = compute("task_heap", &measured);
        assert_eq!(sized.to.as_deref(), Some("704m"));
        assert!(
            sized
                .computation
                .starts_with("480 MiB in use / 0.6 = 800 MiB"),
            "{}",
            sized.computation
        );
    }

    #[test]
    fn more_memory_in_use_never_leads_to_a_smaller_pool() {
        let heap = |used: f64| {
            let measured = Measured {
                heap_used_bytes: Some(used * MIB),
                heap_max_bytes: Some(512.0 * MIB),
                ..Measured::default()
            };
            super::super::units::parse_bytes(&compute("task_heap", &measured).to.unwrap()).unwrap()
        };
        assert!((1..512).all(|used| heap(f64::from(used)) <= heap(f64::from(used + 1))));
    }
}
