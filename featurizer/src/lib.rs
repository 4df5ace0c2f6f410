//! From observations to features: windows of event time, three scopes, errors at once.
//!
//! ```text
//! Observation ──> sample, errors ──> windows by observation time ──> state ──> features/* ──> FeatureRecord
//!                        └──────────────── at once ─────────────────────────────────────────> ErrorRecord
//!                        └──────────────── on change ───────────────────────────────────────> ContextRecord
//! ```
//!
//! [`Featurizer`] is the pure core: records in, records out; no clock, no randomness, no I/O. The same records in the same
//! order give the same features, byte for byte, whatever the batching. No feature looks back further than
//! [`HORIZON_MS`], so state is rebuilt from the topic. [`pipeline`] puts it on Kafka, [`export`] writes Parquet, and
//! [`dataset`] makes labelled rows from tapes.

mod cluster;
mod config;
mod context;
pub mod dataset;
mod emit;
mod errors;
mod events;
pub mod export;
mod features;
mod featurizer;
mod graph;
mod history;
mod metric;
mod offsets;
pub mod pipeline;
mod sample;
mod schema;
mod series;
mod settings;
mod state;
mod stats;
mod view;

pub use cluster::{HORIZON_MS, WINDOW_MS};
pub use config::FeaturizerConfig;
pub use featurizer::Featurizer;
pub use schema::schema;
