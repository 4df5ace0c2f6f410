//! One run: submit, plant, see the effect, take it away, and keep the tape with its label.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use streamwarden_proto::scope::Scope;
use streamwarden_proto::tape::{PlantedFault, TapeLabel};
use tokio::time::{Instant, sleep, sleep_until};

use crate::check::Checks;
use crate::cluster::{Cluster, ClusterError};
use crate::control::ControlFile;
use crate::machine;
use crate::recording::{Recording, RecordingError};
use crate::rest::{Rest, RestError};
use crate::scenario::{FaultSpec, Scenario, plain};
use crate::topology::Topology;

/// A job that does not run by then is not the job that was asked for.
const RUNNING_LIMIT: Duration = Duration::from_secs(25);
/// Between two looks at the effect.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// At the end of a healthy run.
const HEALTH_WATCH_S: u64 = 16;
/// A cancelled job that is not gone by then spoils the cluster.
const CANCEL_LIMIT: Duration = Duration::from_secs(20);

/// A job that runs for a scenario.
pub struct Job {
    /// Flink's id.
    pub id: String,
    vertices: BTreeMap<String, String>,
}

/// What a run leaves behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Afterwards {
    /// The job is gone, the cluster fit for the next one.
    Clean,
    /// The job does not end.
    Spoiled,
}

/// Why a run gives no tape.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The planted effect did not show.
    #[error("the effect did not show: {}", .unseen.join("; "))]
    NoEffect {
        /// Checks that stayed false.
        unseen: Vec<String>,
    },
    /// A healthy run was not.
    #[error("the healthy run was not healthy: {0}")]
    NotHealthy(String),
    /// The job does not start.
    #[error("the job was not running after {} s: {state}", RUNNING_LIMIT.as_secs())]
    NotRunning {
        /// What it did instead.
        state: String,
    },
    /// The scenario names a vertex that the job does not have.
    #[error("the job has no vertex {0}")]
    NoVertex(String),
    /// The cluster failed.
    #[error(transparent)]
    Cluster(#[from] ClusterError),
    /// REST failed.
    #[error(transparent)]
    Rest(#[from] RestError),
    /// The tape cannot be written.
    #[error(transparent)]
    Recording(#[from] RecordingError),
    /// The control file or logs cannot be written.
    #[error("cannot write the run's files")]
    Io(#[from] std::io::Error),
}

impl Job {
    /// Flink's id of a vertex; empty if there is none, which gives answers without values.
    #[must_use]
    pub fn vertex(&self, key: &str) -> &str {
        self.vertices.get(key).map_or("", String::as_str)
    }

    /// All vertices.
    pub fn vertex_ids(&self) -> impl Iterator<Item = &str> {
        self.vertices.values().map(String::as_str)
    }
}

/// Runs a scenario on a cluster and writes its tape.
///
/// # Errors
/// [`RunError`]; then there is no tape.
pub async fn record(
    cluster: &mut Cluster,
    jar: &str,
    scenario: &Scenario,
    topology: &Topology,
    tape: &Path,
) -> Result<Afterwards, RunError> {
    cluster.forget_logs()?;
    let control = ControlFile::create(cluster.path("control.properties"), &start_knobs(scenario))?;
    let load_before = machine::load_average();
    let recording = Recording::start(cluster.rest.url(), scenario, &cluster.flink.version)?;
    let started = Instant::now();
    let job = submit(cluster, jar, scenario, topology, &control).await?;
    let outcome = live_through(cluster, scenario, topology, &control, &job, started).await;
    let recorded = recording.stop().await?;
    let ended = end(&cluster.rest, &job).await;
    let (warm_until_ms, faults) = outcome?;
    let label = TapeLabel {
        scenario: scenario.name.clone(),
        topology: scenario.topology.clone(),
        warm_until_ms,
        faults,
        machine_load: (load_before, machine::load_average()),
    };
    recorded.keep(&job.id, label, tape)?;
    Ok(ended)
}

/// A fault that is there from the start is in the control file from the start.
fn start_knobs(scenario: &Scenario) -> crate::scenario::Settings {
    let mut knobs = scenario.knobs.clone();
    if let Some(fault) = scenario.fault.as_ref().filter(|fault| fault.from_start) {
        knobs.extend(fault.knobs.clone());
    }
    knobs
}

async fn submit(
    cluster: &Cluster,
    jar: &str,
    scenario: &Scenario,
    topology: &Topology,
    control: &ControlFile,
) -> Result<Job, RunError> {
    let mut arguments = vec![
        "--topology".to_owned(),
        scenario.topology.clone(),
        "--control".to_owned(),
        control.path().display().to_string(),
    ];
    for (key, value) in &scenario.args {
        arguments.extend([format!("--{key}"), plain(value)]);
    }
    let id = cluster
        .rest
        .submit(jar, &arguments, &scenario.job_config)
        .await?;
    let found = cluster.rest.vertices(&id).await?;
    let mut vertices = BTreeMap::new();
    for (key, name) in &topology.vertices {
        let vertex = found.iter().find(|vertex| &vertex.name == name);
        let vertex = vertex.ok_or_else(|| RunError::NoVertex(name.clone()))?;
        vertices.insert(key.clone(), vertex.id.clone());
    }
    Ok(Job { id, vertices })
}

async fn live_through(
    cluster: &mut Cluster,
    scenario: &Scenario,
    topology: &Topology,
    control: &ControlFile,
    job: &Job,
    started: Instant,
) -> Result<(i64, Vec<PlantedFault>), RunError> {
    let submitted_ms = machine::now_ms();
    let must_run = scenario
        .fault
        .as_ref()
        .is_none_or(|fault| !fault.from_start);
    if must_run {
        wait_until_running(&cluster.rest, &job.id).await?;
    }
    let warm_until_ms = submitted_ms + millis(scenario.timeline.warm_s);
    let faults = match &scenario.fault {
        None => {
            stay_healthy(cluster, scenario, control, job, started).await?;
            Vec::new()
        }
        Some(fault) => {
            let mut planted =
                plant_and_remove(cluster, scenario, fault, control, job, started).await?;
            if fault.from_start {
                planted.planted_at_ms = submitted_ms;
            }
            planted.subject_name = subject_name(fault, topology, &planted.subject_id);
            vec![planted]
        }
    };
    sleep_until(started + Duration::from_secs(scenario.timeline.end_s)).await;
    Ok((warm_until_ms, faults))
}

async fn wait_until_running(rest: &Rest, job: &str) -> Result<(), RunError> {
    let limit = Instant::now() + RUNNING_LIMIT;
    loop {
        let vertices = rest.vertices(job).await?;
        if vertices
            .iter()
            .all(|vertex| vertex.running == vertex.parallelism)
        {
            return Ok(());
        }
        if Instant::now() > limit {
            let state = rest.job_state(job).await?;
            return Err(RunError::NotRunning { state });
        }
        sleep(Duration::from_millis(250)).await;
    }
}

async fn stay_healthy(
    cluster: &Cluster,
    scenario: &Scenario,
    control: &ControlFile,
    job: &Job,
    started: Instant,
) -> Result<(), RunError> {
    if let Some(disturbance) = &scenario.disturbance {
        sleep_until(started + Duration::from_secs(disturbance.at_s)).await;
        control.set(&disturbance.knobs)?;
        sleep(Duration::from_secs(disturbance.for_s)).await;
        control.reset()?;
    }
    let at = |seconds| started + Duration::from_secs(seconds);
    sleep_until(at(scenario.timeline.end_s.saturating_sub(HEALTH_WATCH_S))).await;
    let limits = &scenario.healthy;
    crate::evidence::of_health(&cluster.rest, job, limits, at(scenario.timeline.end_s))
        .await?
        .map_or(Ok(()), |reason| Err(RunError::NotHealthy(reason)))
}

async fn plant_and_remove(
    cluster: &mut Cluster,
    scenario: &Scenario,
    fault: &FaultSpec,
    control: &ControlFile,
    job: &Job,
    started: Instant,
) -> Result<PlantedFault, RunError> {
    let at = |seconds| started + Duration::from_secs(seconds);
    if !fault.from_start {
        sleep_until(at(scenario.timeline.plant_s)).await;
    }
    let host = host(&cluster.rest, fault, job).await?;
    let planted_at_ms = machine::now_ms();
    control.set(&fault.knobs)?;
    if let Some(action) = fault.action {
        action
            .plant(cluster, host.as_deref().unwrap_or_default())
            .await?;
    }
    let removal = at(scenario.timeline.remove_s.min(scenario.timeline.end_s));
    let effect_at_ms = watch(cluster, fault, job, host.clone(), removal).await?;
    sleep_until(removal).await;
    let removed = scenario.timeline.remove_s < scenario.timeline.end_s;
    if removed {
        control.reset()?;
        if let Some(action) = fault.action {
            action
                .remove(cluster, host.as_deref().unwrap_or_default())
                .await?;
        }
    }
    Ok(PlantedFault {
        slug: fault.slug.clone(),
        scope: fault.scope,
        subject_id: subject_id(fault, job, host),
        subject_name: String::new(),
        strength: fault.strength.clone(),
        planted_at_ms,
        effect_at_ms,
        removed_at_ms: removed.then(machine::now_ms),
    })
}

/// Looks until everything was seen, at most until the fault is to be taken away.
async fn watch(
    cluster: &Cluster,
    fault: &FaultSpec,
    job: &Job,
    host: Option<String>,
    until: Instant,
) -> Result<i64, RunError> {
    let mut checks = Checks::new(&fault.check, host, machine::now_ms());
    loop {
        checks.look(&cluster.rest, job, machine::now_ms()).await;
        if checks.all_seen() {
            return Ok(machine::now_ms());
        }
        if Instant::now() + LOOK_EVERY > until {
            return Err(RunError::NoEffect {
                unseen: checks.unseen(),
            });
        }
        sleep(LOOK_EVERY).await;
    }
}

async fn host(rest: &Rest, fault: &FaultSpec, job: &Job) -> Result<Option<String>, RunError> {
    match (fault.scope, &fault.vertex) {
        (Scope::TaskManager, Some(vertex)) => Ok(rest
            .host_of(&job.id, job.vertex(vertex), fault.subtask)
            .await?),
        _ => Ok(None),
    }
}

fn subject_id(fault: &FaultSpec, job: &Job, host: Option<String>) -> String {
    match (fault.scope, &fault.vertex) {
        (Scope::Vertex, Some(vertex)) => job.vertex(vertex).to_owned(),
        (Scope::TaskManager, _) => host.unwrap_or_default(),
        (Scope::Job, _) => job.id.clone(),
        _ => String::new(),
    }
}

fn subject_name(fault: &FaultSpec, topology: &Topology, id: &str) -> String {
    match (fault.scope, &fault.vertex) {
        (Scope::Vertex, Some(key)) => topology.vertices.get(key).cloned().unwrap_or_default(),
        (Scope::Job, _) => topology.job.clone(),
        _ => id.to_owned(),
    }
}

/// Cancels the job and waits until it is gone; a heap that is full may keep it for long.
async fn end(rest: &Rest, job: &Job) -> Afterwards {
    let limit = Instant::now() + CANCEL_LIMIT;
    // A job that has failed for good cannot be cancelled, and need not be.
    let refused = rest.cancel(&job.id).await.is_err();
    while Instant::now() < limit {
        match rest.job_state(&job.id).await.as_deref() {
            Ok("CANCELED" | "FAILED" | "FINISHED") | Err(_) => return Afterwards::Clean,
            Ok(_) if refused => return Afterwards::Spoiled,
            Ok(_) => sleep(Duration::from_millis(250)).await,
        }
    }
    Afterwards::Spoiled
}

fn millis(seconds: u64) -> i64 {
    i64::try_from(seconds.saturating_mul(1_000)).unwrap_or(i64::MAX)
}
