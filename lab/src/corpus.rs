//! The corpus: all scenarios, which of them have no tape yet, and recording those, one after the other.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::cluster::{Cluster, ClusterError};
use crate::flink::{Flink, FlinkError};
use crate::rest::RestError;
use crate::run::{self, Afterwards, RunError};
use crate::scenario::Scenario;
use crate::topology::Topologies;

/// Before the first run has shown how long one takes.
const FIRST_GUESS: Duration = Duration::from_secs(50);

/// Why a scenario gave no tape.
#[derive(Debug, thiserror::Error)]
pub enum CorpusError {
    /// No Flink.
    #[error(transparent)]
    Flink(#[from] FlinkError),
    /// No cluster.
    #[error(transparent)]
    Cluster(#[from] ClusterError),
    /// No jar in the cluster.
    #[error(transparent)]
    Rest(#[from] RestError),
    /// No good run.
    #[error(transparent)]
    Run(#[from] RunError),
    /// No such shape.
    #[error("scenario {scenario} names the topology {topology}, which there is not")]
    NoTopology {
        /// Who.
        scenario: String,
        /// What.
        topology: String,
    },
    /// The shipped list of topologies is broken.
    #[error("topologies.toml cannot be read")]
    Topologies(#[from] toml::de::Error),
}

/// Where a scenario's tape lies.
#[must_use]
pub fn tape_path(tapes: &Path, scenario: &Scenario) -> PathBuf {
    tapes.join(format!("{}.tape", scenario.name))
}

/// Scenarios without a tape, in their order.
#[must_use]
pub fn missing(scenarios: Vec<Scenario>, tapes: &Path) -> Vec<Scenario> {
    let is_missing = |scenario: &Scenario| !tape_path(tapes, scenario).exists();
    scenarios.into_iter().filter(is_missing).collect()
}

/// Puts scenarios of one `order` that can share a cluster one after the other: to start one takes as long as a run.
#[must_use]
pub fn by_cluster(scenarios: Vec<Scenario>) -> Vec<Scenario> {
    let mut groups: Vec<Vec<Scenario>> = Vec::new();
    for scenario in scenarios {
        let shares = |group: &&mut Vec<Scenario>| {
            group.first().is_some_and(|first| {
                first.order == scenario.order
                    && first.flink == scenario.flink
                    && first.cluster == scenario.cluster
            })
        };
        match groups.iter_mut().find(shares) {
            Some(group) => group.push(scenario),
            None => groups.push(vec![scenario]),
        }
    }
    groups.into_iter().flatten().collect()
}

/// Keeps other recorders off a scenario while one is at it; also when that one is killed, it is free again.
pub struct Claim {
    path: PathBuf,
    _lock: File,
}

impl Claim {
    /// Claims a scenario; `None` if another recorder is at it.
    ///
    /// # Errors
    /// If no file can be made among the tapes.
    pub fn take(tapes: &Path, scenario: &Scenario) -> io::Result<Option<Self>> {
        fs::create_dir_all(tapes)?;
        let path = tapes.join(format!(".{}.claim", scenario.name));
        let lock = File::create(&path)?;
        match lock.try_lock() {
            Ok(()) => Ok(Some(Self { path, _lock: lock })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        // What cannot be removed is claimed by nobody once it is unlocked.
        let _ = fs::remove_file(&self.path);
    }
}

/// Records scenarios and keeps a cluster as long as it fits the next one.
pub struct Recorder {
    lab: PathBuf,
    tapes: PathBuf,
    topologies: Topologies,
    current: Option<Ready>,
}

struct Ready {
    cluster: Cluster,
    jar: String,
}

impl Recorder {
    /// `lab` holds `flink.sh`; tapes go to `tapes`.
    ///
    /// # Errors
    /// If the shipped topologies cannot be read.
    pub fn new(lab: &Path, tapes: &Path) -> Result<Self, CorpusError> {
        Ok(Self {
            lab: lab.to_owned(),
            tapes: tapes.to_owned(),
            topologies: Topologies::shipped()?,
            current: None,
        })
    }

    /// Records one scenario.
    ///
    /// # Errors
    /// [`CorpusError`]; then there is no tape.
    pub async fn record(&mut self, scenario: &Scenario) -> Result<PathBuf, CorpusError> {
        let topology = self.topologies.get(&scenario.topology).cloned();
        let topology = topology.ok_or_else(|| CorpusError::NoTopology {
            scenario: scenario.name.clone(),
            topology: scenario.topology.clone(),
        })?;
        let tape = tape_path(&self.tapes, scenario);
        let mut ready = self.cluster_for(scenario).await?;
        let outcome = run::record(&mut ready.cluster, &ready.jar, scenario, &topology, &tape).await;
        let is_fit = match &outcome {
            Ok(afterwards) => *afterwards == Afterwards::Clean,
            Err(RunError::NoEffect { .. } | RunError::NotHealthy(_)) => {
                ready.cluster.is_free().await
            }
            Err(_) => false,
        };
        if is_fit && !spoils(scenario) {
            self.current = Some(ready);
        } else {
            ready.cluster.stop().await.map_err(ClusterError::Io)?;
        }
        outcome?;
        Ok(tape)
    }

    async fn cluster_for(&mut self, scenario: &Scenario) -> Result<Ready, CorpusError> {
        let fits = |ready: &Ready| {
            ready.cluster.spec == scenario.cluster && ready.cluster.flink.version == scenario.flink
        };
        if let Some(ready) = self.current.take() {
            if fits(&ready) {
                return Ok(ready);
            }
            ready.cluster.stop().await.map_err(ClusterError::Io)?;
        }
        let flink = Flink::prepare(&self.lab, &scenario.flink, scenario.cluster.kafka).await?;
        let cluster = Cluster::start(&self.lab, &flink, &scenario.cluster).await?;
        let jar = cluster.rest.upload(&flink.jobs_jar).await?;
        Ok(Ready { cluster, jar })
    }
}

/// After a fault of a process, its cluster is no longer what the next run expects; and Kafka clients with a wrong address
/// go on trying, and logging, when their job is gone.
fn spoils(scenario: &Scenario) -> bool {
    let fault = scenario.fault.as_ref();
    fault.is_some_and(|fault| {
        fault.all().any(|one| {
            one.scope == streamwarden_proto::scope::Scope::TaskManager
                || one.action.is_some()
                || scenario.cluster.kafka && one.from_start
        })
    })
}

/// Time left, from how long the runs so far took.
pub struct Progress {
    total: usize,
    done: usize,
}

impl Progress {
    /// Nothing is done yet.
    #[must_use]
    pub fn new(total: usize) -> Self {
        Self { total, done: 0 }
    }

    /// One more run is over.
    pub fn step(&mut self) {
        self.done += 1;
    }

    /// One run is not this recorder's.
    pub fn leave_out(&mut self) {
        self.total -= 1;
    }

    /// `[3/120, about 97 min left]`, so long after the first run began.
    #[must_use]
    pub fn line(&self, elapsed: Duration) -> String {
        let each = match u32::try_from(self.done) {
            Ok(done) if done > 0 => elapsed / done,
            _ => FIRST_GUESS,
        };
        let left = each.as_secs() * (self.total - self.done) as u64;
        format!(
            "[{}/{}, about {} min left]",
            self.done,
            self.total,
            left.div_ceil(60)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::expand;

    #[test]
    fn only_scenarios_without_a_tape_are_recorded() {
        let folder = tempfile::tempdir().unwrap();
        let text = "about='a'\ntopology='map-chain'\n[[variant]]\nname='a'\n[[variant]]\nname='b'";
        let scenarios = expand("healthy", text).unwrap();
        std::fs::write(folder.path().join("healthy-a.tape"), "").unwrap();
        let left = missing(scenarios, folder.path());
        assert_eq!(left.len(), 1);
        assert_eq!(left[0].name, "healthy-b");
    }

    #[test]
    fn runs_of_one_order_that_share_a_cluster_follow_each_other() {
        let variant = |name: &str, order: u32, flink: &str| {
            format!("[[variant]]\nname='{name}'\norder={order}\nflink='{flink}'\n")
        };
        let text = [
            "about='a'\ntopology='map-chain'\n".to_owned(),
            variant("a", 1, "2.2.1"),
            variant("b", 1, "1.20.5"),
            variant("c", 1, "2.2.1"),
            variant("d", 2, "1.20.5"),
        ];
        let ordered = by_cluster(expand("healthy", &text.concat()).unwrap());
        let names: Vec<&str> = ordered.iter().map(|one| one.name.as_str()).collect();
        assert_eq!(names, ["healthy-a", "healthy-c", "healthy-b", "healthy-d"]);
    }

    #[test]
    fn two_recorders_do_not_record_the_same_run() {
        let folder = tempfile::tempdir().unwrap();
        let text = "about='a'\ntopology='map-chain'";
        let scenario = &expand("healthy", text).unwrap()[0];
        let mine = Claim::take(folder.path(), scenario).unwrap();
        assert!(mine.is_some());
        assert!(Claim::take(folder.path(), scenario).unwrap().is_none());
        drop(mine);
        assert!(Claim::take(folder.path(), scenario).unwrap().is_some());
    }

    #[test]
    fn time_left_follows_the_runs_so_far() {
        let mut progress = Progress::new(4);
        assert_eq!(progress.line(Duration::ZERO), "[0/4, about 4 min left]");
        progress.step();
        assert_eq!(
            progress.line(Duration::from_secs(60)),
            "[1/4, about 3 min left]"
        );
    }
}
