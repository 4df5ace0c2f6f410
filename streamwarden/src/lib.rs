//! The command line, all services in one process, and tapes.
//!
//! ```text
//! main ──> cli ──> command/* ──> settings (one file, one section per service)
//!                     │
//!                     ├── line: the services, one or all, on a real or the embedded broker
//!                     ├── tape: play, shift to now, record
//!                     └── look: collector, featurizer and judgement without a broker (diagnose)
//! ```
//!
//! One file a command. What goes wrong is said in one line that names the thing and the way out, with the exit code of
//! [`streamwarden_service_runtime::exit`].

pub mod cli;
pub mod command;
pub mod failure;
pub mod knowledge;
pub mod line;
pub mod look;
pub mod model_cards;
pub mod progress;
pub mod settings;
pub mod tape;
pub mod verdict;
