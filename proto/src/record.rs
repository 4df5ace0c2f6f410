//! Which record lives on which topic, under which key, with which id.
//!
//! The kind of a record travels in the header [`KIND_HEADER`], its id in [`ID_HEADER`]: a reader may skip what it does
//! not need, or recognise a repeat, without decoding the payload.

use prost::Message;

use crate::ids::RecordId;
use crate::topic::Topic;
use crate::v1::{self, ClusterRecord, ContextRecord, ErrorRecord, FeatureRecord, Observation};

/// Header that names a record's kind.
pub const KIND_HEADER: &str = "sw-kind";
/// Header that carries a record's id.
pub const ID_HEADER: &str = "sw-id";

/// A record as it lies on a topic or a tape.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredRecord {
    /// Where it belongs.
    pub topic: Topic,
    /// The record's key.
    pub key: String,
    /// What decides the partition; equals the key on most topics.
    pub partition_key: String,
    /// [`Record::kind`].
    pub kind: String,
    /// [`Record::id`].
    pub id: RecordId,
    /// The record's own time, ms since the epoch.
    pub timestamp_ms: i64,
    /// The encoded record; `None` deletes the key from a compacted topic.
    pub payload: Option<Vec<u8>>,
}

/// A payload that is not what its topic and kind promise.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// Not the protobuf message that was expected.
    #[error("{kind} record cannot be decoded")]
    Protobuf {
        /// Kind that was expected.
        kind: &'static str,
        /// What prost says.
        #[source]
        source: prost::DecodeError,
    },
    /// Not the JSON that was expected.
    #[error("{kind} record is no valid JSON of its schema")]
    Json {
        /// Kind that was expected.
        kind: &'static str,
        /// What `serde_json` says.
        #[source]
        source: serde_json::Error,
    },
    /// A kind that this version does not know.
    #[error("record of unknown kind {0:?}")]
    UnknownKind(String),
    /// The message decodes but lacks a part that it cannot do without.
    #[error("{kind} record lacks {part}")]
    Incomplete {
        /// Kind that was expected.
        kind: &'static str,
        /// The missing part.
        part: &'static str,
    },
}

/// Ties a type to its topic, key, kind and id.
pub trait Record: Sized {
    /// The topic that this record lives on.
    const TOPIC: Topic;

    /// Short name of the record's shape, unique on its topic.
    fn kind(&self) -> &'static str;
    /// Key on the topic.
    fn key(&self) -> String;
    /// What decides the partition, where that is not the key.
    fn partition_key(&self) -> String {
        self.key()
    }
    /// The record's own time, ms since the epoch.
    fn timestamp_ms(&self) -> i64;
    /// Derived from content.
    fn id(&self) -> RecordId;
    /// Bytes of the payload.
    fn encode_payload(&self) -> Vec<u8>;
    /// Reads a payload back.
    ///
    /// # Errors
    /// [`DecodeError`] if the bytes are not a record of that kind.
    fn decode_payload(kind: &str, payload: &[u8]) -> Result<Self, DecodeError>;

    /// The record as it is written.
    fn store(&self) -> StoredRecord {
        StoredRecord {
            topic: Self::TOPIC,
            key: self.key(),
            partition_key: self.partition_key(),
            kind: self.kind().to_owned(),
            id: self.id(),
            timestamp_ms: self.timestamp_ms(),
            payload: Some(self.encode_payload()),
        }
    }
}

fn decode_protobuf<M: Message + Default>(
    kind: &'static str,
    payload: &[u8],
) -> Result<M, DecodeError> {
    M::decode(payload).map_err(|source| DecodeError::Protobuf { kind, source })
}

impl Observation {
    /// What the observation is about: a job, a process or the cluster.
    #[must_use]
    pub fn subject_id(&self) -> &str {
        use v1::metric_batch::Subject;
        use v1::observation::Body;
        use v1::snapshot::Kind;
        match &self.body {
            Some(Body::Metrics(batch)) => match &batch.subject {
                Some(Subject::JobId(id) | Subject::ProcessId(id)) => id,
                None => "",
            },
            Some(Body::Logs(batch)) => &batch.process_id,
            Some(Body::Snapshot(snapshot)) => match &snapshot.kind {
                Some(Kind::Cluster(_)) => &self.cluster_id,
                Some(Kind::Job(job)) => &job.job_id,
                Some(Kind::Checkpoints(checkpoints)) => &checkpoints.job_id,
                Some(Kind::Exceptions(exceptions)) => &exceptions.job_id,
                None => "",
            },
            None => "",
        }
    }

    /// File that a log batch was read from; empty for everything else.
    fn file(&self) -> &str {
        match &self.body {
            Some(v1::observation::Body::Logs(batch)) => &batch.file,
            _ => "",
        }
    }
}

impl Record for Observation {
    const TOPIC: Topic = Topic::Raw;

    fn kind(&self) -> &'static str {
        use v1::observation::Body;
        use v1::snapshot::Kind;
        match &self.body {
            Some(Body::Metrics(_)) => "metrics",
            Some(Body::Logs(_)) => "logs",
            Some(Body::Snapshot(snapshot)) => match &snapshot.kind {
                Some(Kind::Cluster(_)) => "cluster",
                Some(Kind::Job(_)) => "job",
                Some(Kind::Checkpoints(_)) => "checkpoints",
                Some(Kind::Exceptions(_)) => "exceptions",
                None => "snapshot",
            },
            None => "empty",
        }
    }

    fn key(&self) -> String {
        self.cluster_id.clone()
    }

    fn timestamp_ms(&self) -> i64 {
        self.observed_at_ms
    }

    fn id(&self) -> RecordId {
        let time = self.observed_at_ms.to_string();
        RecordId::derive(&[
            &self.cluster_id,
            self.kind(),
            self.subject_id(),
            self.file(),
            &time,
        ])
    }

    fn encode_payload(&self) -> Vec<u8> {
        self.encode_to_vec()
    }

    fn decode_payload(_kind: &str, payload: &[u8]) -> Result<Self, DecodeError> {
        let observation: Self = decode_protobuf("observation", payload)?;
        if observation.body.is_none() {
            return Err(DecodeError::Incomplete {
                kind: "observation",
                part: "a body",
            });
        }
        if observation.cluster_id.is_empty() {
            return Err(DecodeError::Incomplete {
                kind: "observation",
                part: "a cluster id",
            });
        }
        Ok(observation)
    }
}

/// Everything that lives on the topic of features.
#[derive(Debug, Clone, PartialEq)]
pub enum FeatureEvent {
    /// Figures of one subject and window.
    Features(FeatureRecord),
    /// One failure, at once.
    Error(ErrorRecord),
    /// Graph, configuration and resources to read the features with.
    Context(ContextRecord),
}

impl FeatureEvent {
    /// The cluster that it is about.
    #[must_use]
    pub fn cluster_id(&self) -> &str {
        match self {
            Self::Features(record) => &record.cluster_id,
            Self::Error(record) => &record.cluster_id,
            Self::Context(record) => &record.cluster_id,
        }
    }
}

impl Record for FeatureEvent {
    const TOPIC: Topic = Topic::Features;

    fn kind(&self) -> &'static str {
        match self {
            Self::Features(_) => "features",
            Self::Error(_) => "error",
            Self::Context(_) => "context",
        }
    }

    fn key(&self) -> String {
        self.cluster_id().to_owned()
    }

    fn timestamp_ms(&self) -> i64 {
        match self {
            Self::Features(record) => record.window_end_ms,
            Self::Error(record) => record.at_ms,
            Self::Context(record) => record.at_ms,
        }
    }

    fn id(&self) -> RecordId {
        let time = self.timestamp_ms().to_string();
        let kind = self.kind();
        match self {
            Self::Features(record) => {
                let subject = record
                    .subject
                    .as_ref()
                    .map_or("", |subject| subject.id.as_str());
                RecordId::derive(&[&record.cluster_id, kind, &record.job_id, subject, &time])
            }
            Self::Error(record) => {
                let subject = record
                    .subject
                    .as_ref()
                    .map_or("", |subject| subject.id.as_str());
                RecordId::derive(&[
                    &record.cluster_id,
                    kind,
                    &record.job_id,
                    subject,
                    &time,
                    &record.code,
                    &record.process_id,
                    record.origin().as_str_name(),
                ])
            }
            Self::Context(record) => {
                let subject = match &record.kind {
                    Some(v1::context_record::Kind::Job(job)) => job.job_id.as_str(),
                    _ => "",
                };
                RecordId::derive(&[&record.cluster_id, kind, subject, &time])
            }
        }
    }

    fn encode_payload(&self) -> Vec<u8> {
        match self {
            Self::Features(record) => record.encode_to_vec(),
            Self::Error(record) => record.encode_to_vec(),
            Self::Context(record) => record.encode_to_vec(),
        }
    }

    fn decode_payload(kind: &str, payload: &[u8]) -> Result<Self, DecodeError> {
        match kind {
            "features" => decode_protobuf("features", payload).map(Self::Features),
            "error" => decode_protobuf("error", payload).map(Self::Error),
            "context" => decode_protobuf("context", payload).map(Self::Context),
            other => Err(DecodeError::UnknownKind(other.to_owned())),
        }
    }
}

impl Record for ClusterRecord {
    const TOPIC: Topic = Topic::Clusters;

    fn kind(&self) -> &'static str {
        "cluster"
    }

    fn key(&self) -> String {
        self.cluster_id.clone()
    }

    /// Clusters are configuration and have no time of their own.
    fn timestamp_ms(&self) -> i64 {
        0
    }

    fn id(&self) -> RecordId {
        RecordId::derive(&[&self.cluster_id, "cluster", &self.url])
    }

    fn encode_payload(&self) -> Vec<u8> {
        self.encode_to_vec()
    }

    fn decode_payload(_kind: &str, payload: &[u8]) -> Result<Self, DecodeError> {
        decode_protobuf("cluster", payload)
    }
}
