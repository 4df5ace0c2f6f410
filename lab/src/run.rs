//! One run: submit, plant, see the effect, take it away, and keep the tape with its label.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use streamwarden_proto::tape::{PlantedFault, TapeLabel};
use tokio::time::{Instant, sleep, sleep_until};

use crate::cluster::{Cluster, ClusterError};
use crate::control::ControlFile;
use crate::kernel_log::KernelLog;
use crate::machine;
use crate::planting;
use crate::recording::{Recording, RecordingError};
use crate::rest::{Rest, RestError, Submission};
use crate::scenario::{Before, Scenario, plain};
use crate::topology::{Topology, fits};

/// A job that does not run by then is not the job that was asked for.
const RUNNING_LIMIT: Duration = Duration::from_secs(40);
/// At the end of a healthy run.
const HEALTH_WATCH_S: u64 = 16;
/// A cancelled job that is not gone by then spoils the cluster.
const CANCEL_LIMIT: Duration = Duration::from_secs(20);

/// A job that runs for a scenario, or was refused.
#[derive(Debug, Default)]
pub struct Job {
    /// Flink's id; empty if there is none.
    pub id: String,
    /// What Flink said when it refused the job.
    pub refusal: Option<String>,
    /// Key to id and name in Flink.
    vertices: BTreeMap<String, (String, String)>,
}

/// When a job came to be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Started {
    /// Before Flink was asked for it.
    pub(crate) submitted_ms: i64,
    /// When Flink had answered: the scenario's clock starts here, however long that took.
    pub(crate) at: Instant,
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
    #[error("the job has no vertex {wanted}, but {}", .found.join(", "))]
    NoVertex {
        /// The name, or what it must fit.
        wanted: String,
        /// Those that it has.
        found: Vec<String>,
    },
    /// The release before could not be started.
    #[error("the job was refused: {0}")]
    Refused(String),
    /// The cluster failed.
    #[error(transparent)]
    Cluster(#[from] ClusterError),
    /// REST failed.
    #[error(transparent)]
    Rest(#[from] RestError),
    /// The tape cannot be written.
    #[error(transparent)]
    Recording(#[from] RecordingError),
    /// The control file or logs cannot be written, or the kernel's log not be read.
    #[error("cannot write the run's files, or read the kernel's log")]
    Io(#[from] std::io::Error),
}

impl Job {
    /// Flink's id of a vertex; empty if there is none, which gives answers without values.
    #[must_use]
    pub fn vertex(&self, key: &str) -> &str {
        self.vertices.get(key).map_or("", |(id, _)| id)
    }

    /// Its name in Flink.
    #[must_use]
    pub fn vertex_name(&self, key: &str) -> &str {
        self.vertices.get(key).map_or("", |(_, name)| name)
    }

    /// All vertices.
    pub fn vertex_ids(&self) -> impl Iterator<Item = &str> {
        self.vertices.values().map(|(id, _)| id.as_str())
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
    let control = ControlFile::create(cluster.path("control.properties"), &start_knobs(scenario))?;
    let savepoint = match &scenario.before {
        Some(before) => Some(live_before(cluster, jar, scenario, before, &control).await?),
        None => scenario.restore_from.clone(),
    };
    cluster.forget_logs()?;
    let load_before = machine::load_average();
    let kernel = cluster.follow_kernel()?;
    let recording = Recording::start(
        cluster.rest.url(),
        scenario,
        &cluster.flink.version,
        kernel.as_ref().map(KernelLog::folder),
    )?;
    let submitted_ms = machine::now_ms();
    let job = match submit(cluster, jar, scenario, &control, savepoint.as_deref()).await? {
        Ok(id) => Job {
            vertices: vertices(&cluster.rest, &id, scenario, topology).await?,
            refusal: None,
            id,
        },
        Err(refused) => refused,
    };
    let started = Started {
        submitted_ms,
        at: Instant::now(),
    };
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
        for one in fault.all() {
            knobs.extend(one.knobs.clone());
        }
    }
    knobs
}

/// Runs the release that was there before, without any fault, and answers where its savepoint lies.
async fn live_before(
    cluster: &Cluster,
    jar: &str,
    scenario: &Scenario,
    before: &Before,
    control: &ControlFile,
) -> Result<String, RunError> {
    let mut earlier = scenario.clone();
    earlier.args.extend(before.args.clone());
    earlier.job_config.extend(before.job_config.clone());
    earlier.fault = None;
    let submitted = submit(cluster, jar, &earlier, control, None).await?;
    let id = submitted.map_err(|refused| RunError::Refused(refused.refusal.unwrap_or_default()))?;
    wait_until_running(&cluster.rest, &id).await?;
    sleep(Duration::from_secs(before.run_s)).await;
    let folder = format!("file://{}", cluster.path("savepoints").display());
    Ok(cluster.rest.stop_with_savepoint(&id, &folder).await?)
}

/// Flink's id of the job, or the job as far as there is one where the scenario wants it to be refused.
async fn submit(
    cluster: &Cluster,
    jar: &str,
    scenario: &Scenario,
    control: &ControlFile,
    savepoint: Option<&str>,
) -> Result<Result<String, Job>, RunError> {
    let mut arguments = vec![
        "--topology".to_owned(),
        scenario.topology.clone(),
        "--control".to_owned(),
        control.path().display().to_string(),
    ];
    for (key, value) in cluster.surroundings() {
        arguments.extend([format!("--{key}"), value]);
    }
    for (key, value) in &scenario.args {
        arguments.extend([format!("--{key}"), plain(value)]);
    }
    let what = Submission {
        jar,
        entry_class: scenario.entry_class.as_deref(),
        arguments: &arguments,
        config: &scenario.job_config,
        savepoint,
    };
    let since_ms = machine::now_ms();
    let may_be_refused = scenario.fault.as_ref().is_some_and(|fault| fault.refused);
    match cluster.rest.submit(&what).await {
        Ok(id) => Ok(Ok(id)),
        Err(RestError::Refused { answer, .. }) if may_be_refused => Ok(Err(Job {
            id: cluster.rest.newest_job(since_ms).await?.unwrap_or_default(),
            refusal: Some(answer),
            vertices: BTreeMap::new(),
        })),
        Err(error) => Err(error.into()),
    }
}

async fn vertices(
    rest: &Rest,
    job: &str,
    scenario: &Scenario,
    topology: &Topology,
) -> Result<BTreeMap<String, (String, String)>, RunError> {
    // A job that fails while it starts may never show its vertices.
    let may_fail = scenario.fault.as_ref().is_some_and(|fault| fault.refused);
    // A job that is being initialised does not show them yet.
    let limit = Instant::now() + RUNNING_LIMIT;
    let mut found = rest.vertices(job).await?;
    while found.is_empty() && Instant::now() < limit {
        sleep(Duration::from_millis(250)).await;
        found = rest.vertices(job).await?;
    }
    let mut vertices = BTreeMap::new();
    for (key, name) in &topology.vertices {
        match found.iter().find(|vertex| fits(name, &vertex.name)) {
            Some(vertex) => {
                vertices.insert(key.clone(), (vertex.id.clone(), vertex.name.clone()));
            }
            None if may_fail => {}
            None => {
                return Err(RunError::NoVertex {
                    wanted: name.clone(),
                    found: found.iter().map(|vertex| vertex.name.clone()).collect(),
                });
            }
        }
    }
    Ok(vertices)
}

async fn live_through(
    cluster: &mut Cluster,
    scenario: &Scenario,
    topology: &Topology,
    control: &ControlFile,
    job: &Job,
    started: Started,
) -> Result<(i64, Vec<PlantedFault>), RunError> {
    let Started { submitted_ms, at } = started;
    let must_run = scenario
        .fault
        .as_ref()
        .is_none_or(|fault| !fault.from_start && !fault.refused);
    if must_run {
        wait_until_running(&cluster.rest, &job.id).await?;
    }
    let warm_until_ms = submitted_ms + millis(scenario.timeline.warm_s);
    let faults = match &scenario.fault {
        None => {
            stay_healthy(cluster, scenario, control, job, at).await?;
            Vec::new()
        }
        Some(fault) => {
            planting::plant_and_remove(cluster, scenario, fault, topology, control, job, started)
                .await?
        }
    };
    sleep_until(at + Duration::from_secs(scenario.timeline.end_s)).await;
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
        if let Some(parallelism) = disturbance.rescale_to {
            cluster.rest.rescale(&job.id, parallelism).await?;
        }
        sleep(Duration::from_secs(disturbance.for_s)).await;
        control.reset()?;
    }
    let at = |seconds| started + Duration::from_secs(seconds);
    sleep_until(at(scenario.timeline.end_s.saturating_sub(HEALTH_WATCH_S))).await;
    let limits = &scenario.healthy;
    let asked = scenario.disturbance.as_ref().and_then(|one| one.rescale_to);
    if let Some(reason) = crate::evidence::of_rescale(&cluster.rest, job, asked).await? {
        return Err(RunError::NotHealthy(reason));
    }
    crate::evidence::of_health(&cluster.rest, job, limits, at(scenario.timeline.end_s))
        .await?
        .map_or(Ok(()), |reason| Err(RunError::NotHealthy(reason)))
}

/// Cancels the job and waits until it is gone; a heap that is full may keep it for long.
async fn end(rest: &Rest, job: &Job) -> Afterwards {
    if job.id.is_empty() {
        return Afterwards::Clean;
    }
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
