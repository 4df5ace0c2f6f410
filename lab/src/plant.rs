//! Faults that are done to a process or its folders, instead of through the control file.

use std::fs;
use std::io;
use std::process::ExitStatus;

use serde::Deserialize;
use tokio::process::Command;

use crate::cluster::{Cluster, ClusterError};

/// What is done, and how it is taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// kill -9 of the TaskManager at fault; a new one is started when the fault is taken away.
    KillTaskmanager,
    /// SIGSTOP, and SIGCONT when the fault is taken away.
    FreezeTaskmanager,
    /// The checkpoint directory becomes a file, and a directory again.
    BreakCheckpointDirectory,
}

impl Action {
    /// Does it.
    ///
    /// # Errors
    /// If the process or folder is not there.
    pub async fn plant(self, cluster: &Cluster, taskmanager: &str) -> Result<(), ClusterError> {
        match self {
            Self::KillTaskmanager => signal(cluster, taskmanager, "KILL").await,
            Self::FreezeTaskmanager => signal(cluster, taskmanager, "STOP").await,
            Self::BreakCheckpointDirectory => {
                let folder = cluster.path("checkpoints");
                fs::rename(&folder, cluster.path("checkpoints-aside"))?;
                fs::write(folder, "")?;
                Ok(())
            }
        }
    }

    /// Takes it back.
    ///
    /// # Errors
    /// If the process or folder is not there.
    pub async fn remove(
        self,
        cluster: &mut Cluster,
        taskmanager: &str,
    ) -> Result<(), ClusterError> {
        match self {
            Self::KillTaskmanager => cluster.start_taskmanager(),
            Self::FreezeTaskmanager => signal(cluster, taskmanager, "CONT").await,
            Self::BreakCheckpointDirectory => {
                let folder = cluster.path("checkpoints");
                fs::remove_file(&folder)?;
                fs::rename(cluster.path("checkpoints-aside"), folder)?;
                Ok(())
            }
        }
    }
}

async fn signal(cluster: &Cluster, taskmanager: &str, name: &str) -> Result<(), ClusterError> {
    let pid = cluster.taskmanager_pid(taskmanager)?;
    let status = Command::new("kill")
        .args([format!("-{name}"), pid.to_string()])
        .status()
        .await?;
    succeeded(status, name).map_err(ClusterError::Io)
}

fn succeeded(status: ExitStatus, name: &str) -> io::Result<()> {
    if status.success() {
        return Ok(());
    }
    Err(io::Error::other(format!("signal {name} was not delivered")))
}
