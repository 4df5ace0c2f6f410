//! From features to findings.
//!
//! Data flow: `FeatureEvent` records (features, errors, context) come in, [`diagnosis::Diagnosis`] scores the features
//! with one ONNX model a scope, joins the errors, and keeps findings over time; `FindingEvent` records go out.
//!
//! Guarantees: the core is pure, so that the same records give the same findings whatever the batching or the speed;
//! a model is refused unless its file, its manifest, its golden rows and the feature schema agree; findings, the memory
//! of what is open, and offsets are written in one Kafka transaction.

pub mod config;
pub mod diagnosis;
mod events;
pub mod memory;
pub mod model;
pub mod pipeline;
pub mod setup;

pub use config::{DiagnosisConfig, InferenceConfig};
pub use diagnosis::{Diagnosis, JobHealth, health_score};
pub use pipeline::{InferenceError, run, run_with_schemas};
pub use setup::SetupError;
