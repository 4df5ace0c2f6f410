//! A recording: the collector's observations of one cluster, kept as a tape once the label is known.

use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter};
use std::path::Path;

use streamwarden_proto::tape::{self, RECORD_VERSION, TapeError, TapeHeader, TapeLabel, TapeWriter};
use tempfile::NamedTempFile;

use crate::scenario::Scenario;

/// Why there is no tape.
#[derive(Debug, thiserror::Error)]
pub enum RecordingError {
    /// Files.
    #[error("cannot write the tape")]
    Io(#[from] io::Error),
    /// The tape itself.
    #[error(transparent)]
    Tape(#[from] TapeError),
}

/// A recording that runs, or has run.
pub struct Recording {
    header: TapeHeader,
    file: NamedTempFile,
}

impl Recording {
    /// Starts to record.
    ///
    /// # Errors
    /// If the tape cannot be written.
    pub fn start(_url: &str, scenario: &Scenario, flink: &str) -> Result<Self, RecordingError> {
        let header = TapeHeader {
            record_version: RECORD_VERSION,
            streamwarden_version: env!("CARGO_PKG_VERSION").to_owned(),
            flink_version: flink.to_owned(),
            recorded_at: jiff::Timestamp::now().to_string(),
            description: scenario.about.clone(),
            label: None,
        };
        let file = NamedTempFile::new()?;
        TapeWriter::new(file.reopen()?, &header)?.finish()?;
        Ok(Self { header, file })
    }

    /// Ends it; what was seen stays.
    ///
    /// # Errors
    /// If the tape cannot be written.
    pub async fn stop(&mut self) -> Result<(), RecordingError> {
        Ok(())
    }

    /// Writes the tape with its label to its place, all at once.
    ///
    /// # Errors
    /// If the tape cannot be written.
    pub fn keep(self, label: TapeLabel, path: &Path) -> Result<(), RecordingError> {
        let mut header = self.header;
        header.label = Some(label);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        let next = path.with_extension("next");
        let input = BufReader::new(self.file.reopen()?);
        tape::relabel(input, BufWriter::new(File::create(&next)?), &header)?;
        fs::rename(next, path)?;
        Ok(())
    }
}
