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

/// What came out of a tape.
pub struct Replayed {
    /// The tape's name, which is also its cluster's in the records.
    pub name: String,
    /// What the tape says of itself.
    pub header: TapeHeader,
    /// The featurizer's records, in order.
    pub events: Vec<FeatureEvent>,
    /// Time of the last record on the tape.
    pub last_ms: i64,
}

/// Tapes of a folder, by name.
///
/// # Errors
/// [`ReplayError::Read`] if the folder cannot be read.
pub fn tapes(folder: &Path) -> Result<Vec<PathBuf>, ReplayError> {
    let failed = |source| ReplayError::Read { path: folder.to_owned(), source };
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

/// Plays one tape. Its cluster gets the tape's name, so that rows of two tapes never meet. A window that the tape cuts
/// off is left out: live, nobody would have seen it yet.
///
/// # Errors
/// [`ReplayError`] if the tape is damaged.
pub fn replay(path: &Path, experience: &Arc<Experience>) -> Result<Replayed, ReplayError> {
    let tape = |source| ReplayError::Tape { path: path.to_owned(), source };
    let file = File::open(path).map_err(|source| ReplayError::Read { path: path.to_owned(), source })?;
    let reader = TapeReader::new(BufReader::new(file)).map_err(tape)?;
    let header = reader.header().clone();
    let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let mut featurizer = Featurizer::new(FeaturizerConfig::default(), Arc::clone(experience));
    let (mut events, mut last_ms) = (Vec::new(), i64::MIN);
    for record in reader {
        let record = record.map_err(tape)?;
        let payload = record.payload.unwrap_or_default();
        let mut observation = Observation::decode_payload(&record.kind, &payload)
            .map_err(|source| ReplayError::Record { path: path.to_owned(), source })?;
        observation.cluster_id.clone_from(&name);
        last_ms = last_ms.max(observation.observed_at_ms);
        events.extend(featurizer.push(&observation));
    }
    Ok(Replayed { name, header, events, last_ms })
}
