//! Flink's answers as types. Only what the collector uses is named.

pub mod checkpoints;
pub mod configuration;
pub mod exceptions;
pub mod job;
pub mod metrics;
pub mod processes;
pub mod vertex;
