//! What the page says of the models: read out of what training wrote beside them, so that no figure is typed twice.

mod markdown;

use std::path::Path;

use serde::Deserialize;
use serde_json::Value;
use streamwarden_experience::models;
use streamwarden_notifier::api::types::{
    Chapter, ModelCard, ModelFeature, ModelList, Part, Reliability,
};
use streamwarden_proto::scope::Scope;

/// Answers of a model that are no problems.
const NO_PROBLEM: [&str; 2] = ["healthy", "elsewhere"];
/// First columns of the report's table of problems, which stands there once a way of holding out; the first counts.
const RELIABILITY: [&str; 6] = [
    "planted",
    "topologies",
    "replays",
    "right",
    "subject right",
    "answers",
];

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

/// The models of a folder, or the built-in ones. What cannot be read is left out: whoever judges refuses it loudly.
#[must_use]
pub fn of(folder: Option<&Path>) -> ModelList {
    let chapters = |name| models::notes(folder, name).map_or_else(Vec::new, |t| markdown::read(&t));
    let report = chapters("REPORT.md");
    ModelList {
        models: Scope::MODELLED
            .into_iter()
            .filter_map(|scope| card(folder, scope))
            .collect(),
        reliability: reliability(&report),
        card: chapters("MODEL_CARD.md"),
        report,
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

fn reliability(report: &[Chapter]) -> Vec<Reliability> {
    let parts = report.iter().flat_map(|chapter| &chapter.parts);
    let mut tables = parts.filter_map(|part| match part {
        Part::Table { head, rows } => (*head == RELIABILITY).then_some(rows),
        _ => None,
    });
    let rows = tables.next().into_iter().flatten();
    rows.map(|row| {
        let count = |at: usize| row[at].parse().unwrap_or(0);
        Reliability {
            slug: row[0].clone(),
            topologies: count(1),
            replays: count(2),
            right: count(3),
            subject_right: count(4),
            answers: row[5].clone(),
        }
    })
    .collect()
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
        assert!(shipped.card.iter().any(|chapter| !chapter.parts.is_empty()));
    }

    #[test]
    fn a_folder_without_models_has_no_cards() {
        let empty = tempfile::tempdir().unwrap();
        assert_eq!(of(Some(empty.path())), ModelList::default());
    }
}
