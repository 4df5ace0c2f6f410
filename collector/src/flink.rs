//! Flink's REST API, as far as the collector asks it: 1.17 to 2.2.
//!
//! Answers are read tolerantly: unknown fields are ignored, missing ones take their default, and a number may arrive as a
//! text ("NaN").

pub mod answers;
pub mod client;
pub mod error;
pub mod figure;
pub mod query;
pub mod wanted;

pub use client::{FlinkClient, Transport};
pub use error::RestError;
