//! The features, a file a family. To add one: a line in its family's list. To add a family: a file, and a line here.
//!
//! Ratios and shares carry over to jobs that no model ever saw, absolute figures do not; those are here because people
//! and computed actions need them.

use crate::schema::Family;

mod checkpoints;
mod configuration;
mod cpu;
mod errors;
mod graph;
mod hosts;
mod memory;
mod presence;
mod queues;
mod restarts;
mod rocksdb;
mod sink;
mod skew;
mod source;
mod throughput;
mod time;
mod watermarks;

/// All families, in the order of the schema.
pub(crate) const FAMILIES: &[Family] = &[
    time::FAMILY,
    graph::FAMILY,
    throughput::FAMILY,
    skew::FAMILY,
    queues::FAMILY,
    watermarks::FAMILY,
    checkpoints::FAMILY,
    rocksdb::FAMILY,
    source::FAMILY,
    sink::FAMILY,
    restarts::FAMILY,
    errors::FAMILY,
    hosts::FAMILY,
    memory::FAMILY,
    cpu::FAMILY,
    presence::FAMILY,
    configuration::FAMILY,
];
