//! Scopes of subjects, as they are written in JSON and on the command line.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::v1;

/// What kind of thing a finding, a problem or a feature record is about.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// A whole job.
    Job,
    /// One vertex of a job's graph.
    Vertex,
    /// One TaskManager process.
    TaskManager,
    /// A whole cluster.
    Cluster,
}

impl Scope {
    /// The three scopes that have a feature schema and a model.
    pub const MODELLED: [Self; 3] = [Self::Job, Self::Vertex, Self::TaskManager];

    /// As in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Job => "job",
            Self::Vertex => "vertex",
            Self::TaskManager => "taskmanager",
            Self::Cluster => "cluster",
        }
    }
}

impl From<Scope> for v1::Scope {
    fn from(scope: Scope) -> Self {
        match scope {
            Scope::Job => Self::Job,
            Scope::Vertex => Self::Vertex,
            Scope::TaskManager => Self::Taskmanager,
            Scope::Cluster => Self::Cluster,
        }
    }
}

impl TryFrom<v1::Scope> for Scope {
    type Error = UnspecifiedScope;

    fn try_from(scope: v1::Scope) -> Result<Self, UnspecifiedScope> {
        match scope {
            v1::Scope::Unspecified => Err(UnspecifiedScope),
            v1::Scope::Job => Ok(Self::Job),
            v1::Scope::Vertex => Ok(Self::Vertex),
            v1::Scope::Taskmanager => Ok(Self::TaskManager),
            v1::Scope::Cluster => Ok(Self::Cluster),
        }
    }
}

/// A record came without a scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the subject has no scope")]
pub struct UnspecifiedScope;
