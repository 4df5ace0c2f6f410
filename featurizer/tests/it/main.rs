//! What the featurizer promises to whoever pushes observations into it.

#![allow(clippy::unwrap_used, reason = "a test ends where something is missing")]

mod checkpoints;
mod cluster;
mod determinism;
mod errors;
mod pipeline;
mod subjects;
mod tapes;
mod time;
