//! Contracts of the vocabulary: published schemas, committed samples, laws.

mod laws;
mod samples;
mod schemas;
