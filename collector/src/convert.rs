//! Flink's answers become observations. Pure: answers in, records out.

pub mod checkpoints;
pub mod cluster;
pub mod configuration;
pub mod exceptions;
pub mod job;
pub mod metrics;

use streamwarden_proto::v1::observation::Body;
use streamwarden_proto::v1::snapshot::Kind;
use streamwarden_proto::v1::{Observation, Snapshot};

/// Wraps a body.
#[must_use]
pub fn observation(cluster_id: &str, observed_at_ms: i64, body: Body) -> Observation {
    Observation {
        cluster_id: cluster_id.to_owned(),
        observed_at_ms,
        body: Some(body),
    }
}

/// Wraps a snapshot.
#[must_use]
pub fn snapshot(cluster_id: &str, observed_at_ms: i64, kind: Kind) -> Observation {
    observation(
        cluster_id,
        observed_at_ms,
        Body::Snapshot(Snapshot { kind: Some(kind) }),
    )
}
