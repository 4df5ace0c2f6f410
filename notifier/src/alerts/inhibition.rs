//! What follows from a TaskManager's death is not announced beside it.

use streamwarden_proto::Class;
use streamwarden_proto::finding::Finding;

/// What follows may be seen this much before its cause: a heartbeat has to time out first.
const HEAD_START_MS: i64 = 120_000;

/// Does `source`, which began at `source_began_ms`, explain `target`, which began at `target_began_ms`?
#[must_use]
pub fn explains(
    (source, source_began_ms): (&Finding, i64),
    (target, target_began_ms): (&Finding, i64),
) -> bool {
    is_death(source.class)
        && follows_from_death(target.class)
        && source.cluster_id == target.cluster_id
        && (source.job_id.is_empty() || source.job_id == target.job_id)
        && target_began_ms >= source_began_ms - HEAD_START_MS
}

fn is_death(class: Class) -> bool {
    matches!(
        class,
        Class::TaskmanagerLost | Class::ContainerKilledOom | Class::JobmanagerLeaderLost
    )
}

/// Only what a dead process leads to by itself; a full heap or a wrong option is a cause of its own.
fn follows_from_death(class: Class) -> bool {
    matches!(
        class,
        Class::BackpressureStall
            | Class::CheckpointDeclinedOrFailed
            | Class::CheckpointTimeout
            | Class::NoResourceAvailable
            | Class::RpcTimeout
            | Class::DnsOrNetwork
            | Class::UnderProvisioned
            | Class::WatermarkOrTimeProblem
            | Class::Unknown
    )
}
