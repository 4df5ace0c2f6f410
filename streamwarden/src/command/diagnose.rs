//! `streamwarden diagnose`: one look at clusters, without a broker.

use std::collections::BTreeMap;
use std::time::Duration;

use streamwarden_collector::{ClusterTarget, ClusterWatcher, CollectorConfig};
use streamwarden_inference::JobHealth;
use streamwarden_proto::finding::Severity;
use streamwarden_proto::v1::observation::Body;
use streamwarden_proto::v1::snapshot::Kind;
use streamwarden_proto::v1::{ClusterSnapshot, Observation};
use streamwarden_service_runtime::{Exit, chain};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use crate::cli::{DiagnoseArgs, Format};
use crate::command::record::POLL_INTERVAL_MS;
use crate::failure::Failure;
use crate::line::place::clusters;
use crate::look::Look;
use crate::progress::{say, tell};
use crate::settings::Settings;
use crate::verdict;

/// A cluster that is asked for once gets so many chances, a second apart.
const REACH_ATTEMPTS: u32 = 3;
const REACH_PAUSE: Duration = Duration::from_secs(1);
const BETWEEN_PROGRESS: Duration = Duration::from_secs(10);
/// Observations between the watchers and the judgement; a poll of a large cluster is some hundred.
const OBSERVATIONS_IN_FLIGHT: usize = 1_000;

/// Looks for the time given, then says what is open for each job.
pub(super) async fn diagnose(args: DiagnoseArgs, settings: Settings) -> Result<Exit, Failure> {
    let mut look = Look::new(&settings)?;
    let collector = CollectorConfig {
        poll_interval_ms: POLL_INTERVAL_MS,
        ..settings.collector.clone()
    };
    let mut watchers = Vec::new();
    for named in &args.flink {
        let mut watcher = watcher(named, &collector)?;
        let first = first_look(&mut watcher).await?;
        look.push(&first);
        watchers.push(watcher);
    }
    tell(&format!(
        "looking at {} for {} s",
        args.flink.join(", "),
        args.look_for.as_secs()
    ));
    watch(watchers, &mut look, args.look_for).await;
    let jobs = wanted_jobs(look.health(), args.job.as_deref())?;
    print(&jobs, args.format);
    let critical = jobs.iter().flat_map(|job| &job.findings);
    let critical = critical
        .into_iter()
        .any(|finding| finding.severity == Severity::Critical);
    Ok(if critical && args.fail_on.is_some() {
        Exit::CriticalFindings
    } else {
        Exit::Done
    })
}

/// A watcher of a cluster named on the command line.
pub(super) fn watcher(named: &str, config: &CollectorConfig) -> Result<ClusterWatcher, Failure> {
    let cluster = clusters(&[named.to_owned()])?.pop();
    let cluster = cluster.ok_or_else(|| Failure::usage("name a cluster with --flink URL"))?;
    let configured = config
        .clusters
        .iter()
        .find(|other| other.url == cluster.url);
    let credentials = configured
        .and_then(|cluster| cluster.credentials.as_ref())
        .and_then(|name| config.credentials.get(name).cloned());
    let target = ClusterTarget {
        credentials,
        ..ClusterTarget::new(cluster.id, cluster.url)
    };
    ClusterWatcher::new(target, config.clone())
        .map_err(|error| Failure::caused(Exit::Configuration, &error))
}

/// The first poll; a cluster that does not answer is a failure here.
pub(super) async fn first_look(watcher: &mut ClusterWatcher) -> Result<Vec<Observation>, Failure> {
    for attempt in 1.. {
        let observations = watcher.poll().await;
        match unreachable(&observations) {
            None => return Ok(observations),
            Some(error) if attempt == REACH_ATTEMPTS => {
                let address = watcher.address();
                return Err(Failure::unreachable(format!(
                    "Flink at {address} does not answer: {error}; is it running, and is this its REST address?"
                )));
            }
            Some(_) => sleep(REACH_PAUSE).await,
        }
    }
    Ok(Vec::new())
}

fn unreachable(observations: &[Observation]) -> Option<String> {
    let cluster = observations.iter().find_map(cluster_snapshot)?;
    (!cluster.reachable).then(|| cluster.error.clone())
}

fn cluster_snapshot(observation: &Observation) -> Option<&ClusterSnapshot> {
    match observation.body.as_ref()? {
        Body::Snapshot(snapshot) => match snapshot.kind.as_ref()? {
            Kind::Cluster(cluster) => Some(cluster),
            _ => None,
        },
        _ => None,
    }
}

async fn watch(watchers: Vec<ClusterWatcher>, look: &mut Look, limit: Duration) {
    let (sink, mut observations) = mpsc::channel(OBSERVATIONS_IN_FLIGHT);
    let stop = CancellationToken::new();
    let _stop_when_done = stop.clone().drop_guard();
    for mut watcher in watchers {
        let (sink, stop) = (sink.clone(), stop.clone());
        tokio::spawn(async move {
            sleep(watcher.pause()).await;
            if let Err(error) = watcher.run(&sink, &stop).await {
                tracing::debug!(error = chain(&error), "watching ended");
            }
        });
    }
    drop(sink);
    let started = Instant::now();
    let mut progress = tokio::time::interval_at(started + BETWEEN_PROGRESS, BETWEEN_PROGRESS);
    let over = sleep(limit);
    tokio::pin!(over);
    loop {
        tokio::select! {
            () = &mut over => return,
            observation = observations.recv() => match observation {
                Some(observation) => drop(look.push(&[observation])),
                None => return,
            },
            _ = progress.tick() => {
                let left = limit.saturating_sub(started.elapsed()).as_secs();
                tell(&format!("{} open so far, {left} s left", look.open_findings().len()));
            }
        }
    }
}

fn wanted_jobs(jobs: Vec<JobHealth>, wanted: Option<&str>) -> Result<Vec<JobHealth>, Failure> {
    let Some(wanted) = wanted else {
        return Ok(jobs);
    };
    let names: BTreeMap<&str, &str> = jobs
        .iter()
        .map(|job| (job.job_id.as_str(), job.job_name.as_str()))
        .collect();
    if !names
        .iter()
        .any(|(id, name)| *id == wanted || *name == wanted)
    {
        let known: Vec<String> = names
            .iter()
            .map(|(id, name)| format!("{name} ({id})"))
            .collect();
        let known = if known.is_empty() {
            "no jobs".to_owned()
        } else {
            known.join(", ")
        };
        return Err(Failure::unreachable(format!(
            "there is no job {wanted:?}; there are: {known}"
        )));
    }
    Ok(jobs
        .into_iter()
        .filter(|job| job.job_id == wanted || job.job_name == wanted)
        .collect())
}

fn print(jobs: &[JobHealth], format: Format) {
    match format {
        Format::Text => say(verdict::text(jobs).trim_end()),
        Format::Json => verdict::json(jobs).iter().for_each(|line| say(line)),
    }
}
