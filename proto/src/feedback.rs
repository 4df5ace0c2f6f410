//! What a person, or the outcome, said of a finding: the payload of the topic `streamwarden.feedback`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Feedback on one finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Feedback {
    /// The finding.
    pub finding_id: String,
    /// Cluster of the finding.
    pub cluster_id: String,
    /// Job of the finding.
    pub job_id: String,
    /// Problem that the finding named.
    pub slug: String,
    /// Was it right?
    pub verdict: Verdict,
    /// What it was instead, where the person knows.
    pub actual_slug: Option<String>,
    /// The person's words.
    pub comment: String,
    /// Who said it.
    pub author: String,
    /// RFC 3339, UTC.
    pub at: String,
    /// Ids of the records that the finding rested on.
    pub record_ids: Vec<String>,
}

/// Was the finding right?
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// It was.
    Right,
    /// It was not.
    Wrong,
}
