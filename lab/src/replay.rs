//! Plays a labelled tape through the real featurizer.

use std::fs::{self, File};
use std::io::{self, BufReader};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use streamwarden_experience::Experience;
use streamwarden_featurizer::{Featurizer, FeaturizerConfig};
use streamwarden_proto::tape::{TapeError, TapeHeader, TapeReader};
use streamwarden_proto::v1::Observation;
use streamwarden_proto::{DecodeError, FeatureEvent, Record};

/// A window at the end of a tape counts if this much of it was recorded.
const LEAST_OF_WINDOW_MS: i64 = 5_000;

/// Why a tape cannot be played.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// The folder or the file cannot be read.
    #[error("{} cannot be read", .path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The tape is damaged.
    #[error("{} is damaged", .path.display())]
    Tape {
        /// Which.
        path: PathBuf,
        /// Where.
        #[source]
        source: TapeError,
    },
    /// A record is damaged.
    #[error("{} holds a record that cannot be decoded", .path.display())]
    Record {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: DecodeError,
    },
}

/// A tape, read to its end.
pub struct Played {
    /// The tape's name, which is also its cluster's in the records.
    pub name: String,
    /// What the tape says of itself.
    pub header: TapeHeader,
    observations: Vec<Observation>,
    /// Time of the last record on the tape.
    pub last_ms: i64,
}

/// Tapes of a folder, by name.
///
/// # Errors
/// [`ReplayError::Read`] if the folder cannot be read.
pub fn tapes(folder: &Path) -> Result<Vec<PathBuf>, ReplayError> {
    let failed = |source| ReplayError::Read {
        path: folder.to_owned(),
        source,
    };
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.extension().is_some_and(|ending| ending == "tape") {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

/// Opens a tape.
///
/// # Errors
/// [`ReplayError`] if it is no tape.
pub fn open(path: &Path) -> Result<TapeReader<BufReader<File>>, ReplayError> {
    let file = File::open(path).map_err(|source| ReplayError::Read {
        path: path.to_owned(),
        source,
    })?;
    TapeReader::new(BufReader::new(file)).map_err(|source| ReplayError::Tape {
        path: path.to_owned(),
        source,
    })
}

/// Name of a tape: its file's, without the ending.
#[must_use]
pub fn name_of(path: &Path) -> String {
    path.file_stem()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

/// Reads a tape to its end. Its cluster gets the tape's name, so that two tapes never meet.
///
/// # Errors
/// [`ReplayError`] if the tape is damaged.
pub fn read(path: &Path) -> Result<Played, ReplayError> {
    let reader = open(path)?;
    let (name, header) = (name_of(path), reader.header().clone());
    let (mut observations, mut last_ms) = (Vec::new(), i64::MIN);
    for record in reader {
        let record = record.map_err(|source| ReplayError::Tape {
            path: path.to_owned(),
            source,
        })?;
        let payload = record.payload.unwrap_or_default();
        let mut observation =
            Observation::decode_payload(&record.kind, &payload).map_err(|source| {
                ReplayError::Record {
                    path: path.to_owned(),
                    source,
                }
            })?;
        observation.cluster_id.clone_from(&name);
        last_ms = last_ms.max(observation.observed_at_ms);
        observations.push(observation);
    }
    Ok(Played {
        name,
        header,
        observations,
        last_ms,
    })
}

impl Played {
    /// The featurizer's records, with windows that begin `phase_ms` after each full ten seconds. A window that the tape
    /// cuts off counts if most of it was recorded.
    #[must_use]
    pub fn features(&self, experience: &Arc<Experience>, phase_ms: i64) -> Vec<FeatureEvent> {
        let config = FeaturizerConfig {
            window_phase_ms: phase_ms,
            ..FeaturizerConfig::default()
        };
        let mut featurizer = Featurizer::new(config, Arc::clone(experience));
        let mut events: Vec<FeatureEvent> = self
            .observations
            .iter()
            .flat_map(|observation| featurizer.push(observation))
            .collect();
        let is_recorded = |event: &FeatureEvent| match event {
            FeatureEvent::Features(record) => {
                self.last_ms - record.window_start_ms >= LEAST_OF_WINDOW_MS
            }
            FeatureEvent::Error(_) | FeatureEvent::Context(_) => true,
        };
        events.extend(featurizer.finish().into_iter().filter(is_recorded));
        events
    }
}
