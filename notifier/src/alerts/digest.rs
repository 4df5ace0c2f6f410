//! A list: the conversation that many alerts share.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

/// A list of alerts on one channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Digest {
    /// The conversation's id.
    pub id: String,
    /// Where.
    pub channel: String,
    /// The problem that they share; empty: several problems.
    pub topic: String,
    /// Fingerprints of alerts in it that are open.
    pub open: BTreeSet<String>,
    /// Alerts that were ever in it.
    pub total: usize,
    /// Alerts that were in it when it last spoke.
    pub said_total: usize,
    /// When it last spoke, by the process's clock.
    pub last_ms: i64,
    /// Nothing in it is open any more, and that was said.
    pub closed: bool,
}
