//! Faults that are done to a process or its folders, instead of through the control file.

use std::fs;

use serde::Deserialize;

use crate::cluster::{Cluster, ClusterError};
use crate::machine;

/// What is done, and how it is taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// kill -9 of the TaskManager at fault; a new one is started when the fault is taken away.
    KillTaskmanager,
    /// Nothing: the fault ends the TaskManager by itself. A new one is started when the fault is taken away, as Kubernetes
    /// would.
    ReplaceTaskmanager,
    /// SIGSTOP, and SIGCONT when the fault is taken away.
    FreezeTaskmanager,
    /// The same for the JobManager.
    FreezeJobmanager,
    /// The checkpoint directory becomes a file, and a directory again.
    BreakCheckpointDirectory,
    /// kill -9 of the Kafka broker; it is started again when the fault is taken away.
    KillBroker,
    /// SIGSTOP, and SIGCONT when the fault is taken away.
    FreezeBroker,
    /// The topic that the vertex at fault reads is deleted; nobody brings it back.
    DeleteTopic,
    /// All that lies on that topic is removed, as retention would.
    PurgeTopic,
    /// Another producer takes over the open transactions, for some seconds.
    FenceProducers,
}

/// Who is at fault.
#[derive(Debug, Clone, Default)]
pub struct Target {
    /// Id of the TaskManager, if it is one.
    pub taskmanager: Option<String>,
    /// Key of the vertex; a source from Kafka goes by the name of its topic.
    pub vertex: String,
}

impl Action {
    /// Does it.
    ///
    /// # Errors
    /// If the process or folder is not there.
    pub async fn plant(self, cluster: &mut Cluster, target: &Target) -> Result<(), ClusterError> {
        match self {
            Self::KillTaskmanager => signal(cluster, target, "KILL").await,
            Self::ReplaceTaskmanager => Ok(()),
            Self::FreezeTaskmanager => signal(cluster, target, "STOP").await,
            Self::FreezeJobmanager => Ok(machine::signal(cluster.jobmanager_pid()?, "STOP").await?),
            Self::BreakCheckpointDirectory => {
                let folder = cluster.path("checkpoints");
                fs::rename(&folder, cluster.path("checkpoints-aside"))?;
                fs::write(folder, "")?;
                Ok(())
            }
            Self::KillBroker => Ok(cluster.broker()?.signal("KILL").await?),
            Self::FreezeBroker => Ok(cluster.broker()?.signal("STOP").await?),
            Self::DeleteTopic => tell(cluster, &["delete", &target.vertex]).await,
            Self::PurgeTopic => tell(cluster, &["purge", &target.vertex]).await,
            Self::FenceProducers => tell(cluster, &["fence"]).await,
        }
    }

    /// Takes it back, where that is possible.
    ///
    /// # Errors
    /// If the process or folder is not there.
    pub async fn remove(self, cluster: &mut Cluster, target: &Target) -> Result<(), ClusterError> {
        match self {
            Self::KillTaskmanager | Self::ReplaceTaskmanager => cluster.start_taskmanager(),
            Self::FreezeTaskmanager => signal(cluster, target, "CONT").await,
            Self::FreezeJobmanager => Ok(machine::signal(cluster.jobmanager_pid()?, "CONT").await?),
            Self::BreakCheckpointDirectory => {
                let folder = cluster.path("checkpoints");
                fs::remove_file(&folder)?;
                fs::rename(cluster.path("checkpoints-aside"), folder)?;
                Ok(())
            }
            Self::KillBroker => Ok(cluster.broker()?.start_again().await?),
            Self::FreezeBroker => Ok(cluster.broker()?.signal("CONT").await?),
            Self::DeleteTopic | Self::PurgeTopic | Self::FenceProducers => Ok(()),
        }
    }
}

async fn signal(cluster: &Cluster, target: &Target, name: &str) -> Result<(), ClusterError> {
    let taskmanager = target.taskmanager.as_deref().unwrap_or_default();
    Ok(machine::signal(cluster.taskmanager_pid(taskmanager)?, name).await?)
}

async fn tell(cluster: &mut Cluster, what: &[&str]) -> Result<(), ClusterError> {
    let words: Vec<String> = what.iter().map(|word| (*word).to_owned()).collect();
    Ok(cluster.broker()?.tell(&words).await?)
}
