//! Tapes: files with the raw records of one incident.
//!
//! Layout: [`MAGIC`], the header's length (u32, little endian), the header as JSON, then one zstd stream of frames. A
//! frame is a protobuf message behind its length as a varint; the last frame is an end mark with the number of frames,
//! so that a tape that was cut off is recognised.

use std::io::{self, BufReader, Read, Write};

use prost::Message;
use serde::{Deserialize, Serialize};

use crate::ids::RecordId;
use crate::record::StoredRecord;
use crate::scope::Scope;
use crate::topic::Topic;

/// First bytes of every tape.
pub const MAGIC: &[u8; 8] = b"SWTAPE1\n";
/// Version of the records inside.
pub const RECORD_VERSION: u32 = 1;
/// No header is longer than this.
const HEADER_LIMIT_BYTES: u32 = 1 << 20;
/// No frame is longer than this: Kafka's usual limit is 1 MB, some allow more.
const FRAME_LIMIT_BYTES: u64 = 64 << 20;
/// Tapes are written once and read often.
const ZSTD_LEVEL: i32 = 15;

/// What a tape holds, readable without decoding it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TapeHeader {
    /// [`RECORD_VERSION`] of the writer.
    pub record_version: u32,
    /// Version of the program that wrote it.
    pub streamwarden_version: String,
    /// Flink that was recorded.
    pub flink_version: String,
    /// RFC 3339, UTC.
    pub recorded_at: String,
    /// One line for people.
    pub description: String,
    /// What was planted, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<TapeLabel>,
}

/// What was planted while a tape was recorded.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TapeLabel {
    /// Name of the scenario and its variant: `slow-sink/map-chain/strong`.
    pub scenario: String,
    /// Job shape; models are tested on shapes that they never saw.
    pub topology: String,
    /// Nothing is to be judged before (the job starts up).
    pub warm_until_ms: i64,
    /// Empty: a healthy run.
    pub faults: Vec<PlantedFault>,
    /// The machine's one-minute load average at the start and at the end.
    pub machine_load: (f64, f64),
}

/// One fault that was planted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlantedFault {
    /// Problem: `slow-sink`.
    pub slug: String,
    /// Kind of thing at fault.
    pub scope: Scope,
    /// Flink's id of it; empty where it never got one.
    pub subject_id: String,
    /// Name as Flink prints it.
    pub subject_name: String,
    /// Scenario's own words for how strong it was: `delay_us=4000`.
    pub strength: String,
    /// When it was planted.
    pub planted_at_ms: i64,
    /// When an independent check first saw the effect.
    pub effect_at_ms: i64,
    /// When it was taken away; absent if it stayed to the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub removed_at_ms: Option<i64>,
}

/// What is wrong with a tape.
#[derive(Debug, thiserror::Error)]
pub enum TapeError {
    /// Not a tape at all.
    #[error("this is no tape: it does not start with SWTAPE1")]
    NotATape,
    /// Written by another version.
    #[error(
        "the tape holds records of version {found}, this program reads version {RECORD_VERSION}"
    )]
    Version {
        /// Version in the header.
        found: u32,
    },
    /// The header is not what this version writes.
    #[error("the tape's header cannot be read")]
    Header(#[source] serde_json::Error),
    /// The end mark is missing.
    #[error("the tape is cut off after {read} records")]
    CutOff {
        /// Records that could be read.
        read: u64,
    },
    /// A frame cannot be decoded.
    #[error("record {index} of the tape is damaged")]
    Damaged {
        /// Number of the record, from 0.
        index: u64,
    },
    /// Reading or writing failed.
    #[error("the tape cannot be read or written")]
    Io(#[from] io::Error),
}

#[derive(Clone, PartialEq, Message)]
struct Frame {
    #[prost(string, tag = "1")]
    topic: String,
    #[prost(string, tag = "2")]
    key: String,
    #[prost(string, tag = "3")]
    kind: String,
    #[prost(string, tag = "4")]
    id: String,
    #[prost(int64, tag = "5")]
    timestamp_ms: i64,
    #[prost(bytes = "vec", tag = "6")]
    payload: Vec<u8>,
    /// Only in the end mark: frames before it.
    #[prost(uint64, optional, tag = "7")]
    end: Option<u64>,
}

/// Writes a tape, record after record.
pub struct TapeWriter<W: Write> {
    stream: zstd::Encoder<'static, W>,
    written: u64,
}

impl<W: Write> TapeWriter<W> {
    /// Writes the header.
    ///
    /// # Errors
    /// [`TapeError::Io`] if `out` fails.
    pub fn new(mut out: W, header: &TapeHeader) -> Result<Self, TapeError> {
        write_header(&mut out, header)?;
        Ok(Self {
            stream: zstd::Encoder::new(out, ZSTD_LEVEL)?,
            written: 0,
        })
    }

    /// Appends one record.
    ///
    /// # Errors
    /// [`TapeError::Io`] if `out` fails.
    pub fn write(&mut self, record: &StoredRecord) -> Result<(), TapeError> {
        let frame = Frame {
            topic: record.topic.suffix().to_owned(),
            key: record.key.clone(),
            kind: record.kind.clone(),
            id: record.id.0.clone(),
            timestamp_ms: record.timestamp_ms,
            payload: record.payload.clone().unwrap_or_default(),
            end: None,
        };
        self.stream
            .write_all(&frame.encode_length_delimited_to_vec())?;
        self.written += 1;
        Ok(())
    }

    /// Records written so far.
    #[must_use]
    pub fn written(&self) -> u64 {
        self.written
    }

    /// Writes the end mark and hands the writer back.
    ///
    /// # Errors
    /// [`TapeError::Io`] if `out` fails.
    pub fn finish(mut self) -> Result<W, TapeError> {
        let end = Frame {
            end: Some(self.written),
            ..Frame::default()
        };
        self.stream
            .write_all(&end.encode_length_delimited_to_vec())?;
        Ok(self.stream.finish()?)
    }
}

fn write_header<W: Write>(out: &mut W, header: &TapeHeader) -> Result<(), TapeError> {
    let json = serde_json::to_vec(header).map_err(TapeError::Header)?;
    let length = u32::try_from(json.len()).map_err(|_| TapeError::NotATape)?;
    out.write_all(MAGIC)?;
    out.write_all(&length.to_le_bytes())?;
    out.write_all(&json)?;
    Ok(())
}

/// Reads a tape; an iterator over its records.
pub struct TapeReader<R: Read> {
    header: TapeHeader,
    stream: BufReader<zstd::Decoder<'static, BufReader<R>>>,
    read: u64,
    done: bool,
}

impl<R: Read> TapeReader<R> {
    /// Reads the header.
    ///
    /// # Errors
    /// [`TapeError`] if this is no tape, or one of another version.
    pub fn new(mut input: R) -> Result<Self, TapeError> {
        let header = read_header(&mut input)?;
        let stream = BufReader::new(zstd::Decoder::new(input)?);
        Ok(Self {
            header,
            stream,
            read: 0,
            done: false,
        })
    }

    /// What the tape says of itself.
    #[must_use]
    pub fn header(&self) -> &TapeHeader {
        &self.header
    }

    fn next_record(&mut self) -> Result<Option<StoredRecord>, TapeError> {
        let frame = self.next_frame()?;
        if let Some(expected) = frame.end {
            self.done = true;
            if expected == self.read {
                return Ok(None);
            }
            return Err(TapeError::CutOff { read: self.read });
        }
        let index = self.read;
        self.read += 1;
        let topic = Topic::from_suffix(&frame.topic).ok_or(TapeError::Damaged { index })?;
        Ok(Some(StoredRecord {
            topic,
            partition_key: frame.key.clone(),
            key: frame.key,
            kind: frame.kind,
            id: RecordId(frame.id),
            timestamp_ms: frame.timestamp_ms,
            payload: Some(frame.payload),
        }))
    }

    fn next_frame(&mut self) -> Result<Frame, TapeError> {
        let cut_off = |read| move |_: io::Error| TapeError::CutOff { read };
        let length = read_varint(&mut self.stream).map_err(cut_off(self.read))?;
        if length > FRAME_LIMIT_BYTES {
            return Err(TapeError::Damaged { index: self.read });
        }
        let mut bytes = Vec::new();
        let taken = self
            .stream
            .by_ref()
            .take(length)
            .read_to_end(&mut bytes)
            .map_err(cut_off(self.read))?;
        if (taken as u64) < length {
            return Err(TapeError::CutOff { read: self.read });
        }
        Frame::decode(bytes.as_slice()).map_err(|_| TapeError::Damaged { index: self.read })
    }
}

impl<R: Read> Iterator for TapeReader<R> {
    type Item = Result<StoredRecord, TapeError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        match self.next_record() {
            Ok(Some(record)) => Some(Ok(record)),
            Ok(None) => None,
            Err(error) => {
                self.done = true;
                Some(Err(error))
            }
        }
    }
}

fn read_header<R: Read>(input: &mut R) -> Result<TapeHeader, TapeError> {
    let mut start = [0_u8; 12];
    input
        .read_exact(&mut start)
        .map_err(|_| TapeError::NotATape)?;
    let (magic, length) = start.split_at(MAGIC.len());
    if magic != MAGIC {
        return Err(TapeError::NotATape);
    }
    let length = u32::from_le_bytes([length[0], length[1], length[2], length[3]]);
    if length > HEADER_LIMIT_BYTES {
        return Err(TapeError::NotATape);
    }
    let mut json = vec![0; length as usize];
    input
        .read_exact(&mut json)
        .map_err(|_| TapeError::CutOff { read: 0 })?;
    check_version(&json)?;
    serde_json::from_slice(&json).map_err(TapeError::Header)
}

/// The version is looked at first: a header of another version may have other fields.
fn check_version(json: &[u8]) -> Result<(), TapeError> {
    #[derive(Deserialize)]
    struct Version {
        record_version: u32,
    }
    let version: Version = serde_json::from_slice(json).map_err(TapeError::Header)?;
    if version.record_version == RECORD_VERSION {
        return Ok(());
    }
    Err(TapeError::Version {
        found: version.record_version,
    })
}

fn read_varint<R: Read>(input: &mut R) -> io::Result<u64> {
    let mut value = 0_u64;
    for shift in (0..64).step_by(7) {
        let mut byte = [0_u8; 1];
        input.read_exact(&mut byte)?;
        value |= u64::from(byte[0] & 0x7f) << shift;
        if byte[0] & 0x80 == 0 {
            return Ok(value);
        }
    }
    Err(io::Error::new(
        io::ErrorKind::InvalidData,
        "length of a frame is no varint",
    ))
}

/// Copies a tape under another header, its records untouched: a label is known only when the recording is over.
///
/// # Errors
/// [`TapeError`] if `input` is no tape or one side fails.
pub fn relabel<R: Read, W: Write>(
    mut input: R,
    mut output: W,
    header: &TapeHeader,
) -> Result<(), TapeError> {
    read_header(&mut input)?;
    write_header(&mut output, header)?;
    io::copy(&mut input, &mut output)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Record;
    use crate::v1;

    fn header() -> TapeHeader {
        TapeHeader {
            record_version: RECORD_VERSION,
            streamwarden_version: "0.1.0".into(),
            flink_version: "2.2.1".into(),
            recorded_at: "2026-11-22T00:00:00Z".into(),
            description: "test".into(),
            label: None,
        }
    }

    fn records(count: i64) -> Vec<StoredRecord> {
        let body = v1::observation::Body::Logs(v1::LogBatch::default());
        (0..count)
            .map(|at| v1::Observation {
                cluster_id: "c".into(),
                observed_at_ms: at,
                body: Some(body.clone()),
            })
            .map(|observation| observation.store())
            .collect()
    }

    fn written(records: &[StoredRecord]) -> Vec<u8> {
        let mut writer = TapeWriter::new(Vec::new(), &header()).unwrap();
        records
            .iter()
            .for_each(|record| writer.write(record).unwrap());
        writer.finish().unwrap()
    }

    #[test]
    fn a_tape_reads_back_as_it_was_written() {
        let records = records(100);
        let reader = TapeReader::new(std::io::Cursor::new(written(&records))).unwrap();
        assert_eq!(reader.header(), &header());
        assert_eq!(reader.collect::<Result<Vec<_>, _>>().unwrap(), records);
    }

    #[test]
    fn a_tape_that_was_cut_off_says_so_wherever_it_was_cut() {
        let tape = written(&records(100));
        for length in [tape.len() - 1, tape.len() / 2 + 60] {
            let last = TapeReader::new(&tape[..length]).unwrap().last().unwrap();
            assert!(
                matches!(last, Err(TapeError::CutOff { .. })),
                "cut at {length}: {last:?}"
            );
        }
    }

    #[test]
    fn another_file_is_no_tape() {
        assert!(matches!(
            TapeReader::new(&b"PK\x03\x04 something"[..]),
            Err(TapeError::NotATape)
        ));
    }

    #[test]
    fn a_tape_of_another_version_is_refused_by_number() {
        let mut other = header();
        other.record_version = 9;
        let tape = TapeWriter::new(Vec::new(), &other)
            .unwrap()
            .finish()
            .unwrap();
        assert!(matches!(
            TapeReader::new(&tape[..]),
            Err(TapeError::Version { found: 9 })
        ));
    }

    #[test]
    fn a_label_added_later_leaves_the_records_untouched() {
        let tape = written(&records(10));
        let mut labelled = header();
        labelled.description = "now with a label".into();
        let mut copy = Vec::new();
        relabel(&tape[..], &mut copy, &labelled).unwrap();
        let reader = TapeReader::new(&copy[..]).unwrap();
        assert_eq!(reader.header().description, "now with a label");
        assert_eq!(reader.count(), 10);
    }
}
