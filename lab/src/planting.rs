//! Plants what a scenario says, sees by itself that it shows, takes it away again, and makes the label of it.

use std::time::Duration;

use streamwarden_proto::scope::Scope;
use streamwarden_proto::tape::PlantedFault;
use tokio::time::{Instant, sleep, sleep_until};

use crate::check::{Checks, Host};
use crate::cluster::Cluster;
use crate::control::ControlFile;
use crate::machine;
use crate::plant::Target;
use crate::rest::{Rest, root_cause};
use crate::run::{Job, RunError, Started};
use crate::scenario::{FaultSpec, Scenario, Settings};
use crate::topology::Topology;

/// Between two looks at the effect.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Plants a fault and what goes with it; the labels are in the order of [`FaultSpec::all`].
pub(crate) async fn plant_and_remove(
    cluster: &mut Cluster,
    scenario: &Scenario,
    fault: &FaultSpec,
    topology: &Topology,
    control: &ControlFile,
    job: &Job,
    started: Started,
) -> Result<Vec<PlantedFault>, RunError> {
    let timeline = &scenario.timeline;
    let at = |seconds| started.at + Duration::from_secs(seconds);
    let is_there_already = fault.from_start || fault.refused;
    if !is_there_already {
        sleep_until(at(timeline.plant_s)).await;
        // On a machine that is too busy the effect may come by itself: then the label would be wrong.
        let restarts = cluster.rest.restarts(&job.id).await?;
        if restarts > 0.0 {
            let reason = format!("{restarts} restarts before anything was planted");
            return Err(RunError::NotHealthy(reason));
        }
    }
    let mut targets = Vec::new();
    for one in fault.all() {
        targets.push(target(&cluster.rest, one, job).await?);
    }
    let planted_at_ms = match is_there_already {
        true => started.submitted_ms,
        false => machine::now_ms(),
    };
    let knobs: Settings = fault.all().flat_map(|one| one.knobs.clone()).collect();
    control.set(&knobs)?;
    for (one, target) in fault.all().zip(&targets) {
        if let Some(action) = one.action {
            action.plant(cluster, target).await?;
        }
    }
    let end = at(timeline.end_s);
    let removal = at(timeline.remove_s).min(end);
    let mut seen = Vec::new();
    if !fault.shows_when_removed {
        seen = watch(cluster, fault, &targets, job, removal).await?;
    }
    sleep_until(removal).await;
    let removed = removal < end;
    if removed {
        control.reset()?;
        for (one, target) in fault.all().zip(&targets) {
            if let Some(action) = one.action {
                action.remove(cluster, target).await?;
            }
        }
    }
    let removed_at_ms = removed.then(machine::now_ms);
    if fault.shows_when_removed {
        seen = watch(cluster, fault, &targets, job, end).await?;
    }
    let labels = fault.all().zip(targets).zip(seen);
    Ok(labels
        .map(|((one, target), effect_at_ms)| {
            let subject_id = subject_id(one, scenario, job, target);
            PlantedFault {
                slug: one.slug.clone(),
                scope: one.scope,
                subject_name: subject_name(one, topology, job, &subject_id),
                subject_id,
                strength: one.strength.clone(),
                planted_at_ms,
                effect_at_ms,
                removed_at_ms,
            }
        })
        .collect())
}

/// Looks until everything was seen of every fault, and answers when.
async fn watch(
    cluster: &Cluster,
    fault: &FaultSpec,
    targets: &[Target],
    job: &Job,
    until: Instant,
) -> Result<Vec<i64>, RunError> {
    let start = |(one, target): (&FaultSpec, &Target)| {
        let id = target.taskmanager.clone();
        let kills = id.as_deref().and_then(|id| cluster.kills_of(id));
        (one.check.clone(), Host { id, kills })
    };
    let all: Vec<_> = fault.all().zip(targets).map(start).collect();
    let mut checks: Vec<_> = all
        .iter()
        .map(|(check, host)| Checks::new(check, host.clone(), machine::now_ms()))
        .collect();
    let mut seen = vec![None; checks.len()];
    loop {
        for (checks, seen) in checks.iter_mut().zip(&mut seen) {
            checks.look(&cluster.rest, job, machine::now_ms()).await;
            if checks.all_seen() && seen.is_none() {
                *seen = Some(machine::now_ms());
            }
        }
        if let Some(seen) = seen.iter().copied().collect::<Option<Vec<i64>>>() {
            return Ok(seen);
        }
        if Instant::now() + LOOK_EVERY > until {
            let mut unseen: Vec<String> = checks.iter().flat_map(Checks::unseen).collect();
            unseen.extend(
                job.refusal
                    .as_deref()
                    .map(|answer| format!("Flink refused the job: {}", root_cause(answer).trim())),
            );
            return Err(RunError::NoEffect { unseen });
        }
        sleep(LOOK_EVERY).await;
    }
}

async fn target(rest: &Rest, fault: &FaultSpec, job: &Job) -> Result<Target, RunError> {
    let taskmanager = match (fault.scope, &fault.vertex) {
        (Scope::TaskManager, Some(vertex)) => {
            rest.host_of(&job.id, job.vertex(vertex), fault.subtask)
                .await?
        }
        _ => None,
    };
    Ok(Target {
        taskmanager,
        vertex: fault.vertex.clone().unwrap_or_default(),
    })
}

/// A cluster goes by the name of its tape; a job that was refused has no id.
fn subject_id(fault: &FaultSpec, scenario: &Scenario, job: &Job, target: Target) -> String {
    match (fault.scope, &fault.vertex) {
        (Scope::Vertex, Some(vertex)) => job.vertex(vertex).to_owned(),
        (Scope::TaskManager, _) => target.taskmanager.unwrap_or_default(),
        (Scope::Cluster, _) => scenario.name.clone(),
        _ => job.id.clone(),
    }
}

/// The subject's name as Flink prints it.
fn subject_name(fault: &FaultSpec, topology: &Topology, job: &Job, id: &str) -> String {
    match (fault.scope, &fault.vertex) {
        (Scope::Vertex, Some(key)) => job.vertex_name(key).to_owned(),
        (Scope::Job, _) => topology.job.clone(),
        _ => id.to_owned(),
    }
}
