//! Kafka, as the services see it: typed records in, typed records out, delivery rules stated once.
//!
//! The only user of `rdkafka` and of the embedded broker. A service reads with a [`RecordStream`], writes with a
//! [`RecordSink`] or a [`TransactionalSink`], and commits what it has read only after what followed from it was
//! acknowledged.
//!
//! Guarantees:
//! - At least once. Nothing is committed by itself; [`RecordStream::commit`] says which offsets are to be read next.
//!   A transaction makes records and offsets visible together, so that readers of committed records see no repeats.
//! - Order within a partition; records with the same partition key share one, whatever their key.
//! - Rebalances are messages in the stream, in order with the records: after [`StreamEvent::Revoked`] the old owner has
//!   until its next call of [`RecordStream::next`] to finish and commit.
//! - Memory is bounded: a reader that is slow pauses its partitions, a writer that is too fast waits.
//! - Topics are created as stated, and one that exists otherwise is refused with the way out.

mod client;
mod config;
mod embedded;
pub mod error;
mod metrics;
mod partition;
mod restore;
mod sink;
mod stream;
pub mod topics;
mod transaction;

pub use config::{KafkaConfig, SaslConfig, SaslMechanism, SecurityConfig, TlsConfig};
pub use embedded::EmbeddedBroker;
pub use error::{ErrorClass, KafkaError};
pub use partition::partition_of;
pub use restore::{Restored, restore};
pub use sink::RecordSink;
pub use stream::{Bookmark, Partition, Position, Received, RecordStream, StreamEvent};
pub use transaction::TransactionalSink;
