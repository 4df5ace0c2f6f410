//! The collector against recorded answers of real Flink, and against everything that a cluster can do wrong.

#![allow(clippy::unwrap_used, reason = "a test ends where something is missing")]

mod bad_input;
mod local_logs;
mod recorded_answers;
mod seen;
mod service;
#[allow(dead_code, reason = "shared with the bench")]
mod stand_in;
