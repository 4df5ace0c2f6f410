//! `streamwarden record`: what a cluster shows, as a tape.

use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use streamwarden_collector::{ClusterWatcher, CollectorConfig, ObservationSink};
use streamwarden_proto::tape::TapeError;
use streamwarden_proto::v1::Observation;
use streamwarden_service_runtime::{Shutdown, chain};

use crate::cli::RecordArgs;
use crate::command::diagnose::{first_look, watcher};
use crate::failure::Failure;
use crate::progress::{say, tell};
use crate::settings::Settings;
use crate::tape::recorder::{Recorder, header};

/// Half a feature window: each window gets two looks.
pub(super) const POLL_INTERVAL_MS: u64 = 5_000;
const BETWEEN_PROGRESS: Duration = Duration::from_secs(10);

/// Records until the time is over or ctrl-C.
pub(super) async fn record(args: RecordArgs, settings: Settings) -> Result<(), Failure> {
    let collector = CollectorConfig {
        poll_interval_ms: POLL_INTERVAL_MS,
        ..settings.collector
    };
    let mut watcher = watcher(&args.flink, &collector)?;
    let first = first_look(&mut watcher).await?;
    let recorded_at = Timestamp::now().to_string();
    let version = flink_version(&first);
    let header = header(&version, recorded_at, &args.description);
    let recorder = Recorder::create(&args.output, &header)
        .map_err(|error| unwritable(&args.output, &error))?;
    let shutdown = Shutdown::on_signals(Duration::from_millis(settings.process.grace_period_ms))
        .map_err(|error| Failure::configuration(format!("signals cannot be handled: {error}")))?;
    tell(&format!(
        "recording Flink {version} at {}; ctrl-C ends",
        watcher.address()
    ));
    watch(&mut watcher, first, &recorder, args.record_for, &shutdown)
        .await
        .map_err(|error| Failure::configuration(chain(&error)))?;
    let written = recorder
        .finish()
        .map_err(|error| unwritable(&args.output, &error))?;
    say(&format!("{written} records in {}", args.output.display()));
    Ok(())
}

async fn watch(
    watcher: &mut ClusterWatcher,
    first: Vec<Observation>,
    recorder: &Recorder,
    limit: Option<Duration>,
    shutdown: &Shutdown,
) -> Result<(), streamwarden_collector::SinkError> {
    recorder.publish(first).await?;
    tokio::time::sleep(watcher.pause()).await;
    let stop = shutdown.token();
    let watching = watcher.run(recorder, &stop);
    tokio::pin!(watching);
    let over = async {
        match limit {
            Some(limit) => tokio::time::sleep(limit).await,
            None => std::future::pending().await,
        }
    };
    tokio::pin!(over);
    let mut progress = tokio::time::interval(BETWEEN_PROGRESS);
    progress.tick().await;
    loop {
        tokio::select! {
            ended = &mut watching => return ended,
            () = &mut over => return Ok(()),
            _ = progress.tick() => tell(&format!("{} records so far", recorder.written())),
        }
    }
}

fn unwritable(path: &Path, error: &TapeError) -> Failure {
    let shown = path.display();
    Failure::configuration(format!(
        "the tape {shown} cannot be written: {}",
        chain(error)
    ))
}

fn flink_version(observations: &[Observation]) -> String {
    use streamwarden_proto::v1::observation::Body;
    use streamwarden_proto::v1::snapshot::Kind;
    let version = observations
        .iter()
        .find_map(|observation| match &observation.body {
            Some(Body::Snapshot(snapshot)) => match &snapshot.kind {
                Some(Kind::Cluster(cluster)) => Some(cluster.flink_version.clone()),
                _ => None,
            },
            _ => None,
        });
    version.unwrap_or_default()
}
