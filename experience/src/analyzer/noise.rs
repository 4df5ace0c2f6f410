//! Lines that follow a failure or an ordinary end and are never its cause.

use streamwarden_proto::v1::LogEvent;

use super::root_cause;
use crate::template::simple_name;

const NOISE: &[&str] = &[
    "Trying to access closed classloader",
    "is still running after close",
    "RECEIVED SIGNAL 15: SIGTERM",
    "The TaskManager is shutting down.",
    "JobManager is shutting down.",
    "Unable to load native-hadoop library",
    "Hadoop FS is not available",
    "Could not load the native",
    "An illegal reflective access operation",
    "Illegal reflective access",
    "WARNING: ",
    "SLF4J: ",
    "Class path contains multiple SLF4J bindings",
    "Job execution failed with status CANCELED",
    "switched from CANCELING to CANCELED",
    "was cancelled",
    "Discarding the results produced by task execution",
    "Attempting to cancel task",
    "Suspended stream record processing",
    "Registered signal handler",
    "deprecated",
    "Config uses deprecated",
    "SASL configuration failed",
    "Property [transaction.timeout.ms] not specified",
    "The configuration '",
    "were supplied but are not used yet",
    "Error registering AppInfo mbean",
    "No hostname could be resolved for the IP address",
    "Job was cancelled.",
    "Archiving local state",
    "Could not find FAT jar",
    "Adding log4j",
    "Upload credential for",
    "Web UI or REST request: 404",
    "Unhandled exception: Job not found",
    "Could not find Flink job",
    "FlinkJobNotFoundException",
    "is not RUNNING but SCHEDULED",
    "Checkpoint triggering task",
    "Not all required tasks are currently running",
    "Failed to trigger checkpoint for job",
    "is aborting",
    "Checkpoint Coordinator is suspending",
    "CHECKPOINT_COORDINATOR_SHUTDOWN",
    "Late checkpoint message",
    "Received late message for now expired checkpoint",
    "Log file environment variable",
    "JobManager log files are unavailable",
    "Memory calculation for Flink",
    "Exception occurred in REST handler",
    "Trying to open gateway for unseen checkpoint",
    "Unhandled exception in REST",
    "The plugin directory",
    "Cannot locate configuration: tried hadoop-metrics2",
    "Could not find Hadoop configuration via any of the supported methods",
    "Found multiple Kubernetes config files",
    "isn't a known config",
    "InstanceAlreadyExistsException",
    "Name collision: Group already contains a Metric",
    "exceeded the 80 characters length limit and was truncated",
    "The short-circuit local reads feature cannot be used",
    "entered maintenance mode",
    "with unstable version",
    "HiveConf of name",
    "LEADER_NOT_AVAILABLE",
    "Using AT_LEAST_ONCE semantic, but checkpointing is not enabled",
    "serializer in the producer config is ignored",
];

/// What Flink prints of a thread's end is about its exception, though it is called a warning.
const UNCAUGHT: &str = "produced an uncaught exception";

/// Classes of exceptions that a cancelled task throws.
const CANCELLATIONS: &[&str] = &[
    "CancelTaskException",
    "CancellationException",
    "InterruptedException",
    "ClosedByInterruptException",
    "ClosedChannelException",
    "ClosedSelectorException",
    "JobCancellationException",
    "WakeupException",
    "InterruptException",
    "InterruptedIOException",
];

/// Whether an event is noise: what a shutdown, a cancelled neighbour or a client leaves behind.
#[must_use]
pub fn is_noise(event: &LogEvent) -> bool {
    if let Some(throwable) = &event.throwable {
        let root = throwable.chain.get(root_cause(throwable));
        let said =
            root.is_some_and(|root| is_cancellation(&root.exception) || has_noise(&root.message));
        return said || throwable.chain.len() == 1 && has_noise(&event.text);
    }
    has_noise(&event.text)
}

/// Whether an exception only says that a task was told to stop.
pub(super) fn is_cancellation(class: &str) -> bool {
    CANCELLATIONS.contains(&simple_name(class))
}

fn has_noise(text: &str) -> bool {
    !text.contains(UNCAUGHT) && NOISE.iter().any(|part| text.contains(part))
}
