//! Up to where a figure of a healthy job goes, where no finding says so.
//!
//! They only choose which figure of a healthy job is closest to trouble; what a problem is, the models say.

use streamwarden_proto::scope::Scope;

/// A figure with the value that healthy jobs stay below.
#[derive(Debug, Clone, Copy)]
pub struct Limit {
    /// Of what.
    pub scope: Scope,
    /// Name.
    pub feature: &'static str,
    /// Words.
    pub label: &'static str,
    /// Unit.
    pub unit: &'static str,
    /// Healthy below.
    pub healthy_max: f64,
}

/// The figures that are looked at.
pub const LIMITS: &[Limit] = &[
    Limit {
        scope: Scope::Vertex,
        feature: "busy_max",
        label: "busy",
        unit: "ms/s",
        healthy_max: 800.0,
    },
    Limit {
        scope: Scope::Vertex,
        feature: "backpressured_mean",
        label: "blocked",
        unit: "ms/s",
        healthy_max: 500.0,
    },
    Limit {
        scope: Scope::Vertex,
        feature: "watermark_lag",
        label: "behind",
        unit: "s",
        healthy_max: 120.0,
    },
    Limit {
        scope: Scope::Job,
        feature: "checkpoint_duration",
        label: "checkpoint",
        unit: "ms",
        healthy_max: 30_000.0,
    },
    Limit {
        scope: Scope::TaskManager,
        feature: "gc_time",
        label: "in garbage collection",
        unit: "ms/s",
        healthy_max: 100.0,
    },
];
