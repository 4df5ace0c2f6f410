//! Checkpoint options from measured durations.

use super::units::{config_duration, duration};
use super::{Measured, Missing, Outcome, Sized, need};

const MINUTE_MS: f64 = 60_000.0;
/// Flink's default time-out of a checkpoint.
const DEFAULT_TIMEOUT_MS: f64 = 10.0 * MINUTE_MS;
/// A checkpoint may take this much of its time-out before it is at risk.
const TIMEOUT_FILL: f64 = 0.5;
/// Checkpoints may run this share of the time.
const CHECKPOINTING_SHARE: f64 = 0.5;
/// Failed checkpoints in a row that a catch-up after a restart easily makes.
const USUAL_TOLERANCE: f64 = 3.0;
/// Aligned barriers may take this share of the time-out before they overtake the data.
const ALIGNMENT_SHARE: f64 = 0.05;

fn round_up(ms: f64, step_ms: f64) -> f64 {
    (ms / step_ms).ceil().max(1.0) * step_ms
}

fn took(measured: &Measured, from: Option<&String>) -> Result<f64, Missing> {
    need(
        measured.checkpoint_duration_ms,
        "the duration of completed checkpoints",
        "",
        from,
    )
}

pub(super) fn timeout(measured: &Measured) -> Outcome {
    let keys = ["execution.checkpointing.timeout"];
    let from = measured.option(&keys);
    let took = took(measured, from.as_ref())?;
    let now = measured.option_ms(&keys).unwrap_or(DEFAULT_TIMEOUT_MS);
    let to = round_up((took / TIMEOUT_FILL).max(now * 1.5), MINUTE_MS);
    let computation = format!(
        "a checkpoint takes {}, the limit is {}; twice that, at least half as much again, is {}",
        duration(took),
        duration(now),
        duration(to)
    );
    Ok(sized(
        from.or_else(|| Some(config_duration(now))),
        to,
        computation,
    ))
}

pub(super) fn interval(measured: &Measured) -> Outcome {
    let keys = ["execution.checkpointing.interval"];
    let from = measured.option(&keys);
    let took = took(measured, from.as_ref())?;
    let step = if took < MINUTE_MS { 5_000.0 } else { MINUTE_MS };
    let to = round_up(took / CHECKPOINTING_SHARE, step);
    let computation = format!(
        "{} a checkpoint / {} % of the time = {}",
        duration(took),
        CHECKPOINTING_SHARE * 100.0,
        duration(to)
    );
    Ok(sized(from, to, computation))
}

pub(super) fn min_pause(measured: &Measured) -> Outcome {
    let from = measured.option(&["execution.checkpointing.min-pause"]);
    let took = took(measured, from.as_ref())?;
    let to = round_up(took, 1_000.0);
    let computation = format!(
        "as long as a checkpoint takes ({}), so that half of the time is free",
        duration(took)
    );
    Ok(sized(from.or(Some("0 ms".to_owned())), to, computation))
}

pub(super) fn aligned_timeout(measured: &Measured) -> Outcome {
    let from = measured.option(&["execution.checkpointing.aligned-checkpoint-timeout"]);
    let limit = measured
        .option_ms(&["execution.checkpointing.timeout"])
        .unwrap_or(DEFAULT_TIMEOUT_MS);
    let alignment = need(
        measured.checkpoint_alignment_ms,
        "the alignment time of checkpoints",
        "",
        from.as_ref(),
    )?;
    let to = round_up((limit * ALIGNMENT_SHARE).min(30_000.0), 1_000.0);
    let computation = format!(
        "alignment took {}; after {} ({} % of the {} limit) barriers overtake the data",
        duration(alignment),
        duration(to),
        ALIGNMENT_SHARE * 100.0,
        duration(limit)
    );
    Ok(sized(from.or(Some("0 ms".to_owned())), to, computation))
}

pub(super) fn tolerable_failures(measured: &Measured) -> Outcome {
    let keys = ["execution.checkpointing.tolerable-failed-checkpoints"];
    let from = measured.option(&keys);
    let failed = measured.checkpoint_failures_in_a_row;
    let failed = need(
        failed,
        "how many checkpoints fail in a row",
        "checkpoints",
        from.as_ref(),
    )?;
    let to = (failed + 2.0).max(USUAL_TOLERANCE);
    let computation =
        format!("{failed:.0} failed in a row; two more, at least {USUAL_TOLERANCE}, is {to:.0}");
    Ok(Sized {
        from: from.or(Some("0".to_owned())),
        to: Some(format!("{to:.0}")),
        unit: "checkpoints".to_owned(),
        computation,
    })
}

/// State below this size travels inside the metadata instead of in a file of its own.
pub(super) fn memory_threshold(measured: &Measured) -> Outcome {
    let keys = [
        "execution.checkpointing.data-inline-threshold",
        "state.storage.fs.memory-threshold",
    ];
    let from = measured.option(&keys);
    let size = measured.checkpointed_size_bytes;
    let size = need(size, "the size that a checkpoint writes", "", from.as_ref())?;
    let subtasks = need(
        measured.parallelism,
        "the number of subtasks",
        "",
        from.as_ref(),
    )?;
    let each = size / subtasks.max(1.0);
    let now = measured.option_bytes(&keys).unwrap_or(20.0 * 1024.0);
    let to = [64.0, 128.0, 256.0, 512.0, 1024.0]
        .into_iter()
        .find(|kib| kib * 1024.0 >= each.min(now * 8.0));
    let to = format!("{}kb", to.unwrap_or(1024.0));
    let computation = format!("{} a subtask and checkpoint", super::units::size(each));
    Ok(Sized {
        from: from.or(Some("20kb".to_owned())),
        to: Some(to),
        unit: String::new(),
        computation,
    })
}

fn sized(from: Option<String>, to_ms: f64, computation: String) -> Sized {
    Sized {
        from,
        to: Some(config_duration(to_ms)),
        unit: String::new(),
        computation,
    }
}

#[cfg(test)]
mod tests {
    use super::super::compute;
    use super::*;

    #[test]
    fn a_checkpoint_that_takes_eight_minutes_gets_a_limit_of_sixteen() {
        let measured = Measured {
            checkpoint_duration_ms: Some(8.0 * MINUTE_MS),
            ..Measured::default()
        };
        let sized = compute("checkpoint_timeout", &measured);
        assert_eq!(
            (sized.from.as_deref(), sized.to.as_deref()),
            (Some("10 min"), Some("16 min"))
        );
    }

    #[test]
    fn the_interval_leaves_half_of_the_time_free() {
        let measured = Measured {
            checkpoint_duration_ms: Some(41_000.0),
            ..Measured::default()
        };
        assert_eq!(
            compute("checkpoint_interval", &measured).to.as_deref(),
            Some("85 s")
        );
    }
}
