//! One job: its graph, its figures, its checkpoints, its failures.

use std::collections::BTreeMap;

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use streamwarden_proto::v1::metric_batch::Subject;
use streamwarden_proto::v1::observation::Body;
use streamwarden_proto::v1::snapshot::Kind;
use streamwarden_proto::v1::{JobSnapshot, MetricBatch, Observation};

use super::checkpoints::CheckpointWatcher;
use super::context::PollContext;
use super::exceptions::ExceptionWatcher;
use super::listed::{ListedMetrics, Owner};
use super::vertex::{VertexPoll, VertexWatcher};
use crate::convert::configuration::{self, Options};
use crate::convert::metrics::{GroupBuilder, TaskManagerTable};
use crate::convert::{self, job};
use crate::events;
use crate::flink::RestError;
use crate::flink::answers::configuration::{CheckpointConfig, Entry, JobConfig};
use crate::flink::answers::job::{JobDetails, is_final};

/// Watches one job until it has ended and its end was told.
pub(super) struct JobWatcher {
    job_id: String,
    state: String,
    done: bool,
    options: Options,
    options_read_at_ms: Option<i64>,
    sent: Option<JobSnapshot>,
    sent_at_ms: i64,
    metrics: ListedMetrics,
    vertices: BTreeMap<String, VertexWatcher>,
    checkpoints: CheckpointWatcher,
    exceptions: ExceptionWatcher,
}

impl JobWatcher {
    pub(super) fn new(job_id: &str, state: &str) -> Self {
        Self {
            job_id: job_id.to_owned(),
            state: state.to_owned(),
            done: false,
            options: Options::new(),
            options_read_at_ms: None,
            sent: None,
            sent_at_ms: 0,
            metrics: ListedMetrics::new(Owner::Job, format!("/jobs/{job_id}/metrics")),
            vertices: BTreeMap::new(),
            checkpoints: CheckpointWatcher::new(job_id),
            exceptions: ExceptionWatcher::new(job_id),
        }
    }

    /// The job ended, and that was told.
    pub(super) fn is_done(&self) -> bool {
        self.done
    }

    /// Takes the state from the cluster's overview.
    pub(super) fn set_state(&mut self, state: &str) {
        state.clone_into(&mut self.state);
    }

    /// Looks at the job once. What does not answer by the deadline is left out.
    pub(super) async fn poll(
        &mut self,
        context: &PollContext<'_>,
        cluster: &Options,
    ) -> Vec<Observation> {
        match context.in_time(self.details(context, cluster)).await {
            Some(Ok(details)) => self.poll_known(context, &details).await,
            Some(Err(error)) if error.is_gone() => {
                self.done = true;
                Vec::new()
            }
            Some(Err(error)) => {
                events::answer_missing(context.cluster_id, &error);
                Vec::new()
            }
            None => Vec::new(),
        }
    }

    async fn poll_known(
        &mut self,
        context: &PollContext<'_>,
        details: &JobDetails,
    ) -> Vec<Observation> {
        let snapshot = job::job_snapshot(details, self.options.clone());
        self.follow_vertices(&snapshot);
        let running = !is_final(&details.state);
        let Self {
            metrics,
            vertices,
            checkpoints,
            exceptions,
            ..
        } = self;
        let (batch, checkpoints, exceptions) = futures::join!(
            async {
                match running {
                    true => poll_metrics(context, &snapshot.job_id, metrics, vertices).await,
                    false => None,
                }
            },
            context.in_time(checkpoints.poll(context)),
            context.in_time(exceptions.poll(context, &snapshot)),
        );
        self.done = !running && matches!(exceptions, Some(Ok(_)));
        let mut observations = Vec::new();
        observations.extend(self.tell(context, snapshot));
        observations.extend(batch);
        observations.extend(told(context, checkpoints));
        observations.extend(told(context, exceptions));
        observations
    }

    async fn details(
        &mut self,
        context: &PollContext<'_>,
        cluster: &Options,
    ) -> Result<JobDetails, RestError> {
        let details: JobDetails = context
            .client
            .get_json(&format!("/jobs/{}", self.job_id))
            .await?;
        let now_ms = context.clock.now_ms();
        if self
            .options_read_at_ms
            .is_none_or(|at_ms| now_ms - at_ms >= interval_ms(context))
        {
            self.options = read_options(context, &self.job_id, cluster).await;
            self.options_read_at_ms = Some(now_ms);
        }
        Ok(details)
    }

    fn follow_vertices(&mut self, snapshot: &JobSnapshot) {
        let ids: Vec<&str> = snapshot
            .vertices
            .iter()
            .map(|vertex| vertex.id.as_str())
            .collect();
        self.vertices.retain(|id, _| ids.contains(&id.as_str()));
        for id in ids {
            let new = || VertexWatcher::new(&self.job_id, id);
            self.vertices.entry(id.to_owned()).or_insert_with(new);
        }
    }

    fn tell(&mut self, context: &PollContext<'_>, snapshot: JobSnapshot) -> Option<Observation> {
        let now_ms = context.clock.now_ms();
        let due = now_ms - self.sent_at_ms >= interval_ms(context);
        if !due && self.sent.as_ref() == Some(&snapshot) {
            return None;
        }
        self.sent = Some(snapshot.clone());
        self.sent_at_ms = now_ms;
        Some(convert::snapshot(
            context.cluster_id,
            now_ms,
            Kind::Job(snapshot),
        ))
    }
}

fn told(
    context: &PollContext<'_>,
    outcome: Option<Result<Option<Observation>, RestError>>,
) -> Option<Observation> {
    match outcome {
        Some(Ok(observation)) => observation,
        Some(Err(error)) => {
            events::answer_missing(context.cluster_id, &error);
            None
        }
        None => None,
    }
}

/// The figures of the job and of those vertices that answered in time.
async fn poll_metrics(
    context: &PollContext<'_>,
    job_id: &str,
    metrics: &mut ListedMetrics,
    vertices: &mut BTreeMap<String, VertexWatcher>,
) -> Option<Observation> {
    let mut job_group = GroupBuilder::single();
    let job = context.in_time(metrics.read(context, &mut job_group));
    let (job, polls) = futures::join!(job, poll_vertices(context, vertices));
    if let Some(Err(error)) = job {
        events::answer_missing(context.cluster_id, &error);
    }
    let mut taskmanagers = TaskManagerTable::default();
    let mut groups = Vec::with_capacity(polls.len() + 1);
    if !job_group.is_empty() {
        groups.push(job_group.finish());
    }
    for VertexPoll { details, mut group } in polls {
        group.place(&details, &mut taskmanagers);
        groups.push(group.finish());
    }
    if groups.is_empty() {
        return None;
    }
    let batch = MetricBatch {
        subject: Some(Subject::JobId(job_id.to_owned())),
        taskmanager_ids: taskmanagers.into_ids(),
        groups,
    };
    Some(convert::observation(
        context.cluster_id,
        context.clock.now_ms(),
        Body::Metrics(batch),
    ))
}

async fn poll_vertices(
    context: &PollContext<'_>,
    vertices: &mut BTreeMap<String, VertexWatcher>,
) -> Vec<VertexPoll> {
    let mut under_way: FuturesUnordered<_> = vertices
        .iter_mut()
        .map(|(id, vertex)| async move { (id, vertex.poll(context).await) })
        .collect();
    let mut polls = BTreeMap::new();
    loop {
        match context.in_time(under_way.next()).await {
            Some(Some((id, Ok(poll)))) => {
                polls.insert(id, poll);
            }
            // The job restarted or ended in between.
            Some(Some((_, Err(error)))) if error.is_gone() => {}
            Some(Some((_, Err(error)))) => events::answer_missing(context.cluster_id, &error),
            Some(None) | None => break,
        }
    }
    polls.into_values().collect()
}

async fn read_options(context: &PollContext<'_>, job_id: &str, cluster: &Options) -> Options {
    let (paths, client) = (format!("/jobs/{job_id}"), context.client);
    let (entries_path, config_path, checkpoints_path) = (
        format!("{paths}/jobmanager/config"),
        format!("{paths}/config"),
        format!("{paths}/checkpoints/config"),
    );
    let (entries, config, checkpoints) = futures::join!(
        client.get_json::<Vec<Entry>>(&entries_path),
        client.get_json::<JobConfig>(&config_path),
        client.get_json::<CheckpointConfig>(&checkpoints_path),
    );
    let mut base = cluster.clone();
    // A job in a cluster of its own may have more options than the cluster tells.
    base.extend(configuration::options(&entries.unwrap_or_default()));
    configuration::effective(
        &base,
        &config.unwrap_or_default(),
        &checkpoints.unwrap_or_default(),
    )
}

fn interval_ms(context: &PollContext<'_>) -> i64 {
    i64::try_from(context.config.snapshot_interval_ms).unwrap_or(i64::MAX)
}
