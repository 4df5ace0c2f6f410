//! Tells people: alerts on their channels, a page and an API to look at.
//!
//! ```text
//! recommendations ──> alert state machine ──> store (alerts, outbox) ──> dispatcher ──> Slack, webhook, terminal …
//! features ─────────> view (jobs, graphs, time lines) ──> API, page, server-sent events
//! feedback <───────── API
//! ```
//! - [`alerts`] is pure: findings, time and silences in, [`alerts::intent::Intent`]s out.
//! - [`message`] is pure: an alert becomes a [`message::Message`], which every channel renders in its own way.
//! - [`store`] keeps alerts and intents in one transaction, on SQLite or PostgreSQL.
//! - [`dispatch`] sends what is in the outbox, in order, each channel by itself.
//! - [`view`] holds in memory what the page shows of clusters and jobs; [`api`] serves it.
//! - [`pipeline`] is the shell around them.
//!
//! Guarantees: nothing that was announced is announced twice after a restart, and nothing is lost; the only repeat is
//! of a message whose sending was cut off by a crash, and it says so. A channel that does not answer delays no other.

pub mod alerts;
pub mod api;
pub mod channels;
pub mod client;
pub mod clock;
pub mod config;
pub mod dispatch;
pub mod engine;
pub mod message;
pub mod metrics;
pub mod pipeline;
pub mod store;
mod turns;
pub mod view;

pub use config::NotifierConfig;
pub use engine::Knowledge;
pub use pipeline::{NotifierError, run};
