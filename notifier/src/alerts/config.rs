//! When alerts speak.

use serde::{Deserialize, Serialize};
use streamwarden_proto::finding::Severity;
use streamwarden_service_runtime::Problem;

use crate::alerts::routing::{self, Branch};

/// Section `[notifier.alerting]`: how much is said, and how soon.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AlertingConfig {
    /// A critical finding waits this long for others that belong to the same message.
    pub critical_wait_s: u32,
    /// The same for a warning.
    pub warning_wait_s: u32,
    /// The same for advice.
    pub advice_wait_s: u32,
    /// This many findings of one problem become one message with a list.
    pub digest_from: u32,
    /// Messages about single findings on one channel within a minute; what is more is put into lists.
    pub singles_per_minute: u32,
    /// A list says what was added or ended at most this often.
    pub digest_interval_s: u32,
    /// A changed finding is told at most this often.
    pub update_interval_s: u32,
    /// A warning that became critical is told after this time at the earliest.
    pub escalation_interval_s: u32,
    /// An open finding that nobody acknowledged is told again after this time; 0: never.
    pub repeat_interval_s: u32,
    /// An open finding that inference does not confirm for so long, while its job reports, has ended.
    pub unconfirmed_after_s: u32,
    /// An open finding of a job that its reporting cluster does not show for so long has ended.
    pub job_gone_after_s: u32,
    /// A finding that ends this often within the window comes and goes: its end is told after a time of quiet.
    pub flapping_from: u32,
    /// The window for counting.
    pub flapping_window_s: u32,
    /// The time of quiet.
    pub flapping_quiet_s: u32,
    /// Which channel gets what, as a tree; without it, each channel's own route alone decides.
    pub routes: Vec<Branch>,
}

impl Default for AlertingConfig {
    fn default() -> Self {
        Self {
            critical_wait_s: 3,
            warning_wait_s: 10,
            advice_wait_s: 60,
            digest_from: 4,
            singles_per_minute: 6,
            digest_interval_s: 300,
            update_interval_s: 900,
            escalation_interval_s: 300,
            repeat_interval_s: 14_400,
            unconfirmed_after_s: 720,
            job_gone_after_s: 600,
            flapping_from: 3,
            flapping_window_s: 1800,
            flapping_quiet_s: 300,
            routes: Vec::new(),
        }
    }
}

impl AlertingConfig {
    /// How long a new alert waits for its like.
    #[must_use]
    pub fn group_wait_ms(&self, severity: Severity) -> i64 {
        seconds(match severity {
            Severity::Critical => self.critical_wait_s,
            Severity::Warning => self.warning_wait_s,
            Severity::Advice => self.advice_wait_s,
        })
    }

    /// What is wrong with it; `channels` are the names of those that there are.
    #[must_use]
    pub fn validate(&self, channels: &[&str]) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut wrong = |key: &str, message: &str| {
            problems.push(Problem::new(format!("notifier.alerting.{key}"), message));
        };
        if self.digest_from < 2 {
            wrong("digest_from", "must be at least 2: a list has two entries");
        }
        if self.singles_per_minute == 0 {
            wrong("singles_per_minute", "must be at least 1");
        }
        if self.unconfirmed_after_s < 60 {
            wrong(
                "unconfirmed_after_s",
                "must be at least 60: inference confirms once a minute",
            );
        }
        if self.job_gone_after_s < 60 {
            wrong("job_gone_after_s", "must be at least 60");
        }
        if self.flapping_from < 2 {
            wrong("flapping_from", "must be at least 2");
        }
        for (key, message) in routing::mistakes(&self.routes, "routes", channels) {
            wrong(&key, &message);
        }
        problems
    }
}

/// Seconds of the configuration as milliseconds.
#[must_use]
pub(crate) fn seconds(seconds: u32) -> i64 {
    i64::from(seconds) * 1000
}
