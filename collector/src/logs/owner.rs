//! Whose log a file is.

/// A TaskManager writes this once, when it starts, before it does anything else.
const RESOURCE_ID_MARK: &[u8] = b"Starting TaskManager with ResourceID: ";
/// No resource id is longer.
const RESOURCE_ID_LIMIT_BYTES: usize = 200;

const ENDINGS: &[&str] = &[".log", ".out", ".err"];
/// Files in a log directory that are no process of the cluster.
const STRANGERS: &[&str] = &[
    "-client-",
    "-cli-",
    "sql-client",
    "sql-gateway",
    "historyserver",
    "python-",
    "zookeeper",
    "gc.",
    "yarn-session",
];
const TASKMANAGER_PARTS: &[&str] = &["taskexecutor", "taskmanager"];
const JOBMANAGER_PARTS: &[&str] = &[
    "standalonesession",
    "standalonejob",
    "jobmanager",
    "kubernetes-session",
    "kubernetes-application",
];

/// Is it the current log, standard output or standard error of a process?
pub(super) fn is_log(name: &str) -> bool {
    ENDINGS.iter().any(|ending| name.ends_with(ending))
        && !STRANGERS.iter().any(|part| name.contains(part))
        && !name.starts_with("gc")
}

/// By its name.
pub(super) fn is_taskmanager_file(name: &str) -> bool {
    TASKMANAGER_PARTS.iter().any(|part| name.contains(part))
}

/// By its name: the current log, one for each TaskManager.
pub(super) fn is_taskmanager_log(name: &str) -> bool {
    is_taskmanager_file(name) && is_log(name) && name.ends_with(".log")
}

/// By its name.
pub(super) fn is_jobmanager_file(name: &str) -> bool {
    JOBMANAGER_PARTS.iter().any(|part| name.contains(part))
}

/// By its name: of a TaskManager or a JobManager, whatever of theirs it is.
pub(super) fn is_process_file(name: &str) -> bool {
    is_taskmanager_file(name) || is_jobmanager_file(name)
}

/// The name without its ending.
pub(super) fn stem(name: &str) -> &str {
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
}

/// The log that lies beside a process's standard output.
pub(super) fn log_of(name: &str) -> String {
    format!("{}.log", stem(name))
}

/// The TaskManager's resource id, if these bytes tell it.
pub(super) fn resource_id(bytes: &[u8]) -> Option<String> {
    let start = memchr::memmem::find(bytes, RESOURCE_ID_MARK)? + RESOURCE_ID_MARK.len();
    let rest = &bytes[start..];
    let end = rest.iter().position(u8::is_ascii_whitespace)?;
    let id = rest.get(..end.min(RESOURCE_ID_LIMIT_BYTES))?;
    let id = String::from_utf8_lossy(id).into_owned();
    (!id.is_empty()).then_some(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taskmanagers_log_tells_whose_it_is() {
        let log = b"... TaskManagerRunner [] - Starting TaskManager with ResourceID: localhost:43405-7b4c08\n2026";
        assert_eq!(resource_id(log).as_deref(), Some("localhost:43405-7b4c08"));
        assert_eq!(
            resource_id(b"Starting TaskManager with ResourceID: localh"),
            None,
            "cut off"
        );
        assert_eq!(
            resource_id(b"Registering TaskManager with ResourceID localhost:1-2\n"),
            None
        );
    }

    #[test]
    fn rotated_files_and_strangers_are_no_logs_of_their_own() {
        for name in [
            "flink-x-taskexecutor-0-h.log",
            "flink-x-taskexecutor-0-h.out",
            "jobmanager.err",
        ] {
            assert!(is_log(name), "{name}");
        }
        for name in [
            "flink-x-taskexecutor-0-h.log.1",
            "flink-x-client-h.log",
            "gc.log.0",
            "notes.txt",
        ] {
            assert!(!is_log(name), "{name}");
        }
    }
}
