//! What concerns the cluster as a whole.

use std::collections::BTreeMap;

use streamwarden_proto::v1::snapshot::Kind;
use streamwarden_proto::v1::{ClusterSnapshot, Observation};
use streamwarden_service_runtime::chain;

use super::context::PollContext;
use crate::config::ClusterTarget;
use crate::convert::{self, cluster, configuration};
use crate::events;
use crate::flink::answers::configuration::Entry;
use crate::flink::answers::job::{DashboardConfig, JobOverview, JobsOverview};
use crate::flink::answers::processes::{TaskManager, TaskManagers};
use crate::flink::{FlinkClient, RestError};

/// Flink's default of `metrics.fetcher.update-interval`.
const DEFAULT_REFRESH_MS: u64 = 10_000;
/// Any metric will do: the request makes Flink fetch all of them, of every process.
const REFRESH_PATH: &str = "/jobmanager/metrics?get=Status.JVM.Threads.Count";

/// What is running.
pub(super) struct Overview {
    pub(super) jobs: Vec<JobOverview>,
    pub(super) taskmanagers: Vec<TaskManager>,
}

impl Overview {
    /// Ids of the TaskManagers.
    pub(super) fn taskmanager_ids(&self) -> Vec<&str> {
        let ids = self
            .taskmanagers
            .iter()
            .map(|taskmanager| taskmanager.id.as_str());
        ids.filter(|id| !id.is_empty()).collect()
    }
}

/// What is remembered of a cluster.
#[derive(Default)]
pub(super) struct ClusterState {
    version: String,
    options: configuration::Options,
    options_read_at_ms: Option<i64>,
    sent: Option<ClusterSnapshot>,
    sent_at_ms: i64,
    /// Job id, and whether it was over.
    jobs: BTreeMap<String, bool>,
    looked: bool,
    pace_hinted: bool,
}

impl ClusterState {
    /// Asks what is running, and tells Flink to refresh its metrics.
    pub(super) async fn overview(&mut self, client: &FlinkClient) -> Result<Overview, RestError> {
        let (jobs, taskmanagers, _refresh) = futures::join!(
            client.get_json::<JobsOverview>("/jobs/overview"),
            client.get_json::<TaskManagers>("/taskmanagers"),
            client.get(REFRESH_PATH),
        );
        let jobs = jobs?.jobs;
        if self.version.is_empty() {
            self.version = client
                .get_json::<DashboardConfig>("/config")
                .await?
                .flink_version;
        }
        Ok(Overview {
            jobs,
            taskmanagers: taskmanagers?.taskmanagers,
        })
    }

    /// A snapshot, if anything changed or one is due.
    pub(super) async fn poll(
        &mut self,
        context: &PollContext<'_>,
        overview: &Overview,
    ) -> Vec<Observation> {
        self.refresh_options(context).await;
        let now_ms = context.clock.now_ms();
        let snapshot = cluster::cluster_snapshot(
            context.client.base(),
            &self.version,
            &overview.jobs,
            &overview.taskmanagers,
            self.options.clone(),
        );
        let lasting = cluster::lasting_part(&snapshot);
        let due = now_ms - self.sent_at_ms >= interval_ms(context);
        if !due && self.sent.as_ref() == Some(&lasting) {
            return Vec::new();
        }
        self.sent = Some(lasting);
        self.sent_at_ms = now_ms;
        vec![convert::snapshot(
            context.cluster_id,
            now_ms,
            Kind::Cluster(snapshot),
        )]
    }

    async fn refresh_options(&mut self, context: &PollContext<'_>) {
        let now_ms = context.clock.now_ms();
        if self
            .options_read_at_ms
            .is_some_and(|at_ms| now_ms - at_ms < interval_ms(context))
        {
            return;
        }
        let answer = context.client.get_json::<Vec<Entry>>("/jobmanager/config");
        if let Some(Ok(entries)) = context.in_time(answer).await {
            self.options = configuration::options(&entries);
            self.options_read_at_ms = Some(now_ms);
        }
    }

    /// The cluster's own configuration.
    pub(super) fn options(&self) -> &configuration::Options {
        &self.options
    }

    /// How often the cluster fetches metrics from its processes.
    pub(super) fn refresh_interval_ms(&self) -> u64 {
        let text = self.options.get("metrics.fetcher.update-interval");
        text.and_then(|text| configuration::duration_ms(text))
            .unwrap_or(DEFAULT_REFRESH_MS)
    }

    /// Says once that the cluster is slower than the configured interval.
    pub(super) fn hint_pace(&mut self, target: &ClusterTarget, poll_interval_ms: u64) {
        if !self.pace_hinted && self.refresh_interval_ms() > poll_interval_ms {
            self.pace_hinted = true;
            events::cluster_sets_pace(target, self.refresh_interval_ms());
        }
    }

    /// Nothing was seen yet.
    pub(super) fn is_new(&self) -> bool {
        !self.looked
    }

    /// Was this job there at the last poll, and was it over?
    pub(super) fn knew(&self, job_id: &str) -> Option<bool> {
        self.jobs.get(job_id).copied()
    }

    pub(super) fn remember_jobs(&mut self, jobs: &[JobOverview]) {
        self.looked = true;
        self.jobs = jobs
            .iter()
            .map(|job| (job.jid.clone(), job.is_over()))
            .collect();
    }

    /// After an absence another version with another configuration may be there.
    pub(super) fn forget(&mut self) {
        self.version.clear();
        self.options_read_at_ms = None;
        self.sent = None;
    }
}

fn interval_ms(context: &PollContext<'_>) -> i64 {
    i64::try_from(context.config.snapshot_interval_ms).unwrap_or(i64::MAX)
}

/// The record of a cluster that does not answer.
pub(super) fn unreachable(
    cluster_id: &str,
    url: &str,
    error: &RestError,
    since_ms: i64,
    now_ms: i64,
) -> Observation {
    let snapshot = cluster::unreachable_snapshot(url, chain(error).to_string(), since_ms);
    convert::snapshot(cluster_id, now_ms, Kind::Cluster(snapshot))
}
