//! Labelled rows for training, made of tapes by the same code that runs in production.
//!
//! The label is what was planted, never a threshold. A row is labelled with a problem if its subject is the one at fault
//! and its window lies between the effect's first sign and the fault's end. Windows in which it is not certain what holds
//! (before the job is warm, between planting and effect, shortly after the end) are left out. Every other row is healthy
//! for the model of its own scope; it says which faults were active elsewhere, so that training may weigh it.

pub mod feedback;

use std::io::Read;
use std::sync::Arc;

use serde::Serialize;
use streamwarden_experience::Experience;
use streamwarden_proto::scope::Scope;
use streamwarden_proto::tape::{PlantedFault, TapeError, TapeHeader, TapeLabel, TapeReader};
use streamwarden_proto::v1::{FeatureRecord, Observation};
use streamwarden_proto::{DecodeError, FeatureEvent, Record, Topic};

use crate::cluster::WINDOW_MS;
use crate::config::FeaturizerConfig;
use crate::featurizer::Featurizer;

/// Label of a subject without a problem.
pub const HEALTHY: &str = "healthy";
/// After a fault's end its traces need this long to go.
const AFTERMATH_MS: i64 = 15_000;
/// A window at the end of a tape counts if this much of it was recorded.
const LEAST_OF_WINDOW_MS: i64 = 5_000;

/// Why a tape gives no rows.
#[derive(Debug, thiserror::Error)]
pub enum DatasetError {
    /// Not readable to its end.
    #[error("the tape cannot be read")]
    Tape(#[from] TapeError),
    /// A record in it is not what it says.
    #[error("a record of the tape cannot be decoded")]
    Record(#[from] DecodeError),
    /// Nobody says what was planted.
    #[error("the tape has no label")]
    Unlabelled,
}

/// One row: features, label, and where they come from.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Features of one subject and window.
    pub record: FeatureRecord,
    /// Which model it is for.
    pub scope: Scope,
    /// Slug of the problem, or [`HEALTHY`].
    pub label: String,
    /// Further problems of the same subject at the same time; empty as a rule.
    pub also: Vec<String>,
    /// Faults of other subjects that were active: `slug@scope`.
    pub active_elsewhere: Vec<String>,
    /// The run.
    pub origin: RowOrigin,
}

/// Which run a row comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RowOrigin {
    /// Scenario and variant.
    pub scenario: String,
    /// Job shape.
    pub topology: String,
    /// Flink that was recorded.
    pub flink_version: String,
    /// When.
    pub recorded_at: String,
}

/// Tapes are short and windows long: the grid of windows is laid over each tape in as many ways.
pub const PHASES_MS: [i64; 4] = [0, 2_500, 5_000, 7_500];

/// Rows of one labelled tape: for each of [`PHASES_MS`], in the order of the windows.
///
/// # Errors
/// [`DatasetError`] if the tape has no label, is cut off or damaged.
pub fn from_tape<R: Read>(
    tape: TapeReader<R>,
    experience: &Arc<Experience>,
) -> Result<Vec<Row>, DatasetError> {
    let header = tape.header().clone();
    let label = header.label.clone().ok_or(DatasetError::Unlabelled)?;
    let observations = observations(tape)?;
    let mut rows = Vec::new();
    for phase_ms in PHASES_MS {
        let config = FeaturizerConfig {
            window_phase_ms: phase_ms,
            ..FeaturizerConfig::default()
        };
        let featurizer = Featurizer::new(config, Arc::clone(experience));
        let records = records(featurizer, &observations);
        rows.extend(
            records
                .into_iter()
                .filter_map(|record| row(record, &header, &label)),
        );
    }
    Ok(rows)
}

fn observations<R: Read>(tape: TapeReader<R>) -> Result<Vec<Observation>, DatasetError> {
    let mut observations = Vec::new();
    for record in tape {
        let record = record?;
        if let Some(payload) = record.payload.filter(|_| record.topic == Topic::Raw) {
            observations.push(Observation::decode_payload(&record.kind, &payload)?);
        }
    }
    Ok(observations)
}

/// All feature records, without a last window of which too little was recorded.
fn records(mut featurizer: Featurizer, observations: &[Observation]) -> Vec<FeatureRecord> {
    let last_ms = observations
        .iter()
        .map(|observation| observation.observed_at_ms)
        .max();
    let mut events: Vec<_> = observations
        .iter()
        .flat_map(|observation| featurizer.push(observation))
        .collect();
    events.extend(featurizer.finish());
    let is_recorded = |record: &FeatureRecord| {
        last_ms.is_some_and(|last_ms| last_ms - record.window_start_ms >= LEAST_OF_WINDOW_MS)
    };
    events
        .into_iter()
        .filter_map(|event| match event {
            FeatureEvent::Features(record) => Some(record),
            FeatureEvent::Error(_) | FeatureEvent::Context(_) => None,
        })
        .filter(is_recorded)
        .collect()
}

/// What is known of one fault in one window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Not planted yet, or gone with its traces.
    Absent,
    /// It may or may not show.
    Uncertain,
    Active,
}

fn phase(fault: &PlantedFault, window_start_ms: i64) -> Phase {
    let window_end_ms = window_start_ms + WINDOW_MS;
    let removed_ms = fault.removed_at_ms.unwrap_or(i64::MAX);
    if window_end_ms <= fault.planted_at_ms
        || window_start_ms >= removed_ms.saturating_add(AFTERMATH_MS)
    {
        Phase::Absent
    } else if window_start_ms >= fault.effect_at_ms && window_end_ms <= removed_ms {
        Phase::Active
    } else {
        Phase::Uncertain
    }
}

/// `None` where it is not certain what holds.
fn row(record: FeatureRecord, header: &TapeHeader, label: &TapeLabel) -> Option<Row> {
    let subject = record.subject.as_ref()?;
    let scope = Scope::try_from(subject.scope()).ok()?;
    let start_ms = record.window_start_ms;
    let phases = label
        .faults
        .iter()
        .map(|fault| (fault, phase(fault, start_ms)));
    let phases: Vec<_> = phases
        .filter(|(_, phase)| *phase != Phase::Absent)
        .collect();
    let is_warm = start_ms >= label.warm_until_ms;
    let is_faulty = phases.iter().any(|(_, phase)| *phase == Phase::Active);
    let is_certain = phases.iter().all(|(_, phase)| *phase == Phase::Active);
    // A fault that is there from the start never lets the job become warm.
    if !is_certain || !(is_warm || is_faulty) {
        return None;
    }
    let is_own =
        |fault: &PlantedFault| fault.scope == scope && concerns(fault, &subject.id, &record.job_id);
    let (own, others): (Vec<_>, Vec<_>) = phases
        .iter()
        .map(|(fault, _)| *fault)
        .partition(|fault| is_own(fault));
    let mut slugs = own.iter().map(|fault| fault.slug.clone());
    Some(Row {
        scope,
        label: slugs.next().unwrap_or_else(|| HEALTHY.to_owned()),
        also: slugs.collect(),
        active_elsewhere: others
            .iter()
            .map(|fault| format!("{}@{}", fault.slug, fault.scope.as_str()))
            .collect(),
        origin: RowOrigin {
            scenario: label.scenario.clone(),
            topology: label.topology.clone(),
            flink_version: header.flink_version.clone(),
            recorded_at: header.recorded_at.clone(),
        },
        record,
    })
}

/// A fault of a job that never got an id is about the only job of its run.
fn concerns(fault: &PlantedFault, subject_id: &str, job_id: &str) -> bool {
    fault.subject_id == subject_id
        || (fault.subject_id.is_empty() && fault.scope == Scope::Job && !job_id.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use streamwarden_proto::v1::{self, Subject};

    fn label(removed_at_ms: Option<i64>) -> TapeLabel {
        TapeLabel {
            scenario: "s".into(),
            topology: "t".into(),
            warm_until_ms: 20_000,
            faults: vec![PlantedFault {
                slug: "slow-sink".into(),
                scope: Scope::Vertex,
                subject_id: "v1".into(),
                subject_name: "sink".into(),
                strength: String::new(),
                planted_at_ms: 41_000,
                effect_at_ms: 52_000,
                removed_at_ms,
            }],
            machine_load: (0.0, 0.0),
        }
    }

    fn labelled(window_start_ms: i64, vertex: &str, removed_at_ms: Option<i64>) -> Option<Row> {
        let header = TapeHeader {
            record_version: 1,
            streamwarden_version: String::new(),
            flink_version: "2.2.1".into(),
            recorded_at: String::new(),
            description: String::new(),
            label: None,
        };
        let subject = Subject {
            scope: v1::Scope::Vertex.into(),
            id: vertex.into(),
            ..Subject::default()
        };
        let record = FeatureRecord {
            subject: Some(subject),
            window_start_ms,
            ..FeatureRecord::default()
        };
        row(record, &header, &label(removed_at_ms))
    }

    fn label_of(window_start_ms: i64, vertex: &str, removed_at_ms: Option<i64>) -> Option<String> {
        labelled(window_start_ms, vertex, removed_at_ms).map(|row| row.label)
    }

    #[test]
    fn the_subject_at_fault_is_labelled_while_the_effect_shows() {
        assert_eq!(label_of(60_000, "v1", None).as_deref(), Some("slow-sink"));
        let other = labelled(60_000, "v2", None).unwrap();
        assert_eq!(other.label, HEALTHY);
        assert_eq!(other.active_elsewhere, ["slow-sink@vertex"]);
    }

    #[test]
    fn windows_in_which_nothing_is_certain_are_left_out() {
        let not_warm_yet = label_of(10_000, "v1", None);
        let planted_without_effect = label_of(40_000, "v1", None);
        let effect_in_the_middle = label_of(50_000, "v2", None);
        let aftermath = label_of(90_000, "v1", Some(85_000));
        for left_out in [
            not_warm_yet,
            planted_without_effect,
            effect_in_the_middle,
            aftermath,
        ] {
            assert_eq!(left_out, None);
        }
    }

    #[test]
    fn before_planting_and_well_after_the_end_everything_is_healthy() {
        assert_eq!(label_of(30_000, "v1", None).as_deref(), Some(HEALTHY));
        assert_eq!(
            label_of(100_000, "v1", Some(85_000)).as_deref(),
            Some(HEALTHY)
        );
    }
}
