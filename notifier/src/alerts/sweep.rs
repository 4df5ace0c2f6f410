//! What nobody tells: alerts that are not confirmed any more, that settled, that are open for long.

use crate::alerts::alert::{Alert, EndReason};
use crate::alerts::config::seconds;
use crate::alerts::intent::Step;
use crate::alerts::{AlertMachine, Scene};

/// What ended before this is no news of today.
const REMEMBER_ENDS_MS: i64 = 24 * 3_600_000;

impl AlertMachine {
    /// Ends what nobody confirms or what settled, reminds of what is open for long, forgets what is old.
    pub(super) fn sweep(&mut self, scene: &dyn Scene, now_ms: i64) -> Step {
        let mut step = Step::default();
        let over: Vec<(String, i64, EndReason)> = self
            .open
            .values()
            .filter_map(|alert| self.is_over(alert, now_ms))
            .collect();
        for (fingerprint, at_ms, reason) in over {
            step.append(self.end(&fingerprint, at_ms, reason, scene, now_ms));
        }
        let open: Vec<String> = self.open.keys().cloned().collect();
        for fingerprint in open {
            let reminder = self.remind(&fingerprint, scene, now_ms);
            if !reminder.is_empty() {
                step.append(reminder);
                step.alerts.extend(self.handed_out(&fingerprint, now_ms));
            }
        }
        self.silences.retain(|silence| silence.ends_ms > now_ms);
        self.ends.forget_before(now_ms - REMEMBER_ENDS_MS);
        self.presence.forget_gone(REMEMBER_ENDS_MS);
        step
    }

    fn is_over(&self, alert: &Alert, now_ms: i64) -> Option<(String, i64, EndReason)> {
        let ended = |at_ms: i64, reason| Some((alert.fingerprint.clone(), at_ms, reason));
        if alert.settling_until_ms.is_some_and(|until| now_ms >= until) {
            return ended(alert.refreshed_ms, EndReason::Resolved);
        }
        // A backlog of findings may still wait to be read, while features already are: time has to pass here, too.
        let quiet_ms = now_ms - alert.heard_ms;
        if quiet_ms
            < seconds(
                self.config
                    .unconfirmed_after_s
                    .min(self.config.job_gone_after_s),
            )
        {
            return None;
        }
        let (cluster, job) = (
            alert.finding.cluster_id.as_str(),
            alert.finding.job_id.as_str(),
        );
        let heard_ms = alert.refreshed_ms;
        let unconfirmed = self.presence.job_without_ms(cluster, job, heard_ms);
        if unconfirmed.is_some_and(|ms| ms >= seconds(self.config.unconfirmed_after_s)) {
            return ended(
                heard_ms.max(heard_ms + unconfirmed.unwrap_or(0)),
                EndReason::Unconfirmed,
            );
        }
        let job_heard_ms =
            heard_ms.max(self.presence.job_last_ms(cluster, job).unwrap_or(heard_ms));
        let gone = self.presence.cluster_without_ms(cluster, job_heard_ms);
        if gone.is_some_and(|ms| ms >= seconds(self.config.job_gone_after_s)) {
            return ended(job_heard_ms + gone.unwrap_or(0), EndReason::JobGone);
        }
        None
    }
}
