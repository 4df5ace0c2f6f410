//! Errors of the last minute, by what they are about.

use crate::schema::{Family, JobFeature, TaskManagerFeature, VertexFeature};
use crate::state::troubles::Group;

const NEVER: &str = "never: no error is 0";

/// One feature for a group of errors, for any scope.
macro_rules! of_group {
    ($feature:ident, $view:ident => $troubles:expr, $name:literal, $label:literal, $group:ident) => {
        $feature::new(
            concat!("errors_", $name),
            "count",
            concat!("errors in a minute: ", $label),
            concat!("Errors of the last minute that are about: ", $label, "."),
            NEVER,
            |$view| $troubles.of(Group::$group),
        )
    };
}

macro_rules! family {
    ($feature:ident, $view:ident => $troubles:expr) => {
        &[
            $feature::new("errors", "count", "errors", "Errors in this window, from logs, exceptions and failed checkpoints.", NEVER, |$view| $troubles.in_window()),
            $feature::new("errors_last_minute", "count", "errors in a minute", "Errors of the last minute, from logs, exceptions and failed checkpoints.", NEVER, |$view| $troubles.last_minute()),
            $feature::new("errors_causes", "count", "first causes in a minute", "Errors of the last minute that follow from no other.", NEVER, |$view| $troubles.causes_last_minute()),
            of_group!($feature, $view => $troubles, "resources", "slots and resources", Resources),
            of_group!($feature, $view => $troubles, "memory", "memory", Memory),
            of_group!($feature, $view => $troubles, "user_code", "the job's own code", UserCode),
            of_group!($feature, $view => $troubles, "deserialization", "records and types that cannot be read", Deserialization),
            of_group!($feature, $view => $troubles, "taskmanager_lost", "lost processes", TaskManagerLost),
            of_group!(
                $feature, $view => $troubles,
                "heartbeat", "processes that stopped answering", Heartbeat
            ),
            of_group!($feature, $view => $troubles, "checkpoint", "checkpoints and state", Checkpoint),
            of_group!($feature, $view => $troubles, "network", "network and calls", Network),
            of_group!($feature, $view => $troubles, "source", "sources", Source),
            of_group!($feature, $view => $troubles, "sink", "sinks", Sink),
            of_group!($feature, $view => $troubles, "other", "anything else", Other),
        ]
    };
}

pub(crate) const FAMILY: Family = Family {
    name: "errors",
    job: family!(JobFeature, j => j.own.troubles),
    vertex: family!(VertexFeature, v => v.troubles),
    taskmanager: family!(TaskManagerFeature, t => t.troubles),
};
