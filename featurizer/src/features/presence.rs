//! Whether a TaskManager is there and alive.

use crate::schema::{Family, TaskManagerFeature};
use crate::stats;

pub(crate) const FAMILY: Family = Family {
    name: "presence",
    vertex: &[],
    job: &[],
    taskmanager: &[
        TaskManagerFeature::new(
            "present",
            "flag",
            "is there",
            "1 while the cluster lists the TaskManager; 0 for a minute after it has gone.",
            "never",
            |t| stats::flag(t.own.present),
        ),
        TaskManagerFeature::new(
            "silent",
            "s",
            "silence",
            "Seconds since the TaskManager reported anything; at most 300.",
            "never",
            |t| t.own.silent_s,
        ),
        TaskManagerFeature::new(
            "figures_stale",
            "s",
            "figures stand still",
            "Seconds since any of its figures moved; at most 300. Flink repeats the last figures of a frozen process.",
            "it never reported any",
            |t| t.own.stale_s,
        ),
        TaskManagerFeature::new(
            "heartbeat_age",
            "s",
            "age of the last heartbeat",
            "Age of the last heartbeat when the cluster was looked at; at most 300.",
            "the cluster was not looked at lately",
            |t| t.own.heartbeat_age_s,
        ),
        TaskManagerFeature::new(
            "others_present",
            "count",
            "other TaskManagers",
            "Other TaskManagers that are there.",
            "never",
            |t| t.cluster.present().count() as f64 - stats::flag(t.own.present),
        ),
    ],
};
