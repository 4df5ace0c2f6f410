//! Flink itself and the lab's jobs, fetched and compiled by `flink.sh` into the cache.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use tokio::process::Command;

/// One version of Flink that is ready to run.
#[derive(Debug, Clone, PartialEq)]
pub struct Flink {
    /// `2.2.1`
    pub version: String,
    /// Folder with `lib/`.
    pub home: PathBuf,
    /// The lab's jobs, compiled for it.
    pub jobs_jar: PathBuf,
    /// Folder with the Kafka connector, where jobs need it.
    pub connectors: Option<PathBuf>,
}

/// Why there is no Flink.
#[derive(Debug, thiserror::Error)]
pub enum FlinkError {
    /// The script could not be started.
    #[error("cannot run {script}")]
    Start {
        /// Which.
        script: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// It has said why on standard error.
    #[error("flink.sh {command} {version} failed")]
    Failed {
        /// `fetch`, `jobs`, `connectors` or `kafka-jobs`.
        command: &'static str,
        /// Version that was asked for.
        version: String,
    },
}

impl Flink {
    /// Fetches and compiles what is not in the cache yet.
    ///
    /// # Errors
    /// [`FlinkError`] if the script fails; its own words are on standard error.
    pub async fn prepare(lab: &Path, version: &str, kafka: bool) -> Result<Self, FlinkError> {
        let (jobs, connectors) = match kafka {
            true => (
                "kafka-jobs",
                Some(script(lab, "connectors", version).await?),
            ),
            false => ("jobs", None),
        };
        Ok(Self {
            version: version.to_owned(),
            home: script(lab, "fetch", version).await?,
            jobs_jar: script(lab, jobs, version).await?,
            connectors,
        })
    }
}

async fn script(lab: &Path, command: &'static str, version: &str) -> Result<PathBuf, FlinkError> {
    let script = lab.join("flink.sh");
    let output = Command::new("bash")
        .arg(&script)
        .args([command, version])
        .stderr(Stdio::inherit())
        .output()
        .await
        .map_err(|source| FlinkError::Start { script, source })?;
    if !output.status.success() {
        return Err(FlinkError::Failed {
            command,
            version: version.to_owned(),
        });
    }
    Ok(PathBuf::from(
        String::from_utf8_lossy(&output.stdout).trim().to_owned(),
    ))
}
