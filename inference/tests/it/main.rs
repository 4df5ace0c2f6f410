//! The model files against the real ONNX runtime, and the judgement on records that a featurizer could have written.

mod findings;
mod models;
mod records;
