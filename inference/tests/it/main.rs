//! The model files against the real ONNX runtime.

mod models;
