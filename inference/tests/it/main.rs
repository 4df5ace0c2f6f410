//! The model files against the real ONNX runtime, and the judgement on records that a featurizer could have written.

#![allow(clippy::unwrap_used, reason = "a test ends where something is missing")]

mod expired;
mod findings;
mod machine;
mod models;
mod nobody;
mod records;
