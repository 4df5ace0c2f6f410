//! Writes what a watcher sees to a tape.

use std::fs::{self, File};
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use streamwarden_collector::{ObservationSink, SinkError};
use streamwarden_proto::Record;
use streamwarden_proto::tape::{RECORD_VERSION, TapeError, TapeHeader, TapeWriter};
use streamwarden_proto::v1::Observation;

/// A tape that is being written, beside its later place.
pub struct Recorder {
    writer: Mutex<Option<TapeWriter<BufWriter<File>>>>,
    unfinished: PathBuf,
    path: PathBuf,
}

/// The recording was ended before this came.
#[derive(Debug, thiserror::Error)]
#[error("the tape is finished")]
struct Finished;

impl Recorder {
    /// Begins a tape; it gets its name when it is finished.
    ///
    /// # Errors
    /// [`TapeError`] if the file cannot be written.
    pub fn create(path: &Path, header: &TapeHeader) -> Result<Self, TapeError> {
        let unfinished = path.with_extension("tape.part");
        let file = BufWriter::new(File::create(&unfinished)?);
        Ok(Self {
            writer: Mutex::new(Some(TapeWriter::new(file, header)?)),
            unfinished,
            path: path.to_owned(),
        })
    }

    /// Records written so far.
    #[must_use]
    pub fn written(&self) -> u64 {
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        writer.as_ref().map_or(0, TapeWriter::written)
    }

    /// Ends the tape and gives it its name.
    ///
    /// # Errors
    /// [`TapeError`] if the file cannot be written.
    pub fn finish(&self) -> Result<u64, TapeError> {
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(writer) = writer.take() else {
            return Ok(0);
        };
        let written = writer.written();
        let file = writer.finish()?;
        let file = file
            .into_inner()
            .map_err(std::io::IntoInnerError::into_error)?;
        file.sync_all()?;
        fs::rename(&self.unfinished, &self.path)?;
        Ok(written)
    }
}

impl ObservationSink for Recorder {
    async fn publish(&self, observations: Vec<Observation>) -> Result<(), SinkError> {
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let writer = writer.as_mut().ok_or_else(|| SinkError::new(Finished))?;
        for observation in observations {
            writer.write(&observation.store()).map_err(SinkError::new)?;
        }
        Ok(())
    }
}

/// Header of a new tape.
#[must_use]
pub fn header(flink_version: &str, recorded_at: String, description: &str) -> TapeHeader {
    TapeHeader {
        record_version: RECORD_VERSION,
        streamwarden_version: env!("CARGO_PKG_VERSION").to_owned(),
        flink_version: flink_version.to_owned(),
        recorded_at,
        description: description.to_owned(),
        label: None,
    }
}
