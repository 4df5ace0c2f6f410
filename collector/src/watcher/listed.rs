//! Metrics that are listed once and then asked for by name.
//!
//! Asking for everything would move a hundred times more than is needed. The list of a new task is empty or incomplete for
//! some seconds, and operators register metrics late; so the list is read again, soon at first and rarely later.

use futures::future::join_all;
use tokio::time::{Duration, Instant};

use super::context::PollContext;
use crate::convert::metrics::{GroupBuilder, split_id};
use crate::flink::answers::metrics::Metric;
use crate::flink::{RestError, client, query, wanted};

/// While a task is young, its list is read again this often.
const YOUNG_RELIST: Duration = Duration::from_secs(10);
/// A task is young for this long.
const YOUNG: Duration = Duration::from_secs(60);
/// Later it is read this often.
const OLD_RELIST: Duration = Duration::from_secs(120);

/// Whose metrics they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Owner {
    Vertex,
    Job,
    Process,
}

/// The list of one vertex, job or process.
pub(super) struct ListedMetrics {
    owner: Owner,
    path: String,
    /// Attempts of the subtasks: with new ones the list starts over.
    attempts: Vec<u32>,
    since: Instant,
    next_listing: Instant,
    requests: Vec<String>,
}

impl ListedMetrics {
    pub(super) fn new(owner: Owner, path: String) -> Self {
        let now = Instant::now();
        Self {
            owner,
            path,
            attempts: Vec::new(),
            since: now,
            next_listing: now,
            requests: Vec::new(),
        }
    }

    /// Starts over if the subtasks are others than at the last listing.
    pub(super) fn follow(&mut self, attempts: Vec<u32>) {
        if self.attempts != attempts {
            self.attempts = attempts;
            self.since = Instant::now();
            self.next_listing = self.since;
        }
    }

    /// Asks for the values and adds them to `group`. Part of them may be missing without an error.
    pub(super) async fn read(
        &mut self,
        context: &PollContext<'_>,
        group: &mut GroupBuilder,
    ) -> Result<(), RestError> {
        if Instant::now() >= self.next_listing {
            self.list(context).await?;
        }
        let answers = join_all(self.requests.iter().map(|path| context.client.get(path))).await;
        let mut failed = None;
        for (path, answer) in self.requests.iter().zip(answers) {
            let added = answer.and_then(|body| self.add(path, &body, group));
            failed = added.err().or(failed);
        }
        failed.map_or(Ok(()), Err)
    }

    fn add(&self, path: &str, body: &[u8], group: &mut GroupBuilder) -> Result<(), RestError> {
        let metrics: Vec<Metric<'_>> = client::parse(path, body)?;
        match self.owner {
            Owner::Vertex => group.add_subtask_metrics(&metrics),
            Owner::Job | Owner::Process => group.add_metrics(&metrics),
        }
        Ok(())
    }

    async fn list(&mut self, context: &PollContext<'_>) -> Result<(), RestError> {
        let body = context.client.get(&self.path).await?;
        let listed: Vec<Metric<'_>> = client::parse(&self.path, &body)?;
        let mut ids = self.wanted(&listed);
        ids.truncate(context.config.max_metric_ids_per_vertex);
        self.requests = query::metric_paths(&self.path, context.client.base().len(), ids);
        let now = Instant::now();
        self.next_listing = match (self.requests.is_empty(), now - self.since < YOUNG) {
            (true, _) => now,
            (false, true) => now + YOUNG_RELIST,
            (false, false) => now + OLD_RELIST,
        };
        Ok(())
    }

    /// The most important first.
    fn wanted<'a>(&self, listed: &'a [Metric<'_>]) -> Vec<&'a str> {
        let ids = listed.iter().map(|metric| metric.id.as_ref());
        match self.owner {
            Owner::Job => ids.filter(|id| wanted::job_metric(id)).collect(),
            Owner::Process => ids.filter(|id| wanted::process_metric(id)).collect(),
            Owner::Vertex => {
                let ranked = |id: &'a str| {
                    let (subtask, name) = split_id(id)?;
                    Some((wanted::vertex_metric(name)?, name, subtask, id))
                };
                let mut ranked: Vec<_> = ids.filter_map(ranked).collect();
                ranked.sort_unstable();
                ranked.into_iter().map(|(.., id)| id).collect()
            }
        }
    }
}
