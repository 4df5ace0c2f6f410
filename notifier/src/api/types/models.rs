//! The models that judge: what they know, what they were trained on, how good they are.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// `GET /api/v1/models`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ModelList {
    /// One a scope; none if only the rules of errors judge.
    pub models: Vec<ModelCard>,
    /// How reliable each problem is found on jobs that the models never saw, as the report measured it.
    pub reliability: Vec<Reliability>,
    /// The model card, written by training.
    pub card: Vec<Chapter>,
    /// The report, written by the evaluation.
    pub report: Vec<Chapter>,
}

/// A model.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ModelCard {
    /// Name.
    pub name: String,
    /// What it judges: `vertex`, `job` or `taskmanager`.
    pub scope: String,
    /// Version.
    pub version: String,
    /// Of the features that it asks for.
    pub fingerprint: String,
    /// Problems that it tells apart.
    pub knows: Vec<String>,
    /// Rows that it was trained on.
    pub rows: u64,
    /// Recorded incidents that they come from.
    pub tapes: u64,
    /// Recorded incidents of each problem, and of `healthy`.
    pub runs: BTreeMap<String, u64>,
    /// Shapes of jobs.
    pub topologies: Vec<String>,
    /// Versions of Flink.
    pub flink_versions: Vec<String>,
    /// What it looks at.
    pub features: Vec<ModelFeature>,
}

/// A feature of a model.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelFeature {
    /// Name.
    pub name: String,
    /// Unit.
    pub unit: String,
    /// In words.
    pub label: String,
}

/// How reliable a problem is found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reliability {
    /// The problem that was planted.
    pub slug: String,
    /// Shapes of jobs that it was planted in.
    pub topologies: u64,
    /// Replays of its recorded incidents.
    pub replays: u64,
    /// How many were named rightly.
    pub right: u64,
    /// How many of those named the right subject.
    pub subject_right: u64,
    /// All answers with their number.
    pub answers: String,
}

/// A headline and what stands below it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chapter {
    /// 1 for the whole document, 2 for a chapter, 3 for a part of one.
    pub level: u8,
    /// The headline.
    pub title: String,
    /// What stands below it, in order.
    pub parts: Vec<Part>,
}

/// A part of a chapter. Names of options and problems stand between backticks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// A paragraph.
    Text(String),
    /// A list.
    List(Vec<String>),
    /// A table.
    Table {
        /// Names of its columns.
        head: Vec<String>,
        /// Its rows.
        rows: Vec<Vec<String>>,
    },
}
