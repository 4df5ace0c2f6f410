//! Time-outs and delays.

use super::units::{config_duration, duration};
use super::{Measured, Missing, Outcome, Sized, need};

/// Kafka brokers refuse longer transactions unless they are configured otherwise.
const BROKER_TRANSACTION_LIMIT_MS: f64 = 900_000.0;
/// Flink's default heartbeat time-out.
const DEFAULT_HEARTBEAT_MS: f64 = 50_000.0;
/// Flink's default time-out of an internal call.
const DEFAULT_ASK_MS: f64 = 10_000.0;

fn round_up(ms: f64) -> f64 {
    let step = if ms < 10_000.0 {
        500.0
    } else if ms < 120_000.0 {
        5_000.0
    } else {
        60_000.0
    };
    (ms / step).ceil().max(1.0) * step
}

fn want(value: Option<f64>, what: &'static str, from: Option<&String>) -> Result<f64, Missing> {
    need(value, what, "", from)
}

fn sized(from: Option<String>, to_ms: f64, computation: String) -> Sized {
    Sized {
        from,
        to: Some(config_duration(to_ms)),
        unit: String::new(),
        computation,
    }
}

pub(super) fn idle_timeout(measured: &Measured) -> Outcome {
    let from = measured.option(&["table.exec.source.idle-timeout"]);
    let interval = measured
        .option_ms(&["pipeline.auto-watermark-interval"])
        .unwrap_or(200.0);
    let silence = want(
        measured.silence_ms,
        "how long the busiest partition is silent in normal times",
        from.as_ref(),
    )?;
    let to = round_up((silence * 2.0).max(interval * 10.0).max(5_000.0)).min(300_000.0);
    let computation = format!(
        "twice the usual silence of {} is {}",
        duration(silence),
        duration(to)
    );
    Ok(sized(from.or(Some("0 ms".to_owned())), to, computation))
}

pub(super) fn watermark_delay(measured: &Measured) -> Outcome {
    let late = want(measured.lateness_ms, "how late the late records are", None)?;
    let to = round_up(late * 1.2);
    let computation = format!(
        "records come up to {} late; a fifth more is {}",
        duration(late),
        duration(to)
    );
    Ok(sized(None, to, computation))
}

pub(super) fn transaction_timeout(measured: &Measured) -> Outcome {
    let from = measured.option(&[
        "transaction.timeout.ms",
        "properties.transaction.timeout.ms",
    ]);
    let interval = measured.option_ms(&["execution.checkpointing.interval"]);
    let interval = want(interval, "the checkpoint interval", from.as_ref())?;
    let down = measured.downtime_ms.unwrap_or(0.0);
    let took = measured.checkpoint_duration_ms.unwrap_or(0.0);
    let least = interval + took + down;
    let to = round_up(least * 2.0).clamp(60_000.0, BROKER_TRANSACTION_LIMIT_MS);
    let computation = format!(
        "interval {} + checkpoint {} + downtime {}, twice = {}, below the broker's {}",
        duration(interval),
        duration(took),
        duration(down),
        duration(least * 2.0),
        duration(BROKER_TRANSACTION_LIMIT_MS)
    );
    Ok(Sized {
        from,
        to: Some(format!("{to:.0}")),
        unit: "ms".to_owned(),
        computation,
    })
}

pub(super) fn heartbeat_timeout(measured: &Measured) -> Outcome {
    let from = measured.option(&["heartbeat.timeout"]);
    let pause = want(
        measured.gc_pause_ms,
        "the longest pause of the process",
        from.as_ref(),
    )?;
    let now = measured
        .option_ms(&["heartbeat.timeout"])
        .unwrap_or(DEFAULT_HEARTBEAT_MS);
    let to = round_up((pause * 2.0).max(now));
    let computation = format!(
        "the longest pause is {}, the limit {}; twice the pause is {}",
        duration(pause),
        duration(now),
        duration(pause * 2.0)
    );
    Ok(sized(
        from.or_else(|| Some(config_duration(now))),
        to,
        computation,
    ))
}

pub(super) fn ask_timeout(measured: &Measured) -> Outcome {
    let keys = ["pekko.ask.timeout", "akka.ask.timeout"];
    let from = measured.option(&keys);
    let slow = want(
        measured.rpc_ms,
        "how long the slowest internal calls take",
        from.as_ref(),
    )?;
    let now = measured.option_ms(&keys).unwrap_or(DEFAULT_ASK_MS);
    let to = round_up((slow * 2.0).max(now * 2.0));
    let computation = format!(
        "calls take up to {}, the limit is {}; twice is {}",
        duration(slow),
        duration(now),
        duration(to)
    );
    Ok(sized(
        from.or_else(|| Some(config_duration(now))),
        to,
        computation,
    ))
}

/// Time after which state fills no more than what the process has for it, at the present growth.
pub(super) fn state_ttl(measured: &Measured) -> Outcome {
    let from = measured.option(&["table.exec.state.ttl"]);
    let growth = want(
        measured.state_growth_bytes_per_hour,
        "how fast the state grows",
        from.as_ref(),
    )?;
    let room = measured.managed_max_bytes.or(measured.heap_max_bytes);
    let room = want(room, "the memory there is for state", from.as_ref())?;
    let managers = measured.taskmanagers.unwrap_or(1.0);
    let growth = want(
        Some(growth).filter(|growth| *growth > 0.0),
        "how fast the state grows",
        from.as_ref(),
    )?;
    let hours = (room * managers * 0.6 / growth).max(0.1);
    let to = if hours >= 2.0 {
        hours.floor() * 3_600e3
    } else {
        (hours * 60.0).floor() * 60e3
    };
    let computation = format!(
        "{} of memory x 0.6 / {} an hour = {}; keep it longer only if the result needs older rows",
        super::units::size(room * managers),
        super::units::size(growth),
        duration(to)
    );
    Ok(sized(from.or(Some("0 ms".to_owned())), to, computation))
}

#[cfg(test)]
mod tests {
    use super::super::compute;
    use super::*;

    #[test]
    fn a_transaction_lives_longer_than_an_interval_and_shorter_than_the_broker_allows() {
        let mut measured = Measured::default();
        measured
            .config
            .insert("execution.checkpointing.interval".into(), "1 min".into());
        assert_eq!(
            compute("transaction_timeout", &measured).to.as_deref(),
            Some("120000")
        );
        measured
            .config
            .insert("execution.checkpointing.interval".into(), "20 min".into());
        assert_eq!(
            compute("transaction_timeout", &measured).to.as_deref(),
            Some("900000")
        );
    }
}
