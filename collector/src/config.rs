//! What to watch and how.

use std::collections::BTreeMap;
use std::path::PathBuf;

use base64::Engine;
use serde::{Deserialize, Serialize};
use streamwarden_service_runtime::secret::SecretError;
use streamwarden_service_runtime::{Problem, Secret, SecretText};

/// One cluster to watch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClusterTarget {
    /// Name of the cluster in all records.
    pub cluster_id: String,
    /// Flink REST: `http://localhost:8081`.
    pub url: String,
    /// How to log in there.
    pub credentials: Option<Credentials>,
    /// Directories with the logs of its processes, if this machine has them: these are not asked for over REST then. A
    /// directory with the machine's own log (`kern.log`, `kernel.log`, `messages`) and none of Flink's is read beside REST.
    pub log_directories: Vec<PathBuf>,
}

impl ClusterTarget {
    /// A cluster without credentials and local logs.
    #[must_use]
    pub fn new(cluster_id: impl Into<String>, url: impl Into<String>) -> Self {
        Self {
            cluster_id: cluster_id.into(),
            url: url.into(),
            credentials: None,
            log_directories: Vec::new(),
        }
    }
}

/// How to log in to a Flink REST API (a proxy in front of it, as a rule).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Credentials {
    /// User and password.
    Basic {
        /// User.
        user: String,
        /// Where the password is.
        password: Secret,
    },
    /// A bearer token.
    Bearer {
        /// Where the token is.
        token: Secret,
    },
}

impl Credentials {
    /// Value of the `Authorization` header.
    ///
    /// # Errors
    /// [`SecretError`] if the secret is not where it should be.
    pub fn authorization(&self) -> Result<SecretText, SecretError> {
        match self {
            Self::Basic { user, password } => {
                let plain = format!("{user}:{}", password.read()?.expose());
                let coded = base64::engine::general_purpose::STANDARD.encode(plain);
                Ok(SecretText::new(format!("Basic {coded}")))
            }
            Self::Bearer { token } => Ok(SecretText::new(format!(
                "Bearer {}",
                token.read()?.expose()
            ))),
        }
    }
}

/// A cluster in the configuration: [`ClusterTarget`] with the name of its credentials.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClusterConfig {
    /// Name of the cluster in all records.
    pub id: String,
    /// Flink REST.
    pub url: String,
    /// Key of `[collector.credentials]`; absent: none.
    #[serde(default)]
    pub credentials: Option<String>,
    /// Directories with the logs of its processes, and perhaps one with the machine's own log.
    #[serde(default)]
    pub log_directories: Vec<PathBuf>,
}

/// Section `[collector]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CollectorConfig {
    /// Clusters to watch. More come from the topic of clusters.
    pub clusters: Vec<ClusterConfig>,
    /// Credentials by name.
    pub credentials: BTreeMap<String, Credentials>,
    /// Consumer group of collectors that share the clusters, after the prefix of the topics.
    pub group: String,
    /// Time between two polls. A cluster that refreshes its metrics less often (`metrics.fetcher.update-interval`, 10 s by
    /// default) is polled at its own pace: in between there is nothing new.
    pub poll_interval_ms: u64,
    /// Time after which a snapshot is sent again although nothing changed.
    pub snapshot_interval_ms: u64,
    /// Time for a connection.
    pub connect_timeout_ms: u64,
    /// Time for a whole answer.
    pub request_timeout_ms: u64,
    /// Time for one poll of one job; what has arrived by then is sent.
    pub poll_deadline_ms: u64,
    /// How long Flink gets to fetch fresh metrics after it was told to; an answer holds what was fetched before.
    pub metric_refresh_wait_ms: u64,
    /// Longest pause between two attempts to reach a cluster that is away.
    pub backoff_limit_ms: u64,
    /// Longer answers are refused.
    pub max_answer_bytes: usize,
    /// Requests at once to one cluster.
    pub max_concurrent_requests_per_cluster: usize,
    /// Requests at once to all clusters.
    pub max_concurrent_requests: usize,
    /// Metric ids asked for per vertex and poll; the least important ones are left out.
    pub max_metric_ids_per_vertex: usize,
    /// Certificates (PEM) to trust besides the system's.
    pub ca_file: Option<PathBuf>,
    /// Logs.
    pub logs: LogConfig,
}

impl Default for CollectorConfig {
    fn default() -> Self {
        Self {
            clusters: Vec::new(),
            credentials: BTreeMap::new(),
            group: "collector".to_owned(),
            poll_interval_ms: 10_000,
            snapshot_interval_ms: 180_000,
            connect_timeout_ms: 2_000,
            request_timeout_ms: 5_000,
            poll_deadline_ms: 20_000,
            metric_refresh_wait_ms: 300,
            backoff_limit_ms: 30_000,
            max_answer_bytes: 16 << 20,
            max_concurrent_requests_per_cluster: 8,
            max_concurrent_requests: 256,
            max_metric_ids_per_vertex: 4_000,
            ca_file: None,
            logs: LogConfig::default(),
        }
    }
}

/// Section `[collector.logs]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LogConfig {
    /// Read logs at all?
    pub enabled: bool,
    /// Read them over REST? Flink sends a whole file each time; local directories are cheaper.
    pub over_rest: bool,
    /// Of a log that is longer when it is first seen, only the end is read.
    pub first_read_bytes: u64,
    /// Bytes taken from one file in one poll; the rest follows, or is left out where the log grows faster.
    pub max_bytes_per_read: u64,
    /// Warnings and errors sent with their text, per file and poll; the others are counted.
    pub max_events_per_batch: usize,
}

impl Default for LogConfig {
    fn default() -> Self {
        Self {
            enabled: true,
            over_rest: true,
            first_read_bytes: 1 << 20,
            max_bytes_per_read: 2 << 20,
            max_events_per_batch: 200,
        }
    }
}

impl CollectorConfig {
    /// What is wrong with it, each with its key.
    #[must_use]
    pub fn validate(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        for (key, value) in self.positive_numbers() {
            if value == 0 {
                problems.push(problem(key, "must be above 0"));
            }
        }
        if self.poll_interval_ms > 0 && self.poll_interval_ms < 500 {
            problems.push(problem("poll_interval_ms", "must be at least 500"));
        }
        self.validate_clusters(&mut problems);
        problems
    }

    fn positive_numbers(&self) -> [(&'static str, u64); 10] {
        [
            ("poll_interval_ms", self.poll_interval_ms),
            ("snapshot_interval_ms", self.snapshot_interval_ms),
            ("connect_timeout_ms", self.connect_timeout_ms),
            ("request_timeout_ms", self.request_timeout_ms),
            ("poll_deadline_ms", self.poll_deadline_ms),
            ("backoff_limit_ms", self.backoff_limit_ms),
            ("max_answer_bytes", self.max_answer_bytes as u64),
            (
                "max_concurrent_requests_per_cluster",
                self.max_concurrent_requests_per_cluster as u64,
            ),
            (
                "max_concurrent_requests",
                self.max_concurrent_requests as u64,
            ),
            ("logs.max_bytes_per_read", self.logs.max_bytes_per_read),
        ]
    }

    fn validate_clusters(&self, problems: &mut Vec<Problem>) {
        let mut seen = std::collections::BTreeSet::new();
        for (index, cluster) in self.clusters.iter().enumerate() {
            if cluster.id.is_empty() {
                problems.push(problem(
                    &format!("clusters[{index}].id"),
                    "must not be empty",
                ));
            } else if !seen.insert(&cluster.id) {
                let message = format!("{:?} is used twice", cluster.id);
                problems.push(problem(&format!("clusters[{index}].id"), &message));
            }
            if !cluster.url.starts_with("http://") && !cluster.url.starts_with("https://") {
                let message = "must start with http:// or https://";
                problems.push(problem(&format!("clusters[{index}].url"), message));
            }
            if let Some(name) = &cluster.credentials
                && !self.credentials.contains_key(name)
            {
                let message = format!("names {name:?}, which [collector.credentials] lacks");
                problems.push(problem(&format!("clusters[{index}].credentials"), &message));
            }
        }
    }
}

fn problem(key: &str, message: &str) -> Problem {
    Problem::new(format!("collector.{key}"), message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_has_nothing_wrong() {
        assert_eq!(CollectorConfig::default().validate(), Vec::new());
    }

    #[test]
    fn all_mistakes_are_told_at_once() {
        let cluster = ClusterConfig {
            id: "a".into(),
            url: "localhost:8081".into(),
            credentials: Some("gate".into()),
            log_directories: Vec::new(),
        };
        let config = CollectorConfig {
            poll_interval_ms: 0,
            clusters: vec![cluster.clone(), cluster],
            ..CollectorConfig::default()
        };
        let problems = config
            .validate()
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join("\n");
        for part in ["poll_interval_ms", "used twice", "http://", "\"gate\""] {
            assert!(problems.contains(part), "{part} in {problems}");
        }
    }

    #[test]
    fn a_password_does_not_print() {
        let path = std::env::temp_dir().join(format!("collector-password-{}", std::process::id()));
        std::fs::write(&path, "hunter2\n").unwrap();
        let credentials = Credentials::Basic {
            user: "bob".into(),
            password: Secret::File(path.clone()),
        };
        let header = credentials.authorization().unwrap();
        std::fs::remove_file(path).unwrap();
        assert_eq!(header.expose(), "Basic Ym9iOmh1bnRlcjI=");
        assert!(!format!("{header:?}{credentials:?}").contains("hunter2"));
    }
}
