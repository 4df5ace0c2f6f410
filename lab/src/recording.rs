//! A recording: what the collector sees of one cluster, kept as a tape once the label is known.

use std::fs::{self, File};
use std::io::{self, BufWriter};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use streamwarden_collector::{
    ClusterTarget, ClusterWatcher, CollectorConfig, ObservationSink, SetupError, SinkError,
};
use streamwarden_proto::record::Record;
use streamwarden_proto::tape::{RECORD_VERSION, TapeError, TapeHeader, TapeLabel, TapeWriter};
use streamwarden_proto::v1::observation::Body;
use streamwarden_proto::v1::snapshot::Kind;
use streamwarden_proto::v1::{Observation, metric_batch};
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::scenario::Scenario;

/// Half a feature window: each window gets two looks.
const POLL_INTERVAL_MS: u64 = 5_000;
/// Name of the cluster in every tape; a model must not tell scenarios apart by it.
const CLUSTER_ID: &str = "lab";

/// Why there is no tape.
#[derive(Debug, thiserror::Error)]
pub enum RecordingError {
    /// Files.
    #[error("cannot write the tape")]
    Io(#[from] io::Error),
    /// The tape itself.
    #[error(transparent)]
    Tape(#[from] TapeError),
    /// The collector cannot be set up.
    #[error("the collector does not start")]
    Collector(#[from] SetupError),
    /// The collector gave up.
    #[error("the collector gave up")]
    GaveUp,
}

/// A recording that runs.
pub struct Recording {
    header: TapeHeader,
    /// Ends the watching also where a run fails half-way.
    stop: DropGuard,
    watching: JoinHandle<Result<Vec<Observation>, SinkError>>,
}

/// A recording that is over.
pub struct Recorded {
    header: TapeHeader,
    observations: Vec<Observation>,
}

#[derive(Default)]
struct Memory(Mutex<Vec<Observation>>);

impl ObservationSink for Memory {
    async fn publish(&self, observations: Vec<Observation>) -> Result<(), SinkError> {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.extend(observations);
        Ok(())
    }
}

impl Recording {
    /// Starts to record; `machine_log` is a folder with the machine's own log.
    ///
    /// # Errors
    /// If the collector cannot be set up.
    pub fn start(
        url: &str,
        scenario: &Scenario,
        flink: &str,
        machine_log: Option<&Path>,
    ) -> Result<Self, RecordingError> {
        let config = CollectorConfig {
            poll_interval_ms: POLL_INTERVAL_MS,
            ..CollectorConfig::default()
        };
        let mut target = ClusterTarget::new(CLUSTER_ID, url);
        target
            .log_directories
            .extend(machine_log.map(Path::to_owned));
        let mut watcher = ClusterWatcher::new(target, config)?;
        let stop = CancellationToken::new();
        let stopped = stop.clone();
        let watching = tokio::spawn(async move {
            let memory = Memory::default();
            watcher.run(&memory, &stopped).await?;
            Ok(memory
                .0
                .into_inner()
                .unwrap_or_else(PoisonError::into_inner))
        });
        Ok(Self {
            header: header(scenario, flink),
            stop: stop.drop_guard(),
            watching,
        })
    }

    /// Ends it.
    ///
    /// # Errors
    /// If the collector gave up before.
    pub async fn stop(self) -> Result<Recorded, RecordingError> {
        drop(self.stop);
        let watched = self.watching.await.map_err(|_| RecordingError::GaveUp)?;
        Ok(Recorded {
            header: self.header,
            observations: watched.map_err(|_| RecordingError::GaveUp)?,
        })
    }
}

fn header(scenario: &Scenario, flink: &str) -> TapeHeader {
    TapeHeader {
        record_version: RECORD_VERSION,
        streamwarden_version: env!("CARGO_PKG_VERSION").to_owned(),
        flink_version: flink.to_owned(),
        recorded_at: jiff::Timestamp::now().to_string(),
        description: scenario.about.clone(),
        label: None,
    }
}

impl Recorded {
    /// Writes the tape with its label to its place, all at once. What concerns other jobs of the same cluster stays out.
    ///
    /// # Errors
    /// If the tape cannot be written.
    pub fn keep(mut self, job: &str, label: TapeLabel, path: &Path) -> Result<(), RecordingError> {
        self.header.label = Some(label);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        let next = path.with_extension("next");
        let written = self.write(job, &next);
        if written.is_err() {
            // Half a tape is of use to nobody, and a full disk needs the space.
            let _ = fs::remove_file(&next);
        }
        written?;
        fs::rename(next, path)?;
        Ok(())
    }

    fn write(self, job: &str, next: &Path) -> Result<(), RecordingError> {
        let mut writer = TapeWriter::new(BufWriter::new(File::create(next)?), &self.header)?;
        for mut observation in self.observations {
            if keep_only(job, &mut observation) {
                writer.write(&observation.store())?;
            }
        }
        writer
            .finish()?
            .into_inner()
            .map_err(io::IntoInnerError::into_error)?
            .sync_all()?;
        Ok(())
    }
}

/// Takes other jobs out; answers whether anything is left.
fn keep_only(job: &str, observation: &mut Observation) -> bool {
    match &mut observation.body {
        Some(Body::Metrics(batch)) => match &batch.subject {
            Some(metric_batch::Subject::JobId(id)) => id == job,
            _ => true,
        },
        Some(Body::Snapshot(snapshot)) => match &mut snapshot.kind {
            Some(Kind::Cluster(cluster)) => {
                cluster.jobs.retain(|one| one.job_id == job);
                true
            }
            Some(Kind::Job(one)) => one.job_id == job,
            Some(Kind::Checkpoints(one)) => one.job_id == job,
            Some(Kind::Exceptions(one)) => one.job_id == job,
            None => false,
        },
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use streamwarden_proto::v1::{CheckpointSnapshot, ClusterSnapshot, JobRef, Snapshot};

    fn snapshot(kind: Kind) -> Observation {
        Observation {
            cluster_id: CLUSTER_ID.into(),
            observed_at_ms: 1,
            body: Some(Body::Snapshot(Snapshot { kind: Some(kind) })),
        }
    }

    fn job_ref(id: &str) -> JobRef {
        JobRef {
            job_id: id.into(),
            ..JobRef::default()
        }
    }

    fn recorded(observations: Vec<Observation>) -> Recorded {
        let header = TapeHeader {
            record_version: RECORD_VERSION,
            streamwarden_version: "0".into(),
            flink_version: "2.2.1".into(),
            recorded_at: String::new(),
            description: String::new(),
            label: None,
        };
        Recorded {
            header,
            observations,
        }
    }

    fn label() -> TapeLabel {
        TapeLabel {
            scenario: "x".into(),
            topology: "map-chain".into(),
            warm_until_ms: 0,
            faults: Vec::new(),
            machine_load: (0.0, 0.0),
        }
    }

    #[test]
    fn a_full_disk_is_named_and_leaves_the_tape_that_was_there() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.tape");
        fs::write(&path, "the good one").unwrap();
        std::os::unix::fs::symlink("/dev/full", path.with_extension("next")).unwrap();
        let error = recorded(Vec::new())
            .keep("job", label(), &path)
            .unwrap_err();
        let chain = format!("{:#}", anyhow::Error::new(error));
        assert!(chain.contains("No space left on device"), "{chain}");
        assert_eq!(fs::read_to_string(&path).unwrap(), "the good one");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[tokio::test]
    async fn a_flink_that_is_gone_ends_a_recording_without_a_fuss() {
        let [port] = crate::machine::free_ports().unwrap();
        let scenario = &crate::scenario::expand("x", "about='a'\ntopology='map-chain'").unwrap()[0];
        let url = format!("http://127.0.0.1:{port}");
        let recording = Recording::start(&url, scenario, "2.2.1", None).unwrap();
        assert!(recording.stop().await.is_ok());
    }

    #[test]
    fn a_tape_holds_no_trace_of_the_run_before() {
        let checkpoints = |job: &str| {
            snapshot(Kind::Checkpoints(CheckpointSnapshot {
                job_id: job.into(),
                ..CheckpointSnapshot::default()
            }))
        };
        assert!(keep_only("mine", &mut checkpoints("mine")));
        assert!(!keep_only("mine", &mut checkpoints("before")));
        let mut cluster = snapshot(Kind::Cluster(ClusterSnapshot {
            jobs: vec![job_ref("before"), job_ref("mine")],
            ..ClusterSnapshot::default()
        }));
        assert!(keep_only("mine", &mut cluster));
        let Some(Body::Snapshot(Snapshot {
            kind: Some(Kind::Cluster(cluster)),
        })) = cluster.body
        else {
            panic!("still a cluster");
        };
        assert_eq!(cluster.jobs, [job_ref("mine")]);
    }
}
