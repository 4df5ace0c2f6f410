//! Tapes: read, move to now, play, write.

pub mod play;
pub mod recorder;
pub mod shift;

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use streamwarden_proto::StoredRecord;
use streamwarden_proto::tape::{TapeHeader, TapeReader};
use streamwarden_service_runtime::{Exit, chain};

use crate::failure::Failure;

/// The shipped tape, if one was built in.
const DEMO: Option<&[u8]> = include!(concat!(env!("OUT_DIR"), "/demo_tape.rs"));

/// A whole tape in memory: they are small.
#[derive(Debug, Clone, PartialEq)]
pub struct Tape {
    /// For people: the file's name.
    pub name: String,
    /// What it says of itself.
    pub header: TapeHeader,
    /// In the order of the recording.
    pub records: Vec<StoredRecord>,
}

impl Tape {
    /// Reads a file.
    ///
    /// # Errors
    /// [`Failure`] that names the file.
    pub fn open(path: &Path) -> Result<Self, Failure> {
        let shown = path.display();
        let file = File::open(path).map_err(|error| {
            Failure::configuration(format!("the tape {shown} cannot be read: {error}"))
        })?;
        let name = path
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        Self::read(name, &shown.to_string(), BufReader::new(file))
    }

    /// The shipped tape.
    ///
    /// # Errors
    /// [`Failure`] if none was built in.
    pub fn shipped() -> Result<Self, Failure> {
        match DEMO {
            Some(bytes) => Self::read("demo".to_owned(), "the shipped tape", bytes),
            None => Err(Failure::configuration(
                "no tape was built into this program; name one with --tape FILE, or record one with \
                 `streamwarden record`",
            )),
        }
    }

    fn read(name: String, shown: &str, input: impl Read) -> Result<Self, Failure> {
        let damaged = |error: &streamwarden_proto::tape::TapeError| Failure {
            exit: Exit::Configuration,
            message: format!("{shown}: {}", chain(error)),
        };
        let reader = TapeReader::new(input).map_err(|error| damaged(&error))?;
        let header = reader.header().clone();
        let records = reader
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| damaged(&error))?;
        if records.is_empty() {
            return Err(Failure::configuration(format!("{shown} holds no records")));
        }
        Ok(Self {
            name,
            header,
            records,
        })
    }

    /// Times of the first and the last record.
    #[must_use]
    pub fn span_ms(&self) -> (i64, i64) {
        let times = || self.records.iter().map(|record| record.timestamp_ms);
        (
            times().min().unwrap_or_default(),
            times().max().unwrap_or_default(),
        )
    }
}
