//! Classes of problems: coarse, closed, and part of the public interface.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

macro_rules! classes {
    ($($(#[doc = $doc:literal])+ $variant:ident = $name:literal,)+) => {
        /// The class that every problem belongs to.
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
        )]
        pub enum Class {
            $($(#[doc = $doc])+ #[serde(rename = $name)] $variant,)+
        }

        impl Class {
            /// Every class, in the order of their names.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// As in JSON: `backpressure_stall`.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }
        }
    };
}

classes! {
    /// Data stops or crawls because one step blocks: slow external call, slow sink, barriers that cannot pass.
    BackpressureStall = "backpressure_stall",
    /// A snapshot failed or was declined for a reason in the job or its state (state too large for JobManager storage, exception in snapshot).
    CheckpointDeclinedOrFailed = "checkpoint_declined_or_failed",
    /// The checkpoint directory cannot be created or written.
    CheckpointStorageUnavailable = "checkpoint_storage_unavailable",
    /// A checkpoint expired before completing.
    CheckpointTimeout = "checkpoint_timeout",
    /// A class is missing, doubled, of the wrong version or in the wrong class loader because of what is on the class path.
    ClassloadingConflict = "classloading_conflict",
    /// An option of Flink, a connector or a format has a value that cannot work, or a needed one is missing.
    ConfigInvalid = "config_invalid",
    /// The container or the kernel killed a process over its memory limit.
    ContainerKilledOom = "container_killed_oom",
    /// One subtask or key group gets most of the data or work.
    DataSkew = "data_skew",
    /// A record or file cannot be decoded.
    DeserializationFailure = "deserialization_failure",
    /// Direct (off-heap) buffer memory ran out.
    DirectMemoryOom = "direct_memory_oom",
    /// A disk or ephemeral storage is full.
    DiskFull = "disk_full",
    /// A name cannot be resolved or a host not be reached, and it is neither source nor sink.
    DnsOrNetwork = "dns_or_network",
    /// A sink's constraint (not null, unique) refuses a row.
    DuplicateKeyOrConstraint = "duplicate_key_or_constraint",
    /// No file system for a path's scheme (hdfs, s3 ...) where it is opened.
    FileSystemSchemeMissing = "file_system_scheme_missing",
    /// The JVM spends its time in garbage collection.
    GcOverhead = "gc_overhead",
    /// High-availability metadata is missing, stale or contradicts what was submitted.
    HaStateBroken = "ha_state_broken",
    /// Nothing is wrong.
    Healthy = "healthy",
    /// The Java heap ran out.
    HeapOom = "heap_oom",
    /// The program builds no graph, or one that Flink refuses (uid twice, forward with unequal parallelism, nothing to execute).
    JobGraphInvalid = "job_graph_invalid",
    /// TaskManagers lost the JobManager or its leadership.
    JobmanagerLeaderLost = "jobmanager_leader_lost",
    /// A defect of Flink or a connector, fixed by another version.
    KnownSoftwareBug = "known_software_bug",
    /// The resource manager cannot start what is needed: quota, image, environment, API.
    KubernetesOrYarnDeployment = "kubernetes_or_yarn_deployment",
    /// Records arrive after their window and are dropped.
    LateData = "late_data",
    /// Two products' versions do not fit each other: Scala, Java, a database server too new or too old, a connector for another Flink.
    LicenseOrVersionIncompatibility = "license_or_version_incompatibility",
    /// Class metadata memory ran out.
    MetaspaceOom = "metaspace_oom",
    /// No factory, connector, format or executor could be discovered.
    MissingConnectorOrFormat = "missing_connector_or_format",
    /// Not enough network buffers.
    NetworkBuffersInsufficient = "network_buffers_insufficient",
    /// Not enough slots or resources in time.
    NoResourceAvailable = "no_resource_available",
    /// Far more resources than the load needs.
    OverProvisioned = "over_provisioned",
    /// A port is taken.
    PortConflict = "port_conflict",
    /// The user's own code throws, again and again.
    RestartLoopUserException = "restart_loop_user_exception",
    /// An internal call (ask) timed out.
    RpcTimeout = "rpc_timeout",
    /// State cannot be mapped or read: operator gone, ids changed, serializer not compatible.
    SavepointIncompatible = "savepoint_incompatible",
    /// A file, bucket or secret may not be read or written (not a source's or sink's login).
    SecurityPermission = "security_permission",
    /// A function or type cannot be serialised, or its type is erased or recursive.
    SerializationTypeProblem = "serialization_type_problem",
    /// A transactional sink cannot open, keep or commit its transaction.
    SinkTransactionFailure = "sink_transaction_failure",
    /// The sink's system cannot be reached or refuses the data.
    SinkUnreachableOrRejected = "sink_unreachable_or_rejected",
    /// The source refuses the login, or the login lacks a right.
    SourceAuthFailure = "source_auth_failure",
    /// The position to read from is gone or invalid (purged log, reset offset).
    SourceOffsetProblem = "source_offset_problem",
    /// The source's system cannot be reached.
    SourceUnreachable = "source_unreachable",
    /// A statement cannot be validated or planned.
    SqlPlannerError = "sql_planner_error",
    /// State grows without bound.
    StateGrowth = "state_growth",
    /// A TaskManager is gone or stopped answering.
    TaskmanagerLost = "taskmanager_lost",
    /// Too little parallelism or CPU for the load; lag grows.
    UnderProvisioned = "under_provisioned",
    /// Evidence of trouble that fits nothing known: say so, never guess.
    Unknown = "unknown",
    /// The product does not support what was asked.
    UnsupportedFeature = "unsupported_feature",
    /// Watermarks stand still, or timestamps are missing.
    WatermarkOrTimeProblem = "watermark_or_time_problem",
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text names no class.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no problem class {0:?}")]
pub struct UnknownClass(pub String);

impl FromStr for Class {
    type Err = UnknownClass;

    fn from_str(text: &str) -> Result<Self, UnknownClass> {
        let found = Self::ALL.iter().find(|class| class.as_str() == text);
        found.copied().ok_or_else(|| UnknownClass(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_class_reads_back_from_its_own_name() {
        for class in Class::ALL {
            assert_eq!(class.as_str().parse(), Ok(*class));
        }
    }

    #[test]
    fn an_unknown_name_is_refused_by_name() {
        assert_eq!("nope".parse::<Class>(), Err(UnknownClass("nope".into())));
    }
}
