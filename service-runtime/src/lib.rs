//! What every service needs around its core: configuration, telemetry, health and metrics endpoints, secrets, shutdown.
//!
//! A service is a library with a `run(config, kafka, shutdown)`; whoever starts it (the `streamwarden` binary, a test)
//! loads the configuration with [`config::load`], starts [`telemetry`], serves [`admin`] and hands out one [`Shutdown`].
//!
//! Guarantees: all mistakes of a configuration are reported at once, each with the place it came from; a secret is
//! never printed; every task has a name and an owner, and is waited for when the process ends.

pub mod admin;
pub mod config;
pub mod error;
pub mod exit;
pub mod health;
pub mod metrics;
pub mod secret;
pub mod shutdown;
pub mod telemetry;

pub use config::Problem;
pub use error::chain;
pub use exit::Exit;
pub use secret::{Secret, SecretText};
pub use shutdown::Shutdown;
