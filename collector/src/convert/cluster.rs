//! Resources of a cluster, and that it does not answer.

use std::collections::BTreeMap;

use streamwarden_proto::v1::{ClusterSnapshot, JobRef, TaskManagerInfo};

use crate::flink::answers::job::JobOverview;
use crate::flink::answers::processes::TaskManager;

/// The record of a cluster that answers.
#[must_use]
pub fn cluster_snapshot(
    url: &str,
    flink_version: &str,
    jobs: &[JobOverview],
    taskmanagers: &[TaskManager],
    config: BTreeMap<String, String>,
) -> ClusterSnapshot {
    let taskmanagers: Vec<TaskManagerInfo> = taskmanagers.iter().map(taskmanager_info).collect();
    ClusterSnapshot {
        flink_version: flink_version.to_owned(),
        reachable: true,
        error: String::new(),
        unreachable_since_ms: None,
        slots_total: taskmanagers.iter().map(|tm| tm.slots_total).sum(),
        slots_free: taskmanagers.iter().map(|tm| tm.slots_free).sum(),
        taskmanagers,
        jobs: jobs.iter().map(job_ref).collect(),
        config,
        url: url.to_owned(),
    }
}

/// The record of a cluster that does not answer.
#[must_use]
pub fn unreachable_snapshot(url: &str, error: String, since_ms: i64) -> ClusterSnapshot {
    ClusterSnapshot {
        reachable: false,
        error,
        unreachable_since_ms: Some(since_ms),
        url: url.to_owned(),
        ..ClusterSnapshot::default()
    }
}

/// The snapshot without what changes at each poll, to tell whether anything else did.
#[must_use]
pub fn lasting_part(snapshot: &ClusterSnapshot) -> ClusterSnapshot {
    let mut lasting = snapshot.clone();
    for taskmanager in &mut lasting.taskmanagers {
        taskmanager.last_heartbeat_ms = None;
    }
    lasting
}

fn taskmanager_info(taskmanager: &TaskManager) -> TaskManagerInfo {
    let memory = &taskmanager.memory;
    TaskManagerInfo {
        id: taskmanager.id.clone(),
        address: taskmanager.path.clone(),
        slots_total: taskmanager.slots.count(),
        slots_free: taskmanager.free_slots.count(),
        last_heartbeat_ms: taskmanager.last_heartbeat.time_ms(),
        cpu_cores: taskmanager.hardware.cpu_cores.known().unwrap_or(f64::NAN),
        physical_memory_bytes: taskmanager.hardware.physical_memory.whole(),
        task_heap_bytes: memory.task_heap.whole(),
        managed_memory_bytes: memory.managed_memory.whole(),
        network_memory_bytes: memory.network_memory.whole(),
        metaspace_bytes: memory.jvm_metaspace.whole(),
        total_process_memory_bytes: memory.total_process_memory.whole(),
    }
}

fn job_ref(job: &JobOverview) -> JobRef {
    JobRef {
        job_id: job.jid.clone(),
        name: job.name.clone(),
        state: job.state.clone(),
        start_time_ms: job.start_time.time_ms().unwrap_or_default(),
        end_time_ms: job.end_time.time_ms(),
    }
}
