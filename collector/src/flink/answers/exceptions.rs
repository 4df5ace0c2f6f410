//! `/jobs/:job/exceptions`.

use serde::Deserialize;

use crate::flink::figure::Figure;

/// What failed in a job.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Exceptions {
    /// Newest first.
    #[serde(rename = "exceptionHistory")]
    pub history: History,
}

/// The history that Flink keeps (16 failures by default).
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct History {
    /// One a failure.
    pub entries: Vec<ExceptionEntry>,
}

/// One failure.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ExceptionEntry {
    /// Class of the outermost exception.
    #[serde(rename = "exceptionName")]
    pub exception_name: String,
    /// Its whole text.
    pub stacktrace: String,
    /// When.
    pub timestamp: Figure,
    /// "enrich (1/2) - execution #0"; absent for a failure of the job as a whole.
    #[serde(rename = "taskName")]
    pub task_name: Option<String>,
    /// Where the task ran.
    #[serde(rename = "taskManagerId")]
    pub taskmanager_id: Option<String>,
    /// Failures of other tasks that came with it.
    #[serde(rename = "concurrentExceptions")]
    pub concurrent: Vec<ExceptionEntry>,
}
