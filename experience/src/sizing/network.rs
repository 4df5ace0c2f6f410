//! Network memory from the buffers that a job's graph needs.

use super::units::{config_mebibytes, size};
use super::{Measured, Outcome, Sized, need};

/// Flink's default size of a buffer.
const DEFAULT_BUFFER_BYTES: f64 = 32.0 * 1024.0;
/// Exclusive buffers of an input channel.
const BUFFERS_PER_CHANNEL: f64 = 2.0;
/// Floating buffers of an input gate.
const FLOATING_BUFFERS_PER_GATE: f64 = 8.0;
const STEP_MIB: f64 = 16.0;
/// Room for a rescale.
const HEADROOM: f64 = 1.25;

pub(super) fn memory_for_buffers(measured: &Measured) -> Outcome {
    let keys = [
        "taskmanager.memory.network.max",
        "taskmanager.memory.network.min",
    ];
    let from = measured.option(&keys);
    let buffer = measured
        .option_bytes(&["taskmanager.memory.segment-size"])
        .unwrap_or(DEFAULT_BUFFER_BYTES);
    let (needed, sum) = match (from_failure(measured), from_graph(measured)) {
        (Some(failure), Some(graph)) if graph.0 > failure.0 => graph,
        (Some(failure), _) => failure,
        (None, Some(graph)) => graph,
        (None, None) => {
            let what = "the job's graph and the slots of a TaskManager, or the failed request for buffers,";
            return need(None, what, "", from.as_ref()).map(|_| Sized::default());
        }
    };
    let to = config_mebibytes(needed * buffer * HEADROOM, STEP_MIB);
    let computation = format!(
        "{sum} = {needed:.0} buffers x {} x {HEADROOM} = {}, so {to}",
        size(buffer),
        size(needed * buffer * HEADROOM)
    );
    let from = from.or_else(|| measured.network_max_bytes.map(size));
    Ok(Sized {
        from,
        to: Some(to),
        unit: String::new(),
        computation,
    })
}

/// What the failed request lacked, on top of what there is.
fn from_failure(measured: &Measured) -> Option<(f64, String)> {
    let required = measured.buffers_required?;
    let available = measured.buffers_available?;
    let total = measured.buffers_total?;
    let sum = format!("{total:.0} there + {required:.0} asked for - {available:.0} free");
    Some((total + (required - available).max(0.0), sum))
}

/// What all subtasks of one TaskManager need: for each edge the outgoing and the incoming channels of a slot's subtask.
fn from_graph(measured: &Measured) -> Option<(f64, String)> {
    let slots = measured.slots_per_taskmanager?;
    if measured.edges.is_empty() {
        return None;
    }
    let per_slot: f64 = measured
        .edges
        .iter()
        .map(|edge| {
            let outgoing = if edge.all_to_all {
                f64::from(edge.to_parallelism)
            } else {
                1.0
            };
            let incoming = if edge.all_to_all {
                f64::from(edge.from_parallelism)
            } else {
                1.0
            };
            (outgoing + 1.0) + incoming * BUFFERS_PER_CHANNEL + FLOATING_BUFFERS_PER_GATE
        })
        .sum();
    let sum = format!(
        "{slots:.0} slots x {per_slot:.0} buffers of {} edges",
        measured.edges.len()
    );
    Some((slots * per_slot, sum))
}

#[cfg(test)]
mod tests {
    use super::super::{EdgeSize, compute};
    use super::*;

    #[test]
    fn buffers_come_from_the_graph() {
        let edge = EdgeSize {
            from_parallelism: 100,
            to_parallelism: 100,
            all_to_all: true,
        };
        let measured = Measured {
            edges: vec![edge, edge],
            slots_per_taskmanager: Some(8.0),
            ..Measured::default()
        };
        let sized = compute("network_memory", &measured);
        assert_eq!(
            sized.computation,
            "8 slots x 618 buffers of 2 edges = 4944 buffers x 32 KiB x 1.25 = 193 MiB, so 208m"
        );
        assert_eq!(sized.to.as_deref(), Some("208m"));
    }
}
