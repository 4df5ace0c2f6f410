//! The notifier's own metrics: health of jobs, open findings, messages.

use streamwarden_service_runtime::metrics::{Counter, Family, Gauge, register};

use crate::engine::Engine;

type Labels = Vec<(String, String)>;

/// Messages by channel and outcome.
#[derive(Debug, Clone, Default)]
pub struct MessageCounts(Family<Labels, Counter>);

impl MessageCounts {
    /// Counts that `/metrics` shows.
    #[must_use]
    pub fn registered() -> Self {
        let counts = Self::default();
        register(|registry| {
            let messages = counts.0.clone();
            registry.register(
                "notifier_messages",
                "Messages by channel and outcome",
                messages,
            );
        });
        counts
    }

    /// A message was sent, waits for another try, or was given up.
    pub fn count(&self, channel: &str, outcome: &str) {
        let labels = vec![label("channel", channel), label("outcome", outcome)];
        self.0.get_or_create(&labels).inc();
    }
}

/// Handles of the metrics.
#[derive(Debug, Clone, Default)]
pub struct Metrics {
    job_health: Family<Labels, Gauge>,
    open_findings: Family<Labels, Gauge>,
    findings: Family<Labels, Gauge>,
}

impl Metrics {
    /// Metrics that `/metrics` shows.
    #[must_use]
    pub fn registered() -> Self {
        let metrics = Self::default();
        register(|registry| {
            let health = metrics.job_health.clone();
            registry.register("job_health", "Health of a job, 100 down to 1", health);
            let open = metrics.open_findings.clone();
            registry.register("open_findings", "Findings that are open", open);
            let findings = metrics.findings.clone();
            registry.register(
                "findings",
                "Findings that are open, by cluster, job and problem",
                findings,
            );
        });
        metrics
    }

    /// Brings health and open findings up to date; jobs that are gone disappear.
    pub fn refresh(&self, engine: &Engine) {
        self.job_health.clear();
        for (labels, health) in crate::api::jobs_rows::healths(engine) {
            let (cluster, job) = labels;
            let labels = vec![label("cluster", &cluster), label("job", &job)];
            self.job_health
                .get_or_create(&labels)
                .set(i64::from(health));
        }
        self.open_findings.clear();
        for severity in ["critical", "warning", "advice"] {
            self.open_findings
                .get_or_create(&vec![label("severity", severity)])
                .set(0);
        }
        self.findings.clear();
        for alert in engine.state().machine.open_alerts() {
            let finding = &alert.finding;
            let severity = format!("{:?}", alert.finding.severity).to_lowercase();
            self.open_findings
                .get_or_create(&vec![label("severity", &severity)])
                .inc();
            let labels = vec![
                label("cluster", &finding.cluster_id),
                label("job", &finding.job_name),
                label("problem", &finding.slug),
                label("severity", &severity),
            ];
            self.findings.get_or_create(&labels).inc();
        }
    }
}

fn label(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}
