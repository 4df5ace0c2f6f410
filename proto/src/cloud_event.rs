//! CloudEvents 1.0 in structured JSON mode: the envelope of the public records.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::feedback::Feedback;
use crate::finding::Finding;
use crate::ids::RecordId;
use crate::record::{DecodeError, Record};
use crate::topic::Topic;

/// Published schema of a finding's event.
pub const FINDING_SCHEMA: &str = "https://streamwarden.dev/schemas/finding-event.v1.json";
/// Published schema of a feedback event.
pub const FEEDBACK_SCHEMA: &str = "https://streamwarden.dev/schemas/feedback-event.v1.json";

/// A CloudEvent with typed data.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CloudEvent<T> {
    /// Always `1.0`.
    pub specversion: String,
    /// Unique for its source: the record id. A repeat carries the same id.
    pub id: String,
    /// `/streamwarden/clusters/<cluster id>`.
    pub source: String,
    /// `io.streamwarden.finding.opened.v1` and so on.
    #[serde(rename = "type")]
    pub event_type: String,
    /// The job that it is about.
    pub subject: String,
    /// RFC 3339, UTC: the record's own time.
    pub time: String,
    /// Always `application/json`.
    pub datacontenttype: String,
    /// Where the schema of the event is published.
    pub dataschema: String,
    /// What happened.
    pub data: T,
}

/// What happened to a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FindingEventType {
    /// First time.
    Opened,
    /// Evidence, severity or actions changed, or it was confirmed again.
    Updated,
    /// Gone.
    Resolved,
}

impl FindingEventType {
    /// CloudEvents type.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Opened => "io.streamwarden.finding.opened.v1",
            Self::Updated => "io.streamwarden.finding.updated.v1",
            Self::Resolved => "io.streamwarden.finding.resolved.v1",
        }
    }

    /// Reads a CloudEvents type.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Opened, Self::Updated, Self::Resolved]
            .into_iter()
            .find(|t| t.as_str() == text)
    }
}

/// A record of the public topic `streamwarden.recommendations`.
pub type FindingEvent = CloudEvent<Finding>;
/// A record of the topic `streamwarden.feedback`.
pub type FeedbackEvent = CloudEvent<Feedback>;

/// RFC 3339 in UTC, of milliseconds since the epoch.
#[must_use]
pub fn rfc3339(at_ms: i64) -> String {
    Timestamp::from_millisecond(at_ms).map_or_else(|_| String::new(), |time| time.to_string())
}

/// Milliseconds since the epoch, of RFC 3339; `None` if it is none.
#[must_use]
pub fn parse_rfc3339(text: &str) -> Option<i64> {
    text.parse::<Timestamp>()
        .ok()
        .map(Timestamp::as_millisecond)
}

impl FindingEvent {
    /// Wraps a finding. `at_ms` is the event time that led to the event.
    #[must_use]
    pub fn of(event_type: FindingEventType, at_ms: i64, finding: Finding) -> Self {
        let time = at_ms.to_string();
        let id = RecordId::derive(&[&finding.finding_id, event_type.as_str(), &time]);
        Self {
            specversion: "1.0".to_owned(),
            id: id.0,
            source: format!("/streamwarden/clusters/{}", finding.cluster_id),
            event_type: event_type.as_str().to_owned(),
            subject: finding.job_id.clone(),
            time: rfc3339(at_ms),
            datacontenttype: "application/json".to_owned(),
            dataschema: FINDING_SCHEMA.to_owned(),
            data: finding,
        }
    }
}

impl FeedbackEvent {
    /// Wraps feedback.
    #[must_use]
    pub fn of_feedback(feedback: Feedback) -> Self {
        let id = RecordId::derive(&[
            &feedback.finding_id,
            "feedback",
            &feedback.author,
            &feedback.at,
        ]);
        Self {
            specversion: "1.0".to_owned(),
            id: id.0,
            source: format!("/streamwarden/clusters/{}", feedback.cluster_id),
            event_type: "io.streamwarden.feedback.v1".to_owned(),
            subject: feedback.job_id.clone(),
            time: feedback.at.clone(),
            datacontenttype: "application/json".to_owned(),
            dataschema: FEEDBACK_SCHEMA.to_owned(),
            data: feedback,
        }
    }
}

fn to_json<T: Serialize>(event: &CloudEvent<T>) -> Vec<u8> {
    // These types have string keys and no failing serializers, so that serde_json cannot refuse them.
    serde_json::to_vec(event).unwrap_or_default()
}

fn from_json<T: DeserializeOwned>(kind: &'static str, payload: &[u8]) -> Result<T, DecodeError> {
    serde_json::from_slice(payload).map_err(|source| DecodeError::Json { kind, source })
}

impl Record for FindingEvent {
    const TOPIC: Topic = Topic::Recommendations;

    fn kind(&self) -> &'static str {
        "finding"
    }

    fn key(&self) -> String {
        self.data.job_id.clone()
    }

    fn timestamp_ms(&self) -> i64 {
        parse_rfc3339(&self.time).unwrap_or_default()
    }

    fn id(&self) -> RecordId {
        RecordId(self.id.clone())
    }

    fn encode_payload(&self) -> Vec<u8> {
        to_json(self)
    }

    fn decode_payload(_kind: &str, payload: &[u8]) -> Result<Self, DecodeError> {
        from_json("finding", payload)
    }
}

impl Record for FeedbackEvent {
    const TOPIC: Topic = Topic::Feedback;

    fn kind(&self) -> &'static str {
        "feedback"
    }

    fn key(&self) -> String {
        self.data.job_id.clone()
    }

    fn timestamp_ms(&self) -> i64 {
        parse_rfc3339(&self.time).unwrap_or_default()
    }

    fn id(&self) -> RecordId {
        RecordId(self.id.clone())
    }

    fn encode_payload(&self) -> Vec<u8> {
        to_json(self)
    }

    fn decode_payload(_kind: &str, payload: &[u8]) -> Result<Self, DecodeError> {
        from_json("feedback", payload)
    }
}
