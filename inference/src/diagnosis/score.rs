//! Scoring the rows of a batch: one run a scope.

use std::collections::BTreeMap;

use streamwarden_proto::FeatureEvent;
use streamwarden_proto::scope::Scope;
use streamwarden_proto::v1::FeatureRecord;

use crate::model::ModelSet;

/// Why a row was not scored.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Rejection {
    /// The record names no subject, or one without a model.
    #[error("the feature record has no subject that is judged")]
    NoSubject,
    /// The row has another schema than the model.
    #[error("the {scope} row has the feature schema {found}, the model was trained on {expected}", scope = .scope.as_str())]
    Fingerprint {
        /// Kind of subject.
        scope: Scope,
        /// In the record.
        found: String,
        /// Of the model.
        expected: String,
    },
    /// The row has another length than its schema.
    #[error("the {scope} row has {found} values, its schema has {expected}", scope = .scope.as_str())]
    Length {
        /// Kind of subject.
        scope: Scope,
        /// In the record.
        found: usize,
        /// Of the schema.
        expected: usize,
    },
    /// The runtime failed.
    #[error("the row could not be scored: {0}")]
    Runtime(String),
}

/// One scored row.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Row {
    pub(super) scope: Scope,
    pub(super) id: String,
    pub(super) name: String,
    pub(super) end_ms: i64,
    pub(super) values: Vec<f32>,
    /// In the order of the model's labels; empty if there is no model or nothing was measured.
    pub(super) probabilities: Vec<f32>,
}

/// Scores every feature record of the batch; gives one place for each event.
pub(super) fn score(
    models: &mut ModelSet,
    events: &[FeatureEvent],
    rejected: &mut Vec<(usize, Rejection)>,
) -> Vec<Option<Row>> {
    let mut rows: Vec<Option<Row>> = Vec::with_capacity(events.len());
    let mut batches: BTreeMap<Scope, (Vec<usize>, Vec<f32>)> = BTreeMap::new();
    for (index, event) in events.iter().enumerate() {
        let FeatureEvent::Features(record) = event else {
            rows.push(None);
            continue;
        };
        match row_of(models, record) {
            Ok(row) => {
                if record.samples > 0 && models.get(row.scope).is_some() {
                    let (places, values) = batches.entry(row.scope).or_default();
                    places.push(index);
                    values.extend_from_slice(&row.values);
                }
                rows.push(Some(row));
            }
            Err(rejection) => {
                rejected.push((index, rejection));
                rows.push(None);
            }
        }
    }
    for (scope, (places, values)) in batches {
        run(models, scope, &places, &values, &mut rows, rejected);
    }
    rows
}

fn row_of(models: &ModelSet, record: &FeatureRecord) -> Result<Row, Rejection> {
    let subject = record.subject.as_ref().ok_or(Rejection::NoSubject)?;
    let scope = Scope::try_from(subject.scope()).map_err(|_| Rejection::NoSubject)?;
    if let Some(model) = models.get(scope) {
        let manifest = &model.manifest;
        if manifest.fingerprint != record.schema_fingerprint {
            return Err(Rejection::Fingerprint {
                scope,
                found: record.schema_fingerprint.clone(),
                expected: manifest.fingerprint.clone(),
            });
        }
        if manifest.features.len() != record.values.len() {
            return Err(Rejection::Length {
                scope,
                found: record.values.len(),
                expected: manifest.features.len(),
            });
        }
    }
    Ok(Row {
        scope,
        id: subject.id.clone(),
        name: subject.name.clone(),
        end_ms: record.window_end_ms,
        values: record.values.clone(),
        probabilities: Vec::new(),
    })
}

fn run(
    models: &mut ModelSet,
    scope: Scope,
    places: &[usize],
    values: &[f32],
    rows: &mut [Option<Row>],
    rejected: &mut Vec<(usize, Rejection)>,
) {
    let Some(model) = models.get_mut(scope) else {
        return;
    };
    let labels = model.manifest.labels.len();
    match model.score(values) {
        Ok(probabilities) => {
            for (place, own) in places.iter().zip(probabilities.chunks_exact(labels)) {
                if let Some(row) = &mut rows[*place] {
                    row.probabilities = own.to_vec();
                }
            }
        }
        Err(error) => {
            let reason = error.to_string();
            let failed = places
                .iter()
                .map(|place| (*place, Rejection::Runtime(reason.clone())));
            rejected.extend(failed);
        }
    }
}
