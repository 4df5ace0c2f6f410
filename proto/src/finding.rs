//! Findings and their actions: the shape that strangers read. Changing it changes the public interface.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::class::Class;
use crate::scope::Scope;

/// One problem of one subject, with its evidence and its cure.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    /// Stays the same from opening to resolution.
    pub finding_id: String,
    /// Where it stands.
    pub status: FindingStatus,
    /// Problem code: `SW1101`.
    pub code: String,
    /// Problem name: `slow-sink`.
    pub slug: String,
    /// Class of the problem.
    pub class: Class,
    /// Calibrated probability that this is the problem, 0 to 1.
    pub confidence: f64,
    /// How urgent it is.
    pub severity: Severity,
    /// Cluster.
    pub cluster_id: String,
    /// Job; empty where the finding is about a cluster.
    pub job_id: String,
    /// The job's name, as Flink prints it.
    pub job_name: String,
    /// What is at fault.
    pub subject: FindingSubject,
    /// The cause in one sentence, subject first.
    pub title: String,
    /// What it does to the people who wait for the data, in time.
    pub effect: String,
    /// Why it is so, for a reader who does not know Flink.
    pub explanation: String,
    /// Figures and log lines that decided.
    pub evidence: Vec<Evidence>,
    /// The model's own conditions that hold here: IF and AND.
    pub decision: Vec<DecisionStep>,
    /// What else it could be: ELSE.
    pub alternatives: Vec<Alternative>,
    /// What to change, most useful first.
    pub actions: Vec<Action>,
    /// Likely but wrong moves.
    pub avoid: Vec<Avoid>,
    /// RFC 3339, UTC: when the evidence was first seen.
    pub first_seen: String,
    /// RFC 3339, UTC: when the evidence was last seen.
    pub last_seen: String,
    /// Who decided.
    pub model: ModelRef,
}

/// Where a finding stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum FindingStatus {
    /// Seen now.
    Open,
    /// Gone.
    Resolved,
}

/// How urgent a finding is.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Nothing is broken; something could be better.
    Advice,
    /// It will break, or works badly.
    Warning,
    /// Data is late, stuck or lost now.
    Critical,
}

/// What is at fault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FindingSubject {
    /// Kind of thing.
    pub scope: Scope,
    /// Flink's id.
    pub id: String,
    /// Name as Flink prints it.
    pub name: String,
    /// Subtask index where one subtask is at fault.
    pub subtask: Option<u32>,
}

/// A figure or a log line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Evidence {
    /// A log line or an exception.
    Log {
        /// The line.
        log: LogEvidence,
    },
    /// A feature's value beside its healthy range.
    Figure(FigureEvidence),
}

/// A feature's value beside its healthy range.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FigureEvidence {
    /// Name of the feature.
    pub feature: String,
    /// Words for it.
    pub label: String,
    /// Measured.
    pub value: f64,
    /// Unit of value and range.
    pub unit: String,
    /// Upper end of what healthy jobs show; absent where high is fine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub healthy_max: Option<f64>,
    /// Lower end of what healthy jobs show; absent where low is fine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub healthy_min: Option<f64>,
    /// Share of the decision, 0 to 1.
    pub contribution: f64,
}

/// A log line or an exception.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LogEvidence {
    /// Template code.
    pub template: String,
    /// Redacted text.
    pub text: String,
    /// RFC 3339, UTC.
    pub at: String,
}

/// One condition on the way through the model's trees.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DecisionStep {
    /// Name of the feature.
    pub feature: String,
    /// `>=`, `<`, `>`, `<=`, `==`, or `missing`.
    pub op: String,
    /// The tree's threshold.
    pub threshold: f64,
    /// Unit of both.
    pub unit: String,
    /// Measured; absent where the figure is missing.
    pub value: Option<f64>,
    /// The condition as a sentence.
    pub text: String,
}

/// What else it could be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Alternative {
    /// Problem name, or `healthy`.
    pub slug: String,
    /// Calibrated probability.
    pub confidence: f64,
}

/// What kind of change an action is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ActionKind {
    /// Set an option.
    SetConfig,
    /// Change a parallelism.
    Rescale,
    /// Start again from a savepoint.
    RestartFromSavepoint,
    /// Change the program.
    ChangeCode,
    /// Change what the job runs on or talks to.
    ChangeInfrastructure,
}

/// What has to be restarted for a change.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Restart {
    /// Nothing.
    None,
    /// The job.
    Job,
    /// The TaskManagers.
    TaskManager,
    /// The cluster.
    Cluster,
}

/// How much could go wrong.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Risk {
    /// Safe to try.
    Low,
    /// Think first.
    Medium,
    /// Plan it.
    High,
}

/// One change, from which value to which.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Action {
    /// Kind of change.
    pub kind: ActionKind,
    /// Option key, or what is changed.
    pub key: String,
    /// Value now; absent where it cannot be known.
    pub from: Option<String>,
    /// Value proposed, computed for this job; absent where there is no single value.
    pub to: Option<String>,
    /// Unit of both.
    pub unit: String,
    /// The sum that led to `to`.
    pub computation: String,
    /// What has to be restarted.
    pub restart: Restart,
    /// How much could go wrong.
    pub risk: Risk,
    /// Why it helps.
    pub why: String,
}

/// A likely but wrong move.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Avoid {
    /// The move.
    pub what: String,
    /// Why it does not help.
    pub why: String,
}

/// Who decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ModelRef {
    /// `vertex`, `job`, `taskmanager`, or `rules`.
    pub name: String,
    /// Version of the model or of the experience pack.
    pub version: String,
}
