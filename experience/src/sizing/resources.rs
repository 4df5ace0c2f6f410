//! TaskManagers and slots.

use super::units::figure;
use super::{Measured, Outcome, Sized, need};

pub(super) fn taskmanagers(measured: &Measured) -> Outcome {
    let from = measured.taskmanagers.map(figure);
    let want = |value, what| need(value, what, "TaskManagers", from.as_ref());
    let needed = want(measured.slots_needed, "the slots that the job needs")?;
    let each = measured
        .slots_per_taskmanager
        .or(measured.option_number(&["taskmanager.numberOfTaskSlots"]));
    let each = want(
        each.filter(|each| *each >= 1.0),
        "the slots of a TaskManager",
    )?;
    let other = measured
        .slots_total
        .zip(measured.slots_free)
        .map_or(0.0, |(total, free)| (total - free).max(0.0));
    let to = ((needed + other) / each).ceil();
    let others = if other > 0.0 {
        format!(" + {other:.0} taken by other jobs")
    } else {
        String::new()
    };
    let computation = format!(
        "({needed:.0} slots needed{others}) / {each:.0} a TaskManager = {}, so {to:.0}",
        figure((needed + other) / each)
    );
    Ok(Sized {
        from,
        to: Some(format!("{to:.0}")),
        unit: "TaskManagers".to_owned(),
        computation,
    })
}

pub(super) fn slots_per_taskmanager(measured: &Measured) -> Outcome {
    let from = measured
        .option(&["taskmanager.numberOfTaskSlots"])
        .or(measured.slots_per_taskmanager.map(figure));
    let want = |value, what| need(value, what, "slots", from.as_ref());
    let needed = want(measured.slots_needed, "the slots that the job needs")?;
    let managers = want(
        measured.taskmanagers.filter(|count| *count >= 1.0),
        "the number of TaskManagers",
    )?;
    let to = (needed / managers).ceil();
    let computation = format!(
        "{needed:.0} slots needed / {managers:.0} TaskManagers = {}, so {to:.0}",
        figure(needed / managers)
    );
    Ok(Sized {
        from,
        to: Some(format!("{to:.0}")),
        unit: "slots".to_owned(),
        computation,
    })
}

#[cfg(test)]
mod tests {
    use super::super::compute;
    use super::*;

    #[test]
    fn taskmanagers_cover_the_job_beside_the_others() {
        let measured = Measured {
            slots_needed: Some(12.0),
            slots_total: Some(8.0),
            slots_free: Some(5.0),
            slots_per_taskmanager: Some(4.0),
            taskmanagers: Some(2.0),
            ..Measured::default()
        };
        let sized = compute("taskmanagers_for_slots", &measured);
        assert_eq!(sized.to.as_deref(), Some("4"));
        assert_eq!(
            sized.computation,
            "(12 slots needed + 3 taken by other jobs) / 4 a TaskManager = 3.75, so 4"
        );
    }
}
