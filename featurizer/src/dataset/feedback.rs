//! Rows out of what people said: feedback names the records that a finding rested on, and a tape that somebody recorded
//! of the cluster holds them.

use std::collections::HashMap;
use std::io::Read;
use std::sync::Arc;

use streamwarden_experience::Experience;
use streamwarden_proto::feedback::{Feedback, Verdict};
use streamwarden_proto::scope::Scope;
use streamwarden_proto::tape::TapeReader;
use streamwarden_proto::v1::FeatureRecord;
use streamwarden_proto::{FeatureEvent, Record};

use crate::config::FeaturizerConfig;
use crate::dataset::{DatasetError, Row, RowOrigin, observations, records};
use crate::featurizer::Featurizer;

/// What people said, by the id of the record that it is about.
#[derive(Debug, Clone, Default)]
pub struct Said {
    by_record: HashMap<String, Feedback>,
}

impl Said {
    /// Of several people, whoever spoke last counts.
    #[must_use]
    pub fn of(mut feedback: Vec<Feedback>) -> Self {
        feedback.sort_by(|a, b| a.at.cmp(&b.at));
        let mut by_record = HashMap::new();
        for said in feedback {
            for id in &said.record_ids {
                by_record.insert(id.clone(), said.clone());
            }
        }
        Self { by_record }
    }

    /// Records that somebody spoke of.
    #[must_use]
    pub fn len(&self) -> usize {
        self.by_record.len()
    }

    /// Nobody said anything.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by_record.is_empty()
    }

    /// The row of a record, if somebody knows what it shows.
    fn row(&self, record: FeatureRecord, flink_version: &str, recorded_at: &str) -> Option<Row> {
        let scope = Scope::try_from(record.subject.as_ref()?.scope()).ok()?;
        let event = FeatureEvent::Features(record);
        let said = self.by_record.get(&event.id().0)?;
        let label = label(said)?.to_owned();
        let FeatureEvent::Features(record) = event else {
            return None;
        };
        Some(Row {
            record,
            scope,
            label,
            also: Vec::new(),
            active_elsewhere: Vec::new(),
            origin: RowOrigin {
                scenario: format!("said-{}", said.finding_id),
                // One job is one shape: it is held out as a whole.
                topology: format!("said-{}", said.job_id),
                flink_version: flink_version.to_owned(),
                recorded_at: recorded_at.to_owned(),
            },
        })
    }
}

/// A right finding's problem; of a wrong one what it was instead. Whoever only knows that it was wrong tells no label:
/// such a record is no row at all.
fn label(said: &Feedback) -> Option<&str> {
    match said.verdict {
        Verdict::Right => Some(&said.slug),
        Verdict::Wrong => said.actual_slug.as_deref().filter(|slug| !slug.is_empty()),
    }
}

/// Rows of a tape that nobody planted anything in: only of the records that somebody spoke of. The windows are those of
/// the running service, as the records' ids are.
///
/// # Errors
/// [`DatasetError`] if the tape is cut off or damaged.
pub fn from_said<R: Read>(
    tape: TapeReader<R>,
    experience: &Arc<Experience>,
    said: &Said,
) -> Result<Vec<Row>, DatasetError> {
    let header = tape.header().clone();
    let observations = observations(tape)?;
    let featurizer = Featurizer::new(FeaturizerConfig::default(), Arc::clone(experience));
    let rows = records(featurizer, &observations);
    let rows = rows
        .into_iter()
        .filter_map(|record| said.row(record, &header.flink_version, &header.recorded_at));
    Ok(rows.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::HEALTHY;
    use streamwarden_proto::v1::{self, Subject};

    fn record(window_end_ms: i64) -> FeatureRecord {
        FeatureRecord {
            cluster_id: "c".into(),
            job_id: "j".into(),
            subject: Some(Subject {
                scope: v1::Scope::Vertex.into(),
                id: "v1".into(),
                ..Subject::default()
            }),
            window_end_ms,
            ..FeatureRecord::default()
        }
    }

    fn feedback(verdict: Verdict, actual: Option<&str>, at: &str) -> Feedback {
        Feedback {
            finding_id: "f-1".into(),
            cluster_id: "c".into(),
            job_id: "j".into(),
            slug: "slow-sink".into(),
            verdict,
            actual_slug: actual.map(str::to_owned),
            comment: String::new(),
            author: "dana".into(),
            at: at.into(),
            record_ids: vec![FeatureEvent::Features(record(20_000)).id().0],
        }
    }

    fn label_of(said: Vec<Feedback>, window_end_ms: i64) -> Option<String> {
        let row = Said::of(said).row(record(window_end_ms), "2.2.1", "");
        row.map(|row| row.label)
    }

    #[test]
    fn a_right_finding_labels_the_records_that_it_rested_on_and_no_others() {
        let right = || vec![feedback(Verdict::Right, None, "2026-11-22T03:00:00Z")];
        assert_eq!(label_of(right(), 20_000).as_deref(), Some("slow-sink"));
        assert_eq!(label_of(right(), 30_000), None);
    }

    #[test]
    fn a_wrong_finding_gives_what_it_was_instead_or_nothing() {
        let wrong = |actual| vec![feedback(Verdict::Wrong, actual, "2026-11-22T03:00:00Z")];
        assert_eq!(
            label_of(wrong(Some("hot-key")), 20_000).as_deref(),
            Some("hot-key")
        );
        assert_eq!(
            label_of(wrong(Some(HEALTHY)), 20_000).as_deref(),
            Some(HEALTHY)
        );
        assert_eq!(label_of(wrong(None), 20_000), None);
    }

    #[test]
    fn whoever_spoke_last_counts() {
        let late = feedback(Verdict::Wrong, Some("hot-key"), "2026-11-22T04:00:00Z");
        let early = feedback(Verdict::Right, None, "2026-11-22T03:00:00Z");
        assert_eq!(
            label_of(vec![late, early], 20_000).as_deref(),
            Some("hot-key")
        );
    }
}
