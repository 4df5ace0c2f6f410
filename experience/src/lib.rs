//! What an expert for Apache Flink knows, as data, and the pure code that reads it.
//!
//! ```text
//! bytes of a log ──> log::LogParser ──> LogEvent, Throwable      (layouts, prefixes, joined stack traces)
//!                        │ redact        every text that leaves is free of secrets
//!                        │ template      the code of a message, E-5F3A9C01
//!                        v
//!                    analyzer::analyze ──> Match                 (problems/*.toml, expert rules)
//!                        │
//!                    explain::explain ──> Vec<Answer>            (ranking of a whole log)
//!
//! figures, configuration, graph ──> sizing ──> actions with computed values
//! ```
//!
//! Guarantees: no I/O except reading a pack's folder and the reader handed to [`explain`], no clock, no
//! randomness; time is linear in the input and memory is bounded whatever the input is; no secret that
//! [`redact`] knows leaves in a text.

pub mod analyzer;
pub mod explain;
pub mod log;
pub mod models;
pub mod pack;
pub mod problem;
pub mod redact;
pub mod sizing;
pub mod template;
pub mod text;
pub mod words;

pub use analyzer::{Match, root_cause};
pub use log::{LogParser, ParserOptions, parse_throwable};
pub use pack::{Experience, PackError};
pub use problem::Problem;
pub use redact::{redact, redact_config_value};
pub use sizing::Measured;
pub use template::{Coded, TemplateCoder};
pub use words::Context;
