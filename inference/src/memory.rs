//! What inference remembers on the compacted topic `streamwarden.findings`: open findings, and the context that figures
//! are read with. A process that gets a partition reads both back before it judges.

use prost::Message;
use streamwarden_proto::cloud_event::parse_rfc3339;
use streamwarden_proto::finding::FindingStatus;
use streamwarden_proto::v1::{ContextRecord, context_record};
use streamwarden_proto::{DecodeError, Finding, Record, RecordId, StoredRecord, Topic};

const FINDING: &str = "finding";
const CONTEXT: &str = "context";

/// One thing that is remembered.
#[derive(Debug, Clone, PartialEq)]
pub enum Memory {
    /// An open finding; key: its id.
    Finding(Box<Finding>),
    /// Graph and configuration of a job or a cluster; key: which.
    Context(Box<ContextRecord>),
}

impl Memory {
    /// The record that remembers a finding while it is open and forgets it when it is not.
    #[must_use]
    pub fn of_finding(finding: &Finding) -> StoredRecord {
        let mut record = Self::Finding(Box::new(finding.clone())).store();
        if finding.status == FindingStatus::Resolved {
            record.payload = None;
        }
        record
    }

    /// The record that remembers a context.
    #[must_use]
    pub fn of_context(context: &ContextRecord) -> StoredRecord {
        Self::Context(Box::new(context.clone())).store()
    }

    fn cluster_id(&self) -> &str {
        match self {
            Self::Finding(finding) => &finding.cluster_id,
            Self::Context(context) => &context.cluster_id,
        }
    }
}

impl Record for Memory {
    const TOPIC: Topic = Topic::Findings;

    fn kind(&self) -> &'static str {
        match self {
            Self::Finding(_) => FINDING,
            Self::Context(_) => CONTEXT,
        }
    }

    fn key(&self) -> String {
        match self {
            Self::Finding(finding) => finding.finding_id.clone(),
            Self::Context(context) => {
                let job = match &context.kind {
                    Some(context_record::Kind::Job(job)) => job.job_id.as_str(),
                    _ => "",
                };
                format!("context/{}/{job}", context.cluster_id)
            }
        }
    }

    fn partition_key(&self) -> String {
        self.cluster_id().to_owned()
    }

    fn timestamp_ms(&self) -> i64 {
        match self {
            Self::Finding(finding) => parse_rfc3339(&finding.last_seen).unwrap_or_default(),
            Self::Context(context) => context.at_ms,
        }
    }

    fn id(&self) -> RecordId {
        RecordId::derive(&[&self.key(), self.kind(), &self.timestamp_ms().to_string()])
    }

    fn encode_payload(&self) -> Vec<u8> {
        match self {
            // Its keys are strings and its serializers do not fail.
            Self::Finding(finding) => serde_json::to_vec(finding).unwrap_or_default(),
            Self::Context(context) => context.encode_to_vec(),
        }
    }

    fn decode_payload(kind: &str, payload: &[u8]) -> Result<Self, DecodeError> {
        match kind {
            FINDING => serde_json::from_slice(payload)
                .map(|finding| Self::Finding(Box::new(finding)))
                .map_err(|source| DecodeError::Json {
                    kind: FINDING,
                    source,
                }),
            CONTEXT => ContextRecord::decode(payload)
                .map(|context| Self::Context(Box::new(context)))
                .map_err(|source| DecodeError::Protobuf {
                    kind: CONTEXT,
                    source,
                }),
            other => Err(DecodeError::UnknownKind(other.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use streamwarden_proto::v1::JobSnapshot;

    #[test]
    fn contexts_of_two_jobs_do_not_replace_each_other() {
        let context = |job: &str| ContextRecord {
            cluster_id: "c".into(),
            at_ms: 1,
            kind: Some(context_record::Kind::Job(JobSnapshot {
                job_id: job.into(),
                ..JobSnapshot::default()
            })),
        };
        let (a, b) = (
            Memory::of_context(&context("a")),
            Memory::of_context(&context("b")),
        );
        assert_ne!(a.key, b.key);
        assert_eq!(
            (a.partition_key.as_str(), b.partition_key.as_str()),
            ("c", "c")
        );
        let read = Memory::decode_payload(&a.kind, &a.payload.unwrap()).unwrap();
        assert_eq!(read, Memory::Context(Box::new(context("a"))));
    }
}
