//! `/config`, `/jobs/overview` and `/jobs/:job`.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::flink::figure::Figure;

/// `/config`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct DashboardConfig {
    /// "2.2.1".
    #[serde(rename = "flink-version")]
    pub flink_version: String,
}

/// `/jobs/overview`.
#[derive(Debug, Deserialize)]
pub struct JobsOverview {
    /// All jobs that the cluster remembers, also those that ended.
    pub jobs: Vec<JobOverview>,
}

/// One job of the overview.
#[derive(Debug, Clone, Deserialize)]
pub struct JobOverview {
    /// Job id.
    pub jid: String,
    /// Name.
    #[serde(default)]
    pub name: String,
    /// `JobStatus`.
    #[serde(default)]
    pub state: String,
    /// When it was submitted.
    #[serde(default, rename = "start-time")]
    pub start_time: Figure,
    /// When it ended; -1: it runs.
    #[serde(default, rename = "end-time")]
    pub end_time: Figure,
}

impl JobOverview {
    /// The job will not come back.
    #[must_use]
    pub fn is_over(&self) -> bool {
        is_final(&self.state)
    }
}

/// Is it a `JobStatus` that no job leaves?
#[must_use]
pub fn is_final(state: &str) -> bool {
    matches!(state, "FINISHED" | "CANCELED" | "FAILED")
}

/// `/jobs/:job`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct JobDetails {
    /// Job id.
    pub jid: String,
    /// Name.
    pub name: String,
    /// `JobStatus`.
    pub state: String,
    /// Can it be stopped with a savepoint by its sources?
    #[serde(rename = "isStoppable")]
    pub is_stoppable: bool,
    /// When it was submitted.
    #[serde(rename = "start-time")]
    pub start_time: Figure,
    /// When each `JobStatus` was last entered; 0: never.
    pub timestamps: BTreeMap<String, Figure>,
    /// In topological order.
    pub vertices: Vec<JobVertex>,
    /// The graph.
    pub plan: Plan,
}

/// A vertex as the job's answer has it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct JobVertex {
    /// Vertex id.
    pub id: String,
    /// Name.
    pub name: String,
    /// Subtasks.
    pub parallelism: Figure,
    /// Key groups.
    #[serde(rename = "maxParallelism")]
    pub max_parallelism: Figure,
}

/// The graph.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Plan {
    /// Vertices with their inputs.
    pub nodes: Vec<PlanNode>,
}

/// A vertex of the graph.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct PlanNode {
    /// Vertex id.
    pub id: String,
    /// Edges that end here.
    pub inputs: Vec<PlanInput>,
}

/// An edge, seen from its end.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct PlanInput {
    /// Vertex id where it begins.
    pub id: String,
    /// "HASH", "FORWARD" ...
    pub ship_strategy: String,
}
