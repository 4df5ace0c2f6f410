//! Parallelism from what one subtask can do and what has to be done.

use super::units::figure;
use super::{Measured, Missing, Outcome, Sized, need};

/// Share of a subtask's time that may be busy; the rest is room for catching up and for peaks.
const TARGET_UTILISATION: f64 = 0.8;
/// Share that an over-provisioned job is brought to: below the target, so that it is not brought back at once.
const MODEST_UTILISATION: f64 = 0.6;
const UNIT: &str = "subtasks";

fn now(measured: &Measured) -> Option<String> {
    measured.parallelism.map(figure)
}

fn want(measured: &Measured, value: Option<f64>, what: &'static str) -> Result<f64, Missing> {
    need(value, what, UNIT, now(measured).as_ref())
}

fn proposed(measured: &Measured, to: f64, computation: String) -> Sized {
    Sized {
        from: now(measured),
        to: Some(format!("{to:.0}")),
        unit: UNIT.to_owned(),
        computation,
    }
}

/// Records that one fully busy subtask does in a second.
fn true_rate_per_subtask(measured: &Measured) -> Result<f64, Missing> {
    let parallelism = want(measured, measured.parallelism, "the parallelism")?;
    let rate = want(
        measured,
        measured.records_per_second,
        "the records per second of the vertex",
    )?;
    let busy = want(measured, measured.busy_share, "the busy time of the vertex")?;
    let usable =
        (parallelism >= 1.0 && busy > 0.01 && rate > 0.0).then(|| rate / parallelism / busy);
    want(
        measured,
        usable,
        "the rate and the busy time of the vertex under load",
    )
}

pub(super) fn for_rate(measured: &Measured) -> Outcome {
    let per_subtask = true_rate_per_subtask(measured)?;
    let demand = want(
        measured,
        measured.demand_records_per_second,
        "the records per second that arrive",
    )?;
    let parallelism = want(measured, measured.parallelism, "the parallelism")?;
    let exact = demand / (per_subtask * TARGET_UTILISATION);
    let mut to = exact.ceil().max(parallelism + 1.0);
    let mut computation = format!(
        "{} records/s / ({} per subtask x {TARGET_UTILISATION}) = {}, so {to:.0}",
        figure(demand),
        figure(per_subtask),
        figure(exact)
    );
    if let Some(limit) = measured
        .max_parallelism
        .filter(|limit| to > *limit && *limit > 0.0)
    {
        to = limit;
        computation.push_str(&format!("; the max parallelism allows {limit:.0}"));
    }
    Ok(proposed(measured, to, computation))
}

pub(super) fn for_low_load(measured: &Measured) -> Outcome {
    let parallelism = want(measured, measured.parallelism, "the parallelism")?;
    let busy = want(
        measured,
        measured.busy_share_max,
        "the busy time of the busiest subtask",
    )?;
    let exact = parallelism * busy / MODEST_UTILISATION;
    let to = exact.ceil().clamp(1.0, parallelism.max(1.0));
    let computation = format!(
        "{parallelism:.0} x {} % busy / {} % = {}, so {to:.0}",
        figure(busy * 100.0),
        MODEST_UTILISATION * 100.0,
        figure(exact)
    );
    Ok(proposed(measured, to, computation))
}

pub(super) fn for_partitions(measured: &Measured) -> Outcome {
    let partitions = want(
        measured,
        measured.source_partitions,
        "the number of partitions",
    )?;
    let computation = format!("one subtask for each of {partitions:.0} partitions");
    Ok(proposed(measured, partitions.max(1.0), computation))
}

pub(super) fn partitions(measured: &Measured) -> Outcome {
    let from = measured.source_partitions.map(figure);
    let need = |value, what| need(value, what, "partitions", from.as_ref());
    let partitions = need(measured.source_partitions, "the number of partitions")?;
    let rate = need(
        measured.records_per_second,
        "the records per second that are read",
    )?;
    let demand = need(
        measured.demand_records_per_second,
        "the records per second that arrive",
    )?;
    let usable = (partitions > 0.0 && rate > 0.0).then(|| rate / partitions);
    let each = need(usable, "the records per second of a partition")?;
    let exact = demand / (each * TARGET_UTILISATION);
    let to = exact.ceil().max(partitions);
    let computation = format!(
        "{} records/s / ({} per partition x {TARGET_UTILISATION}) = {}, so {to:.0}",
        figure(demand),
        figure(each),
        figure(exact)
    );
    Ok(Sized {
        from,
        to: Some(format!("{to:.0}")),
        unit: "partitions".to_owned(),
        computation,
    })
}

pub(super) fn for_slots(measured: &Measured) -> Outcome {
    let from = measured
        .job_parallelism
        .or(measured.parallelism)
        .map(figure);
    let slots = need(
        measured.slots_total,
        "the slots of the cluster",
        UNIT,
        from.as_ref(),
    )?;
    let usable = Some(slots).filter(|slots| *slots >= 1.0);
    let slots = need(
        usable,
        "the slots of the cluster once its TaskManagers are registered",
        UNIT,
        from.as_ref(),
    )?;
    let computation =
        format!("{slots:.0} slots are there, and a slot holds one subtask of each vertex");
    Ok(Sized {
        from,
        to: Some(format!("{slots:.0}")),
        unit: UNIT.to_owned(),
        computation,
    })
}

pub(super) fn for_buffers(measured: &Measured) -> Outcome {
    let required = want(
        measured,
        measured.buffers_required,
        "the network buffers that were asked for",
    )?;
    let available = want(
        measured,
        measured.buffers_available,
        "the network buffers that were free",
    )?;
    let parallelism = want(
        measured,
        measured.job_parallelism.or(measured.parallelism),
        "the parallelism",
    )?;
    let usable = Some(required).filter(|required| *required > 0.0);
    let required = want(measured, usable, "the network buffers that were asked for")?;
    let to = (parallelism * (available / required).min(1.0))
        .floor()
        .max(1.0);
    let computation = format!(
        "{parallelism:.0} x {available:.0} free buffers / {required:.0} needed = {}, so {to:.0}",
        figure(parallelism * available / required)
    );
    Ok(Sized {
        from: Some(figure(parallelism)),
        to: Some(format!("{to:.0}")),
        unit: UNIT.to_owned(),
        computation,
    })
}

pub(super) fn max_multiple(measured: &Measured) -> Outcome {
    let from = measured.max_parallelism.map(figure);
    let need = |value, what| need(value, what, "key groups", from.as_ref());
    let parallelism = need(measured.parallelism, "the parallelism")?;
    let limit = need(measured.max_parallelism, "the max parallelism")?;
    let usable = Some(parallelism).filter(|parallelism| *parallelism >= 1.0);
    let parallelism = need(usable, "the parallelism")?;
    let times = (limit / parallelism).ceil().max(1.0);
    let to = times * parallelism;
    let computation = format!(
        "{limit:.0} key groups / {parallelism:.0} subtasks = {}, so some hold one more; {times:.0} x {parallelism:.0} = {to:.0} is even",
        figure(limit / parallelism)
    );
    Ok(Sized {
        from,
        to: Some(format!("{to:.0}")),
        unit: "key groups".to_owned(),
        computation,
    })
}

/// Calls in flight that a subtask needs, so that waiting does not limit the rate (Little's law).
pub(super) fn async_capacity(measured: &Measured) -> Outcome {
    let need = |value, what| need(value, what, "requests in flight", None);
    let per_subtask = true_rate_per_subtask(measured)?;
    let demand = need(
        measured.demand_records_per_second,
        "the records per second that arrive",
    )?;
    let parallelism = need(measured.parallelism, "the parallelism")?;
    let call_ms = 1e3 / per_subtask;
    let exact = demand / parallelism / 1e3 * call_ms / TARGET_UTILISATION;
    let to = exact.ceil().max(2.0);
    let computation = format!(
        "{} records/s a subtask x {} ms a call / {TARGET_UTILISATION} = {}, so {to:.0}",
        figure(demand / parallelism),
        figure(call_ms),
        figure(exact)
    );
    Ok(Sized {
        from: Some("1".to_owned()),
        to: Some(format!("{to:.0}")),
        unit: "requests in flight".to_owned(),
        computation,
    })
}

#[cfg(test)]
mod tests {
    use super::super::compute;
    use super::*;

    #[test]
    fn parallelism_follows_the_true_rate_of_a_subtask() {
        let measured = Measured {
            parallelism: Some(4.0),
            records_per_second: Some(7_920.0),
            busy_share: Some(1.0),
            demand_records_per_second: Some(12_400.0),
            ..Measured::default()
        };
        let sized = compute("parallelism_for_rate", &measured);
        assert_eq!(sized.from.as_deref(), Some("4"));
        assert_eq!(sized.to.as_deref(), Some("8"));
        assert_eq!(
            sized.computation,
            "12,400 records/s / (1,980 per subtask x 0.8) = 7.83, so 8"
        );
    }

    #[test]
    fn the_max_parallelism_is_a_limit() {
        let measured = Measured {
            parallelism: Some(4.0),
            max_parallelism: Some(6.0),
            records_per_second: Some(4_000.0),
            busy_share: Some(1.0),
            demand_records_per_second: Some(12_000.0),
            ..Measured::default()
        };
        assert_eq!(
            compute("parallelism_for_rate", &measured).to.as_deref(),
            Some("6")
        );
    }

    #[test]
    fn key_groups_become_a_multiple_of_the_subtasks() {
        let measured = Measured {
            parallelism: Some(100.0),
            max_parallelism: Some(128.0),
            ..Measured::default()
        };
        assert_eq!(
            compute("max_parallelism_multiple", &measured).to.as_deref(),
            Some("200")
        );
    }

    #[test]
    fn an_idle_job_keeps_at_least_one_subtask() {
        let measured = Measured {
            parallelism: Some(8.0),
            busy_share_max: Some(0.01),
            ..Measured::default()
        };
        assert_eq!(
            compute("parallelism_for_low_load", &measured).to.as_deref(),
            Some("1")
        );
    }
}
