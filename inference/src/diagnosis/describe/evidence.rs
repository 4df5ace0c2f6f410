//! Figures beside their healthy range, and log lines.

use streamwarden_proto::cloud_event::rfc3339;
use streamwarden_proto::finding::{Evidence, FigureEvidence, LogEvidence};
use streamwarden_proto::v1::ErrorRecord;

use super::decision::rounded;
use super::figures::Facts;
use crate::diagnosis::cause::Cause;
use crate::model::ScopeModel;
use crate::model::manifest::HEALTHY;
use crate::model::trees::Explanation;

const MOST_FIGURES: usize = 6;
const MOST_LOGS: usize = 4;
/// Figures that decided less than this are left out.
const LEAST_CONTRIBUTION: f64 = 0.03;

/// Log lines first where errors decided, then figures; with the explanation of the figures.
pub(super) fn evidence(facts: &Facts<'_>, cause: &Cause) -> (Vec<Evidence>, Option<Explanation>) {
    let mut all: Vec<Evidence> = logs(cause).map(|log| Evidence::Log { log }).collect();
    let explanation = explain(facts);
    if let (Some((model, row)), Some(explanation)) = (facts.own(), &explanation) {
        all.extend(
            figures(model, &row.values, explanation)
                .into_iter()
                .map(Evidence::Figure),
        );
    }
    (all, explanation)
}

/// Why this label rather than healthy; for something unknown, why not healthy.
fn explain(facts: &Facts<'_>) -> Option<Explanation> {
    let (model, row) = facts.own()?;
    if row.probabilities.is_empty() {
        return None;
    }
    let manifest = &model.manifest;
    let healthy = manifest.label_index(HEALTHY)?;
    let class = manifest.label_index(facts.slug).or_else(|| {
        let not_fine = manifest
            .labels
            .iter()
            .enumerate()
            .filter(|(_, label)| *label != HEALTHY);
        not_fine
            .map(|(index, _)| index)
            .max_by(|a, b| row.probabilities[*a].total_cmp(&row.probabilities[*b]))
    })?;
    Some(model.trees.explain_against(&row.values, class, healthy))
}

fn figures(model: &ScopeModel, row: &[f32], explanation: &Explanation) -> Vec<FigureEvidence> {
    let total: f32 = explanation
        .contributions
        .iter()
        .filter(|part| **part > 0.0)
        .sum();
    if total <= 0.0 {
        return Vec::new();
    }
    let mut parts: Vec<(usize, f64)> = explanation
        .contributions
        .iter()
        .enumerate()
        .map(|(feature, part)| (feature, f64::from(part / total)))
        .filter(|(feature, part)| *part >= LEAST_CONTRIBUTION && row[*feature].is_finite())
        .collect();
    parts.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    parts.truncate(MOST_FIGURES);
    parts
        .into_iter()
        .map(|(feature, part)| figure(model, feature, row[feature], part))
        .collect()
}

/// The limit on the side where the value stands; both where it is within.
fn figure(model: &ScopeModel, feature: usize, value: f32, part: f64) -> FigureEvidence {
    let described = &model.manifest.features[feature];
    let value = f64::from(value);
    let range = model.manifest.healthy.get(&described.name);
    let (low, high) = range.map_or((None, None), |range| (range.p01, range.p99));
    let below = low.is_some_and(|low| value < low);
    let above = high.is_some_and(|high| value > high);
    FigureEvidence {
        feature: described.name.clone(),
        label: described.label.clone(),
        value: rounded(value),
        unit: described.unit.clone(),
        healthy_max: high.filter(|_| !below),
        healthy_min: low.filter(|_| !above),
        contribution: (part * 1_000.0).round() / 1_000.0,
    }
}

/// One line a template, newest first: the cause's own errors, then those of what follows from it.
fn logs(cause: &Cause) -> impl Iterator<Item = LogEvidence> {
    let own = cause.candidate.errors.iter().rev();
    let followers = cause
        .followers
        .iter()
        .flat_map(|follower| follower.errors.iter().rev());
    let mut seen: Vec<String> = Vec::new();
    let mut lines = Vec::new();
    for record in own.chain(followers) {
        if !seen.contains(&record.code) {
            seen.push(record.code.clone());
            lines.push(line(record));
        }
    }
    lines.into_iter().take(MOST_LOGS)
}

fn line(record: &ErrorRecord) -> LogEvidence {
    let mut text = match (record.exception.is_empty(), record.message.is_empty()) {
        (false, false) => format!("{}: {}", record.exception, record.message),
        (false, true) => record.exception.clone(),
        (true, _) => record.message.clone(),
    };
    if !record.frame.is_empty() {
        text.push_str(" at ");
        text.push_str(&record.frame);
    }
    LogEvidence {
        template: record.code.clone(),
        text,
        at: rfc3339(record.at_ms),
    }
}
