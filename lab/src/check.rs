//! Independent checks: does Flink itself show the effect of what was planted?
//!
//! They ask REST directly and share no code with the features that a model learns from.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::cluster::Kills;
use crate::rates::Rates;
use crate::rest::{Rest, RestError, items, number};
use crate::run::Job;

/// What must be seen. A check that was true once stays true.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Check {
    /// The time that a vertex's subtasks spend busy, backpressured or idle, in ms/s.
    Time {
        /// Key of the vertex.
        vertex: String,
        /// Spent how.
        spent: Spent,
        /// How the subtasks count.
        #[serde(default)]
        over: Over,
        /// At least this.
        at_least: f64,
    },
    /// A figure over a vertex's subtasks reaches a value.
    Metric {
        /// Key of the vertex.
        vertex: String,
        /// Flink's name of it.
        metric: String,
        /// How the subtasks count.
        #[serde(default)]
        over: Over,
        /// At least this.
        at_least: f64,
    },
    /// A figure grew by so much since planting.
    MetricGrows {
        /// Key of the vertex.
        vertex: String,
        /// Flink's name of it.
        metric: String,
        /// By how much, summed over subtasks.
        by: f64,
    },
    /// The lowest input watermark of a vertex moved less than `ms` in the last `for_s` seconds.
    WatermarkStands {
        /// Key of the vertex.
        vertex: String,
        /// Seconds.
        for_s: u64,
    },
    /// Every vertex is idle at least so many ms/s.
    AllIdle {
        /// In ms/s.
        at_least: f64,
    },
    /// The exception history holds a text.
    Exception {
        /// Part of a stack trace.
        contains: String,
    },
    /// A log of the JobManager or a TaskManager says.
    Log {
        /// Part of a line.
        contains: String,
    },
    /// Flink refused the job, saying.
    Refused {
        /// Part of its answer.
        contains: String,
    },
    /// A figure, summed over subtasks, has not moved for some time.
    MetricStands {
        /// Key of the vertex.
        vertex: String,
        /// Flink's name of it.
        metric: String,
        /// Seconds.
        for_s: u64,
    },
    /// The job was restarted so often since planting.
    Restarts {
        /// Restarts.
        at_least: u64,
    },
    /// The kernel ended the TaskManager at fault at its container's limit, and counted that.
    KilledAtLimit,
    /// Fewer TaskManagers are registered.
    TaskmanagersBelow {
        /// Number.
        count: usize,
    },
    /// Checkpoints failed since planting.
    CheckpointsFailed {
        /// Number.
        at_least: u64,
    },
    /// The latest failed checkpoint says.
    CheckpointFailure {
        /// Part of the message.
        contains: String,
    },
    /// A completed checkpoint took so long.
    CheckpointTook {
        /// In ms.
        at_least_ms: f64,
    },
    /// The newest completed checkpoint is so much larger than the first seen.
    StateGrows {
        /// In bytes.
        by_bytes: f64,
    },
    /// The TaskManager at fault spends so much of its time in garbage collection.
    GarbageCollection {
        /// Share of the time since planting, 0 to 1.
        share: f64,
    },
    /// The TaskManagers together keep so many cores busy: a step that computes, on a machine that lets it.
    CpuUsed {
        /// Cores.
        cores: f64,
    },
    /// The TaskManager at fault uses so much of its heap.
    HeapUsed {
        /// Share, 0 to 1.
        share: f64,
    },
    /// The TaskManager at fault has taken so much of the metaspace that it may have.
    MetaspaceTaken {
        /// Share, 0 to 1.
        share: f64,
    },
}

/// How a task spends its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Spent {
    /// With work.
    Busy,
    /// Waiting for whoever comes after it.
    Backpressured,
    /// Waiting for input.
    Idle,
}

impl Spent {
    /// Flink's counter of it, in ms.
    #[must_use]
    pub fn counter(self) -> &'static str {
        match self {
            Self::Busy => "accumulateBusyTimeMs",
            Self::Backpressured => "accumulateBackPressuredTimeMs",
            Self::Idle => "accumulateIdleTimeMs",
        }
    }
}

/// How the subtasks of a vertex make one figure.
#[derive(Debug, Clone, Copy, PartialEq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Over {
    /// The largest.
    #[default]
    Max,
    /// The smallest.
    Min,
    /// The mean.
    Mean,
    /// The largest less the smallest.
    Spread,
}

impl Check {
    /// Vertex key that the check names.
    #[must_use]
    pub fn vertex(&self) -> Option<&str> {
        match self {
            Self::Time { vertex, .. }
            | Self::Metric { vertex, .. }
            | Self::MetricGrows { vertex, .. }
            | Self::MetricStands { vertex, .. }
            | Self::WatermarkStands { vertex, .. } => Some(vertex),
            _ => None,
        }
    }
}

/// All checks of one fault, with what they have seen so far.
pub struct Checks<'a> {
    states: Vec<State<'a>>,
    host: Host,
}

/// The TaskManager at fault, if one is.
#[derive(Debug, Clone, Default)]
pub struct Host {
    /// At REST.
    pub id: Option<String>,
    /// What the kernel counts of its container, if it runs in one.
    pub kills: Option<Kills>,
}

impl Host {
    /// The kernel ended it at its limit.
    fn was_killed(&self) -> bool {
        match self.kills.as_ref().map(Kills::count) {
            Some(Ok(count)) => count > 0,
            Some(Err(error)) => {
                tracing::debug!(%error, "nobody tells whom the kernel killed");
                false
            }
            None => false,
        }
    }
}

struct State<'a> {
    check: &'a Check,
    seen: bool,
    first: Option<f64>,
    since_ms: i64,
    rates: BTreeMap<String, Rates>,
}

impl<'a> Checks<'a> {
    /// Starts watching.
    #[must_use]
    pub fn new(checks: &'a [Check], host: Host, now_ms: i64) -> Self {
        let start = |check| State {
            check,
            seen: false,
            first: None,
            since_ms: now_ms,
            rates: BTreeMap::new(),
        };
        Self {
            states: checks.iter().map(start).collect(),
            host,
        }
    }

    /// Looks once more. An answer that does not come is no evidence.
    pub async fn look(&mut self, rest: &Rest, job: &Job, now_ms: i64) {
        let host = &self.host;
        for state in self.states.iter_mut().filter(|state| !state.seen) {
            match state.look(rest, job, host, now_ms).await {
                Ok(seen) => state.seen = seen,
                Err(error) => tracing::debug!(%error, "check has no answer"),
            }
        }
    }

    /// All effects were seen.
    #[must_use]
    pub fn all_seen(&self) -> bool {
        self.states.iter().all(|state| state.seen)
    }

    /// What was not seen, for people.
    #[must_use]
    pub fn unseen(&self) -> Vec<String> {
        let unseen = self.states.iter().filter(|state| !state.seen);
        unseen
            .map(|state| format!("{:?} (last value {:?})", state.check, state.first))
            .collect()
    }
}

impl State<'_> {
    async fn look(
        &mut self,
        rest: &Rest,
        job: &Job,
        host: &Host,
        now_ms: i64,
    ) -> Result<bool, RestError> {
        let check = self.check;
        let host_id = host.id.as_deref().unwrap_or_default();
        match check {
            Check::Time {
                vertex,
                spent,
                over,
                at_least,
            } => {
                let counter = spent.counter();
                let values = rest
                    .subtask_metric(&job.id, job.vertex(vertex), counter)
                    .await?;
                let rates = self.rates(vertex, values, now_ms);
                Ok(self.reaches(fold(*over, &rates), *at_least))
            }
            Check::Metric {
                vertex,
                metric,
                over,
                at_least,
            } => {
                let values = rest
                    .subtask_metric(&job.id, job.vertex(vertex), metric)
                    .await?;
                Ok(self.reaches(fold(*over, &values), *at_least))
            }
            Check::MetricGrows { vertex, metric, by } => {
                let values = rest
                    .subtask_metric(&job.id, job.vertex(vertex), metric)
                    .await?;
                Ok(self.growth(values.iter().sum()) >= *by)
            }
            Check::WatermarkStands { vertex, for_s } => {
                let lowest = lowest_watermark(rest, job, vertex).await?;
                Ok(self.stands(lowest, now_ms) >= i64::try_from(*for_s).unwrap_or(0) * 1_000)
            }
            Check::AllIdle { at_least } => self.all_idle(rest, job, *at_least, now_ms).await,
            Check::Exception { contains } => {
                let path = format!("/jobs/{}/exceptions", job.id);
                Ok(rest.get(&path).await?.to_string().contains(contains))
            }
            Check::Log { contains } => logs_contain(rest, contains).await,
            Check::Refused { contains } => {
                let refusal = job.refusal.as_deref();
                Ok(refusal.is_some_and(|answer| answer.contains(contains)))
            }
            Check::MetricStands {
                vertex,
                metric,
                for_s,
            } => {
                let values = rest
                    .subtask_metric(&job.id, job.vertex(vertex), metric)
                    .await?;
                let stood_ms = self.stands(values.iter().sum(), now_ms);
                Ok(!values.is_empty() && stood_ms >= i64::try_from(*for_s).unwrap_or(0) * 1_000)
            }
            Check::Restarts { at_least } => Ok(rest.restarts(&job.id).await? >= *at_least as f64),
            Check::KilledAtLimit => Ok(host.was_killed()),
            Check::TaskmanagersBelow { count } => Ok(rest.taskmanagers().await?.len() < *count),
            Check::CheckpointsFailed { at_least } => {
                let failed = number(&checkpoints(rest, job).await?["counts"]["failed"]);
                Ok(self.growth(failed) >= *at_least as f64)
            }
            Check::CheckpointFailure { contains } => {
                let failed = &checkpoints(rest, job).await?["latest"]["failed"];
                Ok(failed.to_string().contains(contains))
            }
            Check::CheckpointTook { at_least_ms } => {
                let took =
                    &checkpoints(rest, job).await?["latest"]["completed"]["end_to_end_duration"];
                self.first = Some(number(took));
                Ok(number(took) >= *at_least_ms)
            }
            Check::StateGrows { by_bytes } => {
                let size = &checkpoints(rest, job).await?["latest"]["completed"]["state_size"];
                Ok(self.growth(number(size)) >= *by_bytes)
            }
            Check::GarbageCollection { share } => {
                let spent = garbage_collection_ms(rest, host_id).await?;
                let rates = self.rates("", vec![spent], now_ms);
                Ok(self.reaches(fold(Over::Max, &rates), share * 1_000.0))
            }
            Check::CpuUsed { cores } => {
                let used = cpu_ms(rest).await?;
                let rates = self.rates("", vec![used], now_ms);
                Ok(self.reaches(fold(Over::Max, &rates), cores * 1_000.0))
            }
            Check::HeapUsed { share } => {
                let used = memory_share(rest, host_id, "Heap.Used", "Heap.Max").await?;
                self.first = Some(used);
                Ok(used >= *share)
            }
            Check::MetaspaceTaken { share } => {
                let taken =
                    memory_share(rest, host_id, "Metaspace.Committed", "Metaspace.Max").await?;
                self.first = Some(taken);
                Ok(taken >= *share)
            }
        }
    }

    /// Remembers a value for the report, and compares it.
    fn reaches(&mut self, value: Option<f64>, at_least: f64) -> bool {
        self.first = value.or(self.first);
        value.is_some_and(|value| value >= at_least)
    }

    fn rates(&mut self, of: &str, values: Vec<f64>, now_ms: i64) -> Vec<f64> {
        let rates = self.rates.entry(of.to_owned()).or_default();
        rates.add(now_ms, values);
        rates.per_second().unwrap_or_default()
    }

    async fn all_idle(
        &mut self,
        rest: &Rest,
        job: &Job,
        at_least: f64,
        now_ms: i64,
    ) -> Result<bool, RestError> {
        let mut all = true;
        for vertex in job.vertex_ids() {
            let values = rest
                .subtask_metric(&job.id, vertex, Spent::Idle.counter())
                .await?;
            let rates = self.rates(vertex, values, now_ms);
            all &= self.reaches(fold(Over::Min, &rates), at_least);
        }
        Ok(all)
    }

    /// How much a value grew since it was first seen.
    fn growth(&mut self, value: f64) -> f64 {
        if value.is_nan() {
            return 0.0;
        }
        value - *self.first.get_or_insert(value)
    }

    /// For how long a value has not moved.
    fn stands(&mut self, value: f64, now_ms: i64) -> i64 {
        if self.first != Some(value) {
            self.first = Some(value);
            self.since_ms = now_ms;
        }
        now_ms - self.since_ms
    }
}

fn fold(over: Over, values: &[f64]) -> Option<f64> {
    let max = values.iter().copied().reduce(f64::max)?;
    let min = values.iter().copied().reduce(f64::min)?;
    Some(match over {
        Over::Max => max,
        Over::Min => min,
        Over::Mean => values.iter().sum::<f64>() / values.len() as f64,
        Over::Spread => max - min,
    })
}

async fn logs_contain(rest: &Rest, text: &str) -> Result<bool, RestError> {
    if rest.text("/jobmanager/log").await?.contains(text) {
        return Ok(true);
    }
    for id in rest.taskmanagers().await? {
        if rest
            .text(&format!("/taskmanagers/{id}/log"))
            .await?
            .contains(text)
        {
            return Ok(true);
        }
    }
    Ok(false)
}

async fn checkpoints(rest: &Rest, job: &Job) -> Result<Value, RestError> {
    rest.get(&format!("/jobs/{}/checkpoints", job.id)).await
}

async fn lowest_watermark(rest: &Rest, job: &Job, vertex: &str) -> Result<f64, RestError> {
    let path = format!(
        "/jobs/{}/vertices/{}/watermarks",
        job.id,
        job.vertex(vertex)
    );
    let answer = rest.get(&path).await?;
    let values = items(&answer).map(|entry| number(&entry["value"]));
    Ok(values.fold(f64::INFINITY, f64::min))
}

async fn garbage_collection_ms(rest: &Rest, taskmanager: &str) -> Result<f64, RestError> {
    let name = "Status.JVM.GarbageCollector.All.Time";
    let metrics = rest.taskmanager_metrics(taskmanager, &[name]).await?;
    Ok(metrics.get(name).copied().unwrap_or(f64::NAN))
}

/// Processor time of all TaskManagers, in ms.
async fn cpu_ms(rest: &Rest) -> Result<f64, RestError> {
    let name = "Status.JVM.CPU.Time";
    let mut nanoseconds = 0.0;
    for id in rest.taskmanagers().await? {
        let metrics = rest.taskmanager_metrics(&id, &[name]).await?;
        nanoseconds += metrics.get(name).copied().unwrap_or(f64::NAN);
    }
    Ok(nanoseconds / 1e6)
}

async fn memory_share(
    rest: &Rest,
    taskmanager: &str,
    part: &str,
    whole: &str,
) -> Result<f64, RestError> {
    let names = [part, whole].map(|name| format!("Status.JVM.Memory.{name}"));
    let names = names.each_ref().map(String::as_str);
    let metrics = rest.taskmanager_metrics(taskmanager, &names).await?;
    let value = |name| metrics.get(name).copied().unwrap_or(f64::NAN);
    Ok(value(names[0]) / value(names[1]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subtasks_make_one_figure() {
        let values = [100.0, 900.0, 200.0];
        assert_eq!(fold(Over::Max, &values), Some(900.0));
        assert_eq!(fold(Over::Min, &values), Some(100.0));
        assert_eq!(fold(Over::Mean, &values), Some(400.0));
        assert_eq!(fold(Over::Spread, &values), Some(800.0));
        assert_eq!(fold(Over::Max, &[]), None);
    }

    #[test]
    fn a_value_stands_only_as_long_as_it_does_not_move() {
        let check = Check::AllIdle { at_least: 1.0 };
        let mut state = State {
            check: &check,
            seen: false,
            first: None,
            since_ms: 0,
            rates: BTreeMap::new(),
        };
        assert_eq!(state.stands(5.0, 1_000), 0);
        assert_eq!(state.stands(5.0, 4_000), 3_000);
        assert_eq!(state.stands(6.0, 5_000), 0);
    }

    #[tokio::test]
    async fn a_flink_that_has_died_is_no_evidence_for_anything() {
        let [port] = crate::machine::free_ports().unwrap();
        let rest = Rest::new(&format!("http://127.0.0.1:{port}"));
        let checks = [
            Check::Restarts { at_least: 0 },
            Check::TaskmanagersBelow { count: 3 },
            Check::KilledAtLimit,
            Check::Log {
                contains: String::new(),
            },
        ];
        let mut watched = Checks::new(&checks, Host::default(), 0);
        watched.look(&rest, &Job::default(), 1).await;
        assert_eq!(watched.unseen().len(), checks.len());
    }

    #[test]
    fn growth_counts_from_the_first_value_and_ignores_missing_ones() {
        let check = Check::AllIdle { at_least: 1.0 };
        let mut state = State {
            check: &check,
            seen: false,
            first: None,
            since_ms: 0,
            rates: BTreeMap::new(),
        };
        assert_eq!(state.growth(f64::NAN), 0.0);
        assert_eq!(state.growth(10.0), 0.0);
        assert_eq!(state.growth(25.0), 15.0);
    }
}
