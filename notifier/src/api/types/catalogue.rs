//! The catalogue of problems.

use serde::{Deserialize, Serialize};
use streamwarden_proto::Class;
use streamwarden_proto::finding::Severity;

/// `GET /api/v1/problems`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ProblemList {
    /// The experience pack.
    pub pack: PackNote,
    /// The catalogue.
    pub problems: Vec<ProblemRow>,
}

/// An experience pack.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackNote {
    /// Name.
    pub name: String,
    /// Version.
    pub version: String,
}

/// A problem of the catalogue.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProblemRow {
    /// Code.
    pub code: String,
    /// Name.
    pub slug: String,
    /// Class.
    pub class: Class,
    /// What it is about.
    pub scope: streamwarden_proto::scope::Scope,
    /// How urgent it is.
    pub severity: Severity,
    /// In one line.
    pub title: String,
    /// In one or two sentences.
    pub summary: String,
    /// What shows it.
    pub signals: Vec<String>,
    /// What helps.
    pub changes: Vec<String>,
    /// Open findings of it.
    pub open: usize,
}
