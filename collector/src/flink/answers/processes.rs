//! `/taskmanagers` and the lists of log files.

use serde::Deserialize;

use crate::flink::figure::Figure;

/// `/taskmanagers`.
#[derive(Debug, Default, Deserialize)]
pub struct TaskManagers {
    /// Those that are registered.
    pub taskmanagers: Vec<TaskManager>,
}

/// One TaskManager.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct TaskManager {
    /// Resource id.
    pub id: String,
    /// RPC address.
    pub path: String,
    /// In spite of its name a moment, ms since the epoch.
    #[serde(rename = "timeSinceLastHeartbeat")]
    pub last_heartbeat: Figure,
    /// Slots.
    #[serde(rename = "slotsNumber")]
    pub slots: Figure,
    /// Slots without a job.
    #[serde(rename = "freeSlots")]
    pub free_slots: Figure,
    /// The machine.
    pub hardware: Hardware,
    /// What Flink was told.
    #[serde(rename = "totalResource")]
    pub total: TotalResource,
    /// How the memory is divided.
    #[serde(rename = "memoryConfiguration")]
    pub memory: MemoryConfiguration,
}

/// The machine.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Hardware {
    /// Processors.
    pub cpu_cores: Figure,
    /// Bytes.
    pub physical_memory: Figure,
}

/// What Flink was told.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct TotalResource {
    /// CPU share; equals the slots unless configured.
    pub cpu_cores: Figure,
}

/// Bytes of each part of the memory.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct MemoryConfiguration {
    /// Heap of the tasks.
    pub task_heap: Figure,
    /// Managed memory.
    pub managed_memory: Figure,
    /// Network memory.
    pub network_memory: Figure,
    /// Metaspace limit.
    pub jvm_metaspace: Figure,
    /// The whole process.
    pub total_process_memory: Figure,
}

/// `/jobmanager/logs`, `/taskmanagers/:id/logs`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct LogList {
    /// Files of the log directory, also those of other processes that share it.
    pub logs: Vec<LogFile>,
}

/// One file.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct LogFile {
    /// File name.
    pub name: String,
    /// Bytes.
    pub size: Figure,
    /// Last change; absent in 1.17.
    pub mtime: Figure,
}
