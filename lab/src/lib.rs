//! The lab: real Flink clusters, jobs of several shapes, faults planted on purpose, and tapes of what could be seen.
//!
//! ```text
//! scenarios/*.toml ──> scenario ──> corpus (what is missing) ──> run ──> tapes/lab/*.tape
//!                                                                 │
//!                          flink (download, jobs) ──> cluster ────┤ submits, plants, takes away
//!                                                     rest, check ┤ sees the effect by itself
//!                                                       recording ┘ the collector, into a tape
//! ```
//! A label is what was planted, never what was measured. A run whose effect an independent check did not see is
//! thrown away.

pub mod check;
pub mod cli;
pub mod cluster;
pub mod control;
pub mod corpus;
pub mod dataset;
pub mod demo;
pub mod evaluate;
pub mod evidence;
pub mod feedback;
pub mod flink;
pub mod kernel_log;
pub mod machine;
pub mod plant;
mod planting;
pub mod rates;
pub mod recording;
pub mod replay;
pub mod rest;
pub mod run;
pub mod scenario;
pub mod tapes;
pub mod topology;
