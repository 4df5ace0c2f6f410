//! Contracts of the vocabulary: published schemas, committed samples, laws.

#![allow(clippy::unwrap_used, reason = "a test ends where something is missing")]

mod contract;
mod laws;
mod samples;
mod schemas;
