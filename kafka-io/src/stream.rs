//! Reading records as a member of a consumer group.

use streamwarden_proto::Topic;
use streamwarden_proto::record::{DecodeError, Record};

use crate::config::KafkaConfig;
use crate::error::KafkaError;

/// One partition of one topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Partition {
    /// The topic.
    pub topic: Topic,
    /// Number of the partition, from 0.
    pub partition: i32,
}

/// A place in a partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Position {
    /// Where.
    pub partition: Partition,
    /// A record's own offset in [`Received`]; the next offset to read in [`RecordStream::commit`].
    pub offset: i64,
}

impl Position {
    /// The place behind this one: what to commit when the record here is done.
    #[must_use]
    pub fn next(self) -> Self {
        Self {
            offset: self.offset + 1,
            ..self
        }
    }
}

/// A record as it was read, not decoded yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// Where it lies.
    pub position: Position,
    /// Header `sw-kind`; empty if a stranger wrote it.
    pub kind: String,
    /// Header `sw-id`; empty if a stranger wrote it.
    pub id: String,
    /// Key.
    pub key: String,
    /// Its own time.
    pub timestamp_ms: i64,
    /// The encoded record; `None` is a deletion on a compacted topic.
    pub payload: Option<Vec<u8>>,
}

impl Received {
    /// Decodes it. On failure it belongs to [`crate::RecordSink::dead_letter`].
    ///
    /// # Errors
    /// [`DecodeError`] if it is not a record of that type.
    pub fn decode<R: Record>(&self) -> Result<R, DecodeError> {
        R::decode_payload(&self.kind, self.payload.as_deref().unwrap_or_default())
    }
}

/// What happens to a reader, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StreamEvent {
    /// These partitions are ours now; reading starts at what was committed. State of them is to be restored or rebuilt.
    Assigned(Vec<Partition>),
    /// These go away: finish and commit what is in hand, forget their state, then call [`RecordStream::next`] again.
    Revoked(Vec<Partition>),
    /// Records, in order within each partition. Never empty.
    Batch(Vec<Received>),
}

/// A member of a consumer group. Dropping it leaves the group.
#[derive(Debug)]
pub struct RecordStream {}

impl RecordStream {
    /// Joins `group` (`kafka.group("featurizer")`) and reads `topics`, from the beginning where nothing was committed.
    /// Only committed records of transactions are seen.
    ///
    /// # Errors
    /// [`KafkaError`] if the client cannot be made. Brokers that are away are no error here; they are waited for.
    pub fn subscribe(
        config: &KafkaConfig,
        group: &str,
        topics: &[Topic],
    ) -> Result<Self, KafkaError> {
        let _ = (config, group, topics);
        unimplemented!("follows at once")
    }

    /// The next event; waits for it. Cancel safe: an event that was not handed out comes with the next call.
    ///
    /// # Errors
    /// [`KafkaError`] if reading cannot go on (login refused, topic gone). Brokers that are away are waited for.
    pub async fn next(&mut self) -> Result<StreamEvent, KafkaError> {
        unimplemented!("follows at once")
    }

    /// Commits the next offsets to read and waits until the broker has acknowledged it.
    ///
    /// # Errors
    /// [`KafkaError::Commit`]; of class `Moved` if the partitions went to another member meanwhile.
    pub async fn commit(&self, positions: &[Position]) -> Result<(), KafkaError> {
        let _ = positions;
        unimplemented!("follows at once")
    }

    /// Leaves the group and waits for it, so that others get the partitions at once.
    pub async fn close(self) {
        unimplemented!("follows at once")
    }
}
