//! Ids that are derived from content, so that a repeat is recognised.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Id of a record: the same for the same content, whoever writes it and however often.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RecordId(pub String);

impl RecordId {
    /// Derives an id from the parts that make a record what it is: cluster, subject, observation time, kind.
    #[must_use]
    pub fn derive(parts: &[&str]) -> Self {
        Self(short_hash(parts, 16))
    }
}

impl fmt::Display for RecordId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Lower-case hex of the first `bytes` bytes of a BLAKE3 hash over `parts`; parts cannot run into each other.
#[must_use]
pub fn short_hash(parts: &[&str], bytes: usize) -> String {
    let mut hasher = blake3::Hasher::new();
    for part in parts {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    hasher.finalize().to_hex().chars().take(bytes * 2).collect()
}

/// Id of a finding: one problem of one subject, since one moment.
#[must_use]
pub fn finding_id(
    cluster_id: &str,
    job_id: &str,
    slug: &str,
    subject_id: &str,
    first_seen_ms: i64,
) -> String {
    let hash = short_hash(
        &[
            cluster_id,
            job_id,
            slug,
            subject_id,
            &first_seen_ms.to_string(),
        ],
        10,
    );
    format!("f-{hash}")
}

/// What stays the same when a finding is opened again after a restart: the same problem of the same subject.
#[must_use]
pub fn finding_fingerprint(cluster_id: &str, job_id: &str, slug: &str, subject_id: &str) -> String {
    short_hash(&[cluster_id, job_id, slug, subject_id], 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_parts_give_the_same_id() {
        assert_eq!(RecordId::derive(&["a", "b"]), RecordId::derive(&["a", "b"]));
    }

    #[test]
    fn parts_do_not_run_into_each_other() {
        assert_ne!(
            RecordId::derive(&["ab", "c"]),
            RecordId::derive(&["a", "bc"])
        );
    }
}
