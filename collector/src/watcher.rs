//! Watches one cluster: its jobs, its processes, its logs.
//!
//! A poll first tells Flink to refresh its metrics, waits a moment, and then asks for everything at once, with a bounded number of
//! requests. What does not answer in time is left out of this poll; whatever arrived is handed over.

mod checkpoints;
mod cluster;
pub(crate) mod context;
mod exceptions;
mod job;
mod listed;
mod process;
mod reachability;
mod schedule;
mod split;
mod vertex;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use streamwarden_proto::v1::Observation;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::config::{ClusterTarget, CollectorConfig};
use crate::events;
use crate::flink::answers::job::JobOverview;
use crate::flink::{FlinkClient, RestError};
use crate::logs::LogWatcher;
use crate::shared::{SetupError, Shared};
use crate::sink::{ObservationSink, SinkError};
use cluster::{ClusterState, Overview};
use context::PollContext;
use job::JobWatcher;
use process::ProcessWatcher;
use reachability::Reachability;

/// Process id of the JobManager in records.
pub const JOBMANAGER: &str = "jobmanager";
/// Jobs that ended before the watcher came are looked at once, if they ended this recently: who asks for a diagnosis of a
/// dead job wants to know what killed it.
const ENDED_RECENTLY_MS: i64 = 3_600_000;
/// Of those, no more than this; a batch cluster remembers hundreds.
const ENDED_JOBS_LIMIT: usize = 20;

/// Watches one cluster.
pub struct ClusterWatcher {
    target: ClusterTarget,
    config: Arc<CollectorConfig>,
    client: FlinkClient,
    shared: Shared,
    reachability: Reachability,
    cluster: ClusterState,
    jobs: BTreeMap<String, JobWatcher>,
    processes: BTreeMap<String, ProcessWatcher>,
    logs: LogWatcher,
}

impl ClusterWatcher {
    /// A watcher with connections of its own. Asks nothing yet: a cluster that is away is no error.
    ///
    /// # Errors
    /// [`SetupError`] if the address is none or TLS cannot be set up.
    pub fn new(target: ClusterTarget, config: CollectorConfig) -> Result<Self, SetupError> {
        let shared = Shared::new(&config)?;
        Self::sharing(shared, target, Arc::new(config))
    }

    /// A watcher that shares connections and limits with others.
    ///
    /// # Errors
    /// [`SetupError`] if the address is none.
    pub fn sharing(
        shared: Shared,
        target: ClusterTarget,
        config: Arc<CollectorConfig>,
    ) -> Result<Self, SetupError> {
        let credentials = target.credentials.clone();
        let transport = shared.transport.clone();
        let client = FlinkClient::new(transport, &target.url, credentials, &config)?;
        Ok(Self {
            cluster: ClusterState::default(),
            reachability: Reachability::default(),
            jobs: BTreeMap::new(),
            processes: BTreeMap::new(),
            logs: LogWatcher::default(),
            client,
            shared,
            target,
            config,
        })
    }

    /// Polls until `stop` is cancelled, starting at once. Clusters that are away are asked again with growing pauses.
    ///
    /// # Errors
    /// [`SinkError`] if the sink gives up.
    pub async fn run(
        &mut self,
        sink: &impl ObservationSink,
        stop: &CancellationToken,
    ) -> Result<(), SinkError> {
        loop {
            let started = Instant::now();
            let observations = tokio::select! {
                observations = self.poll() => observations,
                () = stop.cancelled() => return Ok(()),
            };
            sink.publish(observations).await?;
            tokio::select! {
                () = tokio::time::sleep_until(started + self.pause()) => {}
                () = stop.cancelled() => return Ok(()),
            }
        }
    }

    /// The address that is asked, without credentials.
    #[must_use]
    pub fn address(&self) -> &str {
        self.client.base()
    }

    /// Time from the start of one poll to the start of the next.
    #[must_use]
    pub fn pause(&self) -> Duration {
        let limit_ms = self.config.backoff_limit_ms;
        let pause_ms = match self.reachability.failures() {
            0 => schedule::poll_interval_ms(
                self.config.poll_interval_ms,
                self.cluster.refresh_interval_ms(),
            ),
            failures => schedule::backoff_ms(failures, self.config.poll_interval_ms, limit_ms),
        };
        schedule::with_jitter(pause_ms)
    }

    /// Looks at everything once. Never fails: that a cluster does not answer is an observation too.
    pub async fn poll(&mut self) -> Vec<Observation> {
        let deadline = Instant::now() + Duration::from_millis(self.config.poll_deadline_ms);
        match self.cluster.overview(&self.client).await {
            Ok(overview) => self.poll_reachable(overview, deadline).await,
            Err(error) => self.poll_unreachable(&error, deadline).await,
        }
    }

    /// Logs on this machine can be read all the same, and now they matter most.
    async fn poll_unreachable(&mut self, error: &RestError, deadline: Instant) -> Vec<Observation> {
        let now_ms = self.shared.clock.now_ms();
        let since_ms = self.reachability.failed(&self.target, error, now_ms);
        // What was listed there may be gone when it comes back.
        self.processes.clear();
        self.cluster.forget();
        let cluster_id = &self.target.cluster_id;
        let mut observations = vec![cluster::unreachable(
            cluster_id,
            self.client.base(),
            error,
            since_ms,
            now_ms,
        )];
        if !self.target.log_directories.is_empty() {
            let context = PollContext::new(
                cluster_id,
                &self.client,
                &self.config,
                &self.shared,
                deadline,
            );
            observations.extend(
                self.logs
                    .poll(&context, &self.target.log_directories, &[])
                    .await,
            );
        }
        observations
    }

    async fn poll_reachable(&mut self, overview: Overview, deadline: Instant) -> Vec<Observation> {
        self.reachability
            .answered(&self.target, self.shared.clock.now_ms());
        // The overview's requests have told Flink to refresh its metrics.
        tokio::time::sleep(Duration::from_millis(self.config.metric_refresh_wait_ms)).await;
        self.follow_jobs(&overview.jobs);
        self.follow_processes(&overview);
        let cluster_id = &self.target.cluster_id;
        let context = PollContext::new(
            cluster_id,
            &self.client,
            &self.config,
            &self.shared,
            deadline,
        );
        let taskmanagers = overview.taskmanager_ids();
        let mut observations = self.cluster.poll(&context, &overview).await;
        self.cluster
            .hint_pace(&self.target, self.config.poll_interval_ms);
        let options = self.cluster.options();
        let (jobs, processes, logs) = futures::join!(
            join_all(
                self.jobs
                    .values_mut()
                    .map(|job| job.poll(&context, options))
            ),
            join_all(
                self.processes
                    .values_mut()
                    .map(|process| process.poll(&context))
            ),
            self.logs
                .poll(&context, &self.target.log_directories, &taskmanagers),
        );
        observations.extend(jobs.into_iter().flatten().flat_map(split::split));
        observations.extend(processes.into_iter().flatten());
        observations.extend(logs);
        self.jobs.retain(|_, job| !job.is_done());
        self.reachability
            .answered_in_time(&self.target, context.late());
        events::polled(cluster_id, self.jobs.len(), observations.len());
        observations
    }

    fn follow_jobs(&mut self, overview: &[JobOverview]) {
        let first_poll = self.cluster.is_new();
        let now_ms = self.shared.clock.now_ms();
        let mut ended = ENDED_JOBS_LIMIT;
        for job in overview {
            if let Some(known) = self.jobs.get_mut(&job.jid) {
                known.set_state(&job.state);
                continue;
            }
            let ended_ms = job.end_time.time_ms().unwrap_or_default();
            let worth_a_look = !job.is_over()
                || self.cluster.knew(&job.jid).is_none_or(|over| !over)
                    && (!first_poll || now_ms - ended_ms < ENDED_RECENTLY_MS);
            if !worth_a_look || (job.is_over() && ended == 0) {
                continue;
            }
            if job.is_over() {
                ended -= 1;
            }
            self.jobs
                .insert(job.jid.clone(), JobWatcher::new(&job.jid, &job.state));
        }
        self.jobs
            .retain(|id, _| overview.iter().any(|job| job.jid == *id));
        self.cluster.remember_jobs(overview);
    }

    fn follow_processes(&mut self, overview: &Overview) {
        let ids = overview
            .taskmanagers
            .iter()
            .map(|taskmanager| taskmanager.id.as_str());
        let ids: Vec<&str> = ids
            .chain([JOBMANAGER])
            .filter(|id| !id.is_empty())
            .collect();
        self.processes.retain(|id, _| ids.contains(&id.as_str()));
        for id in ids {
            self.processes
                .entry(id.to_owned())
                .or_insert_with(|| ProcessWatcher::new(id));
        }
    }
}
