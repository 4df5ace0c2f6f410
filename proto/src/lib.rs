//! The vocabulary of Streamwarden: records, topics, keys, ids, feature schema types, findings, actions and tapes.
//!
//! Services never call each other; they meet in what this crate defines. It has no I/O of its own and no async code,
//! and depends on no other crate of the workspace.
//!
//! - [`v1`]: the internal records (protobuf), compiled from `proto/streamwarden/v1/*.proto`.
//! - [`topic`] and [`record`]: which record lives on which topic, under which key, with which id.
//! - [`finding`] and [`cloud_event`]: the public records (JSON).
//! - [`feature`]: types of the feature schema; the schema itself is the featurizer's.
//! - [`tape`]: the file format of recorded incidents.

pub mod class;
pub mod cloud_event;
pub mod feature;
pub mod feedback;
pub mod finding;
pub mod ids;
pub mod record;
pub mod scope;
pub mod tape;
pub mod topic;

/// The internal records, version 1.
#[allow(missing_docs, clippy::all, unreachable_pub)]
pub mod v1 {
    include!(concat!(env!("OUT_DIR"), "/streamwarden.v1.rs"));
}

pub use class::Class;
pub use finding::Finding;
pub use ids::RecordId;
pub use record::{DecodeError, FeatureEvent, Record, StoredRecord};
pub use topic::Topic;
