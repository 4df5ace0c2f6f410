//! The effective configuration under Flink's option keys, redacted.
//!
//! `.../jobmanager/config` holds what stands in the cluster's own configuration. What a job was submitted with shows only in
//! its execution and checkpoint settings; these are mapped back to the options that they came from and win.

use std::collections::BTreeMap;

use crate::coding;
use crate::flink::answers::configuration::{CheckpointConfig, Entry, ExecutionConfig, JobConfig};

/// Above this, Flink means "never".
const NEVER_MS: i64 = i64::MAX / 2;

/// Options by key.
pub type Options = BTreeMap<String, String>;

/// Options of a `.../jobmanager/config` answer, redacted.
#[must_use]
pub fn options(entries: &[Entry]) -> Options {
    let pair = |entry: &Entry| {
        let value = entry.value.as_deref().unwrap_or_default();
        (entry.key.clone(), coding::config_value(&entry.key, value))
    };
    entries.iter().map(pair).collect()
}

/// The job's own settings over the cluster's.
#[must_use]
pub fn effective(cluster: &Options, job: &JobConfig, checkpoints: &CheckpointConfig) -> Options {
    let mut all = cluster.clone();
    if let Some(execution) = &job.execution {
        all.extend(execution_options(execution));
    }
    all.extend(checkpoint_options(checkpoints));
    all
}

fn execution_options(config: &ExecutionConfig) -> Options {
    let mut options = Options::new();
    if let Some(parallelism) = config
        .job_parallelism
        .filter(|&parallelism| parallelism > 0)
    {
        options.insert("parallelism.default".to_owned(), parallelism.to_string());
    }
    if let Some(reuse) = config.object_reuse {
        options.insert("pipeline.object-reuse".to_owned(), reuse.to_string());
    }
    if let Some(kind) = config
        .restart_strategy
        .as_deref()
        .and_then(restart_strategy)
    {
        options.insert("restart-strategy.type".to_owned(), kind.to_owned());
    }
    for (key, value) in &config.user_config {
        let text = value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned);
        let value = coding::config_value(key, &text);
        options.insert(format!("pipeline.global-job-parameters.{key}"), value);
    }
    options
}

/// Flink describes the strategy in a sentence; the cluster's default is none of the job's own.
fn restart_strategy(description: &str) -> Option<&'static str> {
    let text = description.to_ascii_lowercase();
    let known = [
        ("cluster level default", None),
        ("fixed delay", Some("fixed-delay")),
        ("exponential delay", Some("exponential-delay")),
        ("failure rate", Some("failure-rate")),
        ("restart deactivated", Some("none")),
        ("no restart", Some("none")),
    ];
    known
        .into_iter()
        .find(|(part, _)| text.contains(part))
        .and_then(|(_, kind)| kind)
}

fn checkpoint_options(config: &CheckpointConfig) -> Options {
    let mut options = Options::new();
    let mut put = |key: &str, value: Option<String>| {
        if let Some(value) = value {
            options.insert(key.to_owned(), value);
        }
    };
    let interval = config.interval.filter(|&ms| ms > 0 && ms < NEVER_MS);
    put(
        "state.backend.type",
        config
            .state_backend
            .as_deref()
            .and_then(backend)
            .map(str::to_owned),
    );
    if interval.is_none() {
        // Checkpointing is off: the other settings mean nothing, and the cluster's own interval does not hold for this job.
        put(
            "execution.checkpointing.interval",
            config.interval.map(|_| "0 ms".to_owned()),
        );
        return options;
    }
    let truth = |value: Option<bool>| value.map(|value| value.to_string());
    let number = |value: Option<i64>| value.map(|value| value.to_string());
    put("execution.checkpointing.interval", interval.map(duration));
    put(
        "execution.checkpointing.mode",
        config.mode.as_deref().map(str::to_uppercase),
    );
    put(
        "execution.checkpointing.timeout",
        config.timeout.map(duration),
    );
    put(
        "execution.checkpointing.min-pause",
        config.min_pause.map(duration),
    );
    put(
        "execution.checkpointing.max-concurrent-checkpoints",
        number(config.max_concurrent),
    );
    put(
        "execution.checkpointing.tolerable-failed-checkpoints",
        number(config.tolerable_failed_checkpoints),
    );
    put(
        "execution.checkpointing.unaligned.enabled",
        truth(config.unaligned_checkpoints),
    );
    put(
        "execution.checkpointing.aligned-checkpoint-timeout",
        config.aligned_checkpoint_timeout.map(duration),
    );
    put(
        "execution.checkpointing.checkpoints-after-tasks-finish",
        truth(config.checkpoints_after_tasks_finish),
    );
    put(
        "execution.checkpointing.storage",
        config
            .checkpoint_storage
            .as_deref()
            .and_then(storage)
            .map(str::to_owned),
    );
    put(
        "execution.checkpointing.externalized-checkpoint-retention",
        Some(retention(config)),
    );
    put(
        "state.changelog.enabled",
        truth(config.state_changelog_enabled),
    );
    if config.state_changelog_enabled == Some(true) {
        put("state.changelog.storage", config.changelog_storage.clone());
        put(
            "state.changelog.periodic-materialize.interval",
            config
                .changelog_periodic_materialization_interval
                .map(duration),
        );
    }
    options
}

fn retention(config: &CheckpointConfig) -> String {
    let kept = &config.externalization;
    match (kept.enabled, kept.delete_on_cancellation) {
        (false, _) => "NO_EXTERNALIZED_CHECKPOINTS",
        (true, true) => "DELETE_ON_CANCELLATION",
        (true, false) => "RETAIN_ON_CANCELLATION",
    }
    .to_owned()
}

fn backend(class: &str) -> Option<&'static str> {
    let known = [
        ("HashMap", "hashmap"),
        ("RocksDB", "rocksdb"),
        ("ForSt", "forst"),
    ];
    known
        .into_iter()
        .find(|(part, _)| class.contains(part))
        .map(|(_, name)| name)
}

fn storage(class: &str) -> Option<&'static str> {
    let known = [("FileSystem", "filesystem"), ("JobManager", "jobmanager")];
    known
        .into_iter()
        .find(|(part, _)| class.contains(part))
        .map(|(_, name)| name)
}

/// As a person would write it in Flink's configuration: "5 s", "10 min".
#[must_use]
pub fn duration(ms: i64) -> String {
    for (unit_ms, unit) in [(3_600_000, "h"), (60_000, "min"), (1_000, "s")] {
        if ms > 0 && ms % unit_ms == 0 {
            return format!("{} {unit}", ms / unit_ms);
        }
    }
    format!("{ms} ms")
}

/// Reads a duration of Flink's configuration ("10 s", "500ms", "1 min", "1000") as milliseconds.
#[must_use]
pub fn duration_ms(text: &str) -> Option<u64> {
    let text = text.trim();
    let digits = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let number: u64 = text[..digits].parse().ok()?;
    let unit_ms = match text[digits..].trim().to_ascii_lowercase().as_str() {
        "" | "ms" | "milli" | "millis" | "millisecond" | "milliseconds" => 1,
        "s" | "sec" | "secs" | "second" | "seconds" => 1_000,
        "m" | "min" | "minute" | "minutes" => 60_000,
        "h" | "hour" | "hours" => 3_600_000,
        "d" | "day" | "days" => 86_400_000,
        _ => return None,
    };
    number.checked_mul(unit_ms)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checkpoints(json: &str) -> CheckpointConfig {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn the_jobs_own_settings_win_over_the_clusters() {
        let cluster = Options::from([
            (
                "execution.checkpointing.interval".to_owned(),
                "5 s".to_owned(),
            ),
            ("rest.port".to_owned(), "8081".to_owned()),
        ]);
        let job: JobConfig = serde_json::from_str(
            r#"{"execution-config":{"restart-strategy":"Restart with fixed delay (10000 ms). #3 restart attempts.",
                "job-parallelism":4,"object-reuse-mode":true,"user-config":{"limit":7}}}"#,
        )
        .unwrap();
        let own = checkpoints(
            r#"{"mode":"exactly_once","interval":600000,"timeout":90000,"state_backend":"EmbeddedRocksDBStateBackend"}"#,
        );
        let all = effective(&cluster, &job, &own);
        let expected = [
            ("execution.checkpointing.interval", "10 min"),
            ("execution.checkpointing.timeout", "90 s"),
            ("execution.checkpointing.mode", "EXACTLY_ONCE"),
            ("state.backend.type", "rocksdb"),
            ("restart-strategy.type", "fixed-delay"),
            ("parallelism.default", "4"),
            ("pipeline.object-reuse", "true"),
            ("pipeline.global-job-parameters.limit", "7"),
            ("rest.port", "8081"),
        ];
        for (key, value) in expected {
            assert_eq!(all.get(key).map(String::as_str), Some(value), "{key}");
        }
    }

    #[test]
    fn checkpointing_that_is_off_is_no_interval_of_centuries() {
        let off = checkpoints(
            r#"{"mode":"at_least_once","interval":9223372036854775807,"timeout":600000}"#,
        );
        let all = effective(&Options::new(), &JobConfig::default(), &off);
        assert_eq!(all["execution.checkpointing.interval"], "0 ms");
        assert!(!all.contains_key("execution.checkpointing.timeout"));
    }

    #[test]
    fn durations_read_as_flink_reads_them() {
        let cases = [
            ("10 s", 10_000),
            ("500ms", 500),
            ("1 min", 60_000),
            ("1000", 1_000),
            ("2h", 7_200_000),
        ];
        for (text, ms) in cases {
            assert_eq!(duration_ms(text), Some(ms), "{text}");
        }
        assert_eq!(duration_ms("soon"), None);
    }
}
