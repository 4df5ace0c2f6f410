//! What the page says of the models: read out of what training wrote beside them, so that no figure is typed twice.

mod markdown;

use std::path::Path;

use serde::Deserialize;
use serde_json::Value;
use streamwarden_experience::models;
use streamwarden_notifier::api::types::{ModelCard, ModelFeature, ModelList, Reliability};
use streamwarden_proto::scope::Scope;

/// Answers of a model that are no problems.
const NO_PROBLEM: [&str; 2] = ["healthy", "elsewhere"];

/// As much of a manifest as people want to know.
#[derive(Deserialize)]
struct ManifestNotes {
    name: String,
    version: String,
    fingerprint: String,
    labels: Vec<String>,
    features: Vec<ModelFeature>,
    #[serde(default)]
    trained_on: Value,
}

/// As much of the report for programs as people want to know.
#[derive(Deserialize)]
struct ReportNotes {
    problems: Vec<Reliability>,
}

/// The models of a folder, or the built-in ones. What cannot be read is left out: whoever judges refuses it loudly.
#[must_use]
pub fn of(folder: Option<&Path>) -> ModelList {
    let chapters = |name| models::notes(folder, name).map_or_else(Vec::new, |t| markdown::read(&t));
    ModelList {
        models: Scope::MODELLED
            .into_iter()
            .filter_map(|scope| card(folder, scope))
            .collect(),
        reliability: reliability(folder).unwrap_or_default(),
        card: chapters("MODEL_CARD.md"),
        report: chapters("REPORT.md"),
    }
}

fn card(folder: Option<&Path>, scope: Scope) -> Option<ModelCard> {
    let files = match folder {
        Some(folder) => models::load(folder, scope).ok()??,
        None => models::builtin(scope)?,
    };
    let notes: ManifestNotes = serde_json::from_slice(&files.manifest).ok()?;
    let trained = &notes.trained_on;
    let texts = |key: &str| serde_json::from_value(trained[key].clone()).unwrap_or_default();
    let count = |key: &str| trained[key].as_u64().unwrap_or(0);
    let is_problem = |label: &String| !NO_PROBLEM.contains(&label.as_str());
    Some(ModelCard {
        name: notes.name,
        scope: scope.as_str().to_owned(),
        version: notes.version,
        fingerprint: notes.fingerprint,
        knows: notes.labels.into_iter().filter(is_problem).collect(),
        rows: count("rows"),
        tapes: count("tapes"),
        runs: serde_json::from_value(trained["runs"].clone()).unwrap_or_default(),
        topologies: texts("topologies"),
        flink_versions: texts("flink_versions"),
        features: notes.features,
    })
}

fn reliability(folder: Option<&Path>) -> Option<Vec<Reliability>> {
    let report = models::notes(folder, "report.json")?;
    let notes: ReportNotes = serde_json::from_str(&report).ok()?;
    Some(notes.problems)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shipped_model_says_what_it_knows_and_what_it_was_trained_on() {
        let shipped = of(None);
        let scopes: Vec<&str> = shipped.models.iter().map(|m| m.scope.as_str()).collect();
        assert_eq!(scopes, Scope::MODELLED.map(Scope::as_str));
        for model in &shipped.models {
            assert!(model.rows > 0 && model.tapes > 0, "{}", model.name);
            assert!(!model.topologies.is_empty() && !model.flink_versions.is_empty());
            for slug in &model.knows {
                assert!(model.runs[slug] > 0, "{slug}");
            }
        }
    }

    #[test]
    fn how_reliable_each_problem_is_found_comes_out_of_the_report() {
        let shipped = of(None);
        let knows = shipped.models.iter().flat_map(|model| &model.knows);
        for slug in knows {
            let measured = shipped.reliability.iter().find(|row| row.slug == *slug);
            let measured = measured.unwrap_or_else(|| panic!("the report does not name {slug}"));
            assert!(measured.replays >= measured.right, "{measured:?}");
            assert!(measured.right >= measured.subject_right, "{measured:?}");
            assert!(measured.replays > 0, "{measured:?}");
        }
        let report = models::notes(None, "REPORT.md").unwrap();
        for row in &shipped.reliability {
            let Reliability {
                slug,
                topologies,
                replays,
                right,
                subject_right,
                answers,
            } = row;
            let line = format!(
                "| {slug} | {topologies} | {replays} | {right} | {subject_right} | {answers} |"
            );
            assert!(report.contains(&line), "REPORT.md says otherwise: {line}");
        }
        assert!(shipped.card.iter().any(|chapter| !chapter.parts.is_empty()));
    }

    #[test]
    fn a_folder_without_models_has_no_cards() {
        let empty = tempfile::tempdir().unwrap();
        assert_eq!(of(Some(empty.path())), ModelList::default());
    }
}
