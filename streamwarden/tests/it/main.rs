//! The program as its users meet it: what it says, how it exits, what it makes of a tape.

#![allow(clippy::unwrap_used, reason = "a test ends where something is missing")]

mod cli;
mod feedback;
mod process;
mod replay;
mod secrets;
#[path = "../../../collector/tests/it/stand_in.rs"]
#[allow(dead_code, reason = "what only the collector's own tests ask for")]
mod stand_in;
mod unwell_flink;
