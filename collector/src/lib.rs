//! Collects what a Flink cluster shows (metrics, configuration, checkpoints, failures, logs) as [`Observation`]s.
//!
//! ```text
//! Flink REST ──> flink (client, answers) ──> convert ──> Observation ──> ObservationSink
//! log files ───> logs (what is new) ───────> coding ─┘
//!                        watcher: when to ask what, for one cluster
//! ```
//!
//! Entry point: [`ClusterWatcher`]. It polls one cluster and hands what it saw to an [`ObservationSink`]; the service
//! (`pipeline`), `record`, `diagnose` and the lab all use it.
//!
//! ```no_run
//! use streamwarden_collector::{ClusterTarget, ClusterWatcher, CollectorConfig};
//! use tokio_util::sync::CancellationToken;
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let mut target = ClusterTarget::new("lab", "http://localhost:8081");
//! target.log_directories.push("/opt/flink/log".into()); // only if this machine has them
//! let config = CollectorConfig { poll_interval_ms: 5_000, ..CollectorConfig::default() };
//! let mut watcher = ClusterWatcher::new(target, config)?;
//!
//! // Once:
//! let observations = watcher.poll().await;
//! assert!(!observations.is_empty());
//!
//! // Until stopped, into whatever implements `ObservationSink` (here a channel):
//! let (sink, mut seen) = tokio::sync::mpsc::channel(1_000);
//! let stop = CancellationToken::new();
//! tokio::spawn({
//!     let stop = stop.clone();
//!     async move { watcher.run(&sink, &stop).await }
//! });
//! while let Some(observation) = seen.recv().await {
//!     println!("{} {:?}", observation.observed_at_ms, observation.body);
//! }
//! # Ok(()) }
//! ```
//!
//! Guarantees:
//! - Whatever a cluster answers (nothing, garbage, half of it, too late), a poll ends within its deadline and the watcher lives on.
//! - Counters are handed on as they are; deltas are the featurizer's. What was not reported is NaN or absent, never 0.
//! - Nothing leaves unredacted.
//! - A failure, a checkpoint and a log line are told once per watcher; snapshots on change and every few minutes.
//!
//! [`Observation`]: streamwarden_proto::v1::Observation

pub mod clock;
pub mod coding;
pub mod config;
pub mod convert;
mod events;
pub mod flink;
mod logs;
pub mod pipeline;
pub mod shared;
pub mod sink;
pub mod watcher;

pub use config::{ClusterConfig, ClusterTarget, CollectorConfig, Credentials, LogConfig};
pub use pipeline::{CollectorError, run};
pub use shared::{SetupError, Shared};
pub use sink::{ObservationSink, SinkError};
pub use watcher::ClusterWatcher;
