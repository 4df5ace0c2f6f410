//! `lab evaluate`: every tape through the whole core, featurizer and judgement, with models that never saw its topology.
//!
//! Each tape is played once for each way to lay the grid of windows over it. Writes one JSON object each: its label, and every finding that was opened, updated or resolved, with its time.
//! Training's report counts from these what was right.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Value, json};
use streamwarden_experience::{Experience, PackError};
use streamwarden_featurizer::dataset::PHASES_MS;
use streamwarden_featurizer::schema;
use streamwarden_inference::setup::{self, Fingerprints};
use streamwarden_inference::{InferenceConfig, SetupError};
use streamwarden_proto::cloud_event::{FindingEvent, parse_rfc3339};
use streamwarden_proto::scope::Scope;
use streamwarden_proto::tape::TapeHeader;

use crate::replay::{Played, ReplayError, read, tapes};

/// Why there is no evaluation.
#[derive(Debug, thiserror::Error)]
pub enum EvaluateError {
    /// A tape cannot be played.
    #[error(transparent)]
    Replay(#[from] ReplayError),
    /// The experience pack is broken.
    #[error(transparent)]
    Pack(#[from] PackError),
    /// Models cannot be used.
    #[error(transparent)]
    Setup(#[from] SetupError),
    /// The output is closed.
    #[error("the evaluation cannot be written")]
    Write(#[from] io::Error),
}

/// Plays all labelled tapes of a folder. In `models`, `{topology}`, `{flink}` and `{slug}` stand for those of the tape;
/// without it the built-in models judge. A tape for which there are no models is left out.
///
/// # Errors
/// [`EvaluateError`] if a tape or a model cannot be used.
pub fn evaluate(
    from: &Path,
    models: Option<&str>,
    out: &mut impl Write,
) -> Result<usize, EvaluateError> {
    let experience = Arc::new(Experience::builtin()?);
    let mut count = 0;
    for path in tapes(from)? {
        let played = read(&path)?;
        let Some(folder) = models_for(&played.header, models) else {
            continue;
        };
        for phase_ms in PHASES_MS {
            writeln!(
                out,
                "{}",
                judge(&played, phase_ms, folder.clone(), &experience)?
            )?;
        }
        count += 1;
    }
    Ok(count)
}

/// `Some(None)`: the built-in models; `None`: this tape is not to be judged.
fn models_for(header: &TapeHeader, models: Option<&str>) -> Option<Option<PathBuf>> {
    let label = header.label.as_ref()?;
    let Some(pattern) = models else {
        return Some(None);
    };
    let slug = label
        .faults
        .first()
        .map_or("healthy", |fault| fault.slug.as_str());
    let folder = pattern
        .replace("{topology}", &label.topology)
        .replace("{flink}", &header.flink_version)
        .replace("{slug}", slug);
    let folder = PathBuf::from(folder);
    folder.is_dir().then_some(Some(folder))
}

fn judge(
    played: &Played,
    phase_ms: i64,
    models: Option<PathBuf>,
    experience: &Arc<Experience>,
) -> Result<Value, EvaluateError> {
    let config = InferenceConfig {
        models,
        ..InferenceConfig::default()
    };
    let fingerprints: Fingerprints = Scope::MODELLED
        .into_iter()
        .map(|scope| (scope, schema(scope).fingerprint()))
        .collect();
    let mut diagnosis = setup::diagnosis(&config, Arc::clone(experience), &fingerprints)?;
    let mut events = Vec::new();
    for event in played.features(experience, phase_ms) {
        events.extend(diagnosis.push(&event));
    }
    let rows: Vec<Value> = events.iter().map(summary).collect();
    Ok(json!({
        "tape": played.name,
        "phase_ms": phase_ms,
        "flink_version": played.header.flink_version,
        "label": played.header.label,
        "last_ms": played.last_ms,
        "events": rows,
    }))
}

fn summary(event: &FindingEvent) -> Value {
    let finding = &event.data;
    json!({
        "type": event.event_type,
        "at_ms": parse_rfc3339(&event.time),
        "finding_id": finding.finding_id,
        "slug": finding.slug,
        "class": finding.class,
        "confidence": finding.confidence,
        "severity": finding.severity,
        "subject": finding.subject,
        "model": finding.model.name,
        "title": finding.title,
    })
}
