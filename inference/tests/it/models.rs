use std::path::PathBuf;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use streamwarden_inference::model::manifest::{Golden, Manifest};
use streamwarden_inference::model::onnx::OnnxScorer;
use streamwarden_inference::model::runtime::find_library;
use streamwarden_inference::model::set::ModelFiles;
use streamwarden_inference::model::trees::{Test, TreeEnsemble};
use streamwarden_inference::model::{ModelError, ModelSet, Scorer};
use streamwarden_proto::scope::Scope;

const FINGERPRINT: &str = "0123456789abcdef";
const ONNX: &[u8] = include_bytes!("../fixtures/tiny/model.onnx");
const MANIFEST: &[u8] = include_bytes!("../fixtures/tiny/manifest.json");
const GOLDEN: &[u8] = include_bytes!("../fixtures/tiny/golden.json");

fn library() -> PathBuf {
    find_library(None).expect("these tests need the ONNX runtime: see `make setup`")
}

fn load(manifest: &[u8], golden: &[u8], fingerprint: &str) -> Result<ModelSet, ModelError> {
    let mut set = ModelSet::empty();
    let files = ModelFiles {
        onnx: ONNX,
        manifest,
        golden,
    };
    set.load(&library(), Scope::Vertex, files, fingerprint)?;
    Ok(set)
}

fn scorer() -> OnnxScorer {
    let manifest = Manifest::parse("vertex", MANIFEST).unwrap();
    let golden = Golden::parse("vertex", GOLDEN).unwrap();
    OnnxScorer::load(&library(), ONNX, &manifest, &golden).unwrap()
}

fn trees() -> TreeEnsemble {
    TreeEnsemble::parse("vertex", ONNX).unwrap()
}

fn changed(bytes: &[u8], from: &str, to: &str) -> Vec<u8> {
    let text = std::str::from_utf8(bytes).unwrap();
    assert!(text.contains(from), "{from} is not in the file");
    text.replace(from, to).into_bytes()
}

fn refusal(manifest: &[u8], golden: &[u8], fingerprint: &str) -> String {
    match load(manifest, golden, fingerprint) {
        Ok(_) => panic!("the model was not refused"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn a_model_whose_parts_agree_is_loaded_and_gives_its_golden_rows() {
    assert!(
        load(MANIFEST, GOLDEN, FINGERPRINT)
            .unwrap()
            .get(Scope::Vertex)
            .is_some()
    );
}

#[test]
fn a_model_of_another_feature_schema_is_refused_with_both_fingerprints() {
    let text = refusal(MANIFEST, GOLDEN, "ffffffffffffffff");
    assert!(
        text.contains(FINGERPRINT) && text.contains("ffffffffffffffff"),
        "{text}"
    );
}

#[test]
fn a_manifest_with_other_labels_is_refused() {
    let text = refusal(
        &changed(MANIFEST, "\"slow-sink\",", "\"hot-key\","),
        GOLDEN,
        FINGERPRINT,
    );
    assert!(text.contains("labels"), "{text}");
}

#[test]
fn a_manifest_that_lacks_a_feature_is_refused() {
    let mut manifest: serde_json::Value = serde_json::from_slice(MANIFEST).unwrap();
    manifest["features"].as_array_mut().unwrap().remove(2);
    let text = refusal(manifest.to_string().as_bytes(), GOLDEN, FINGERPRINT);
    assert!(text.contains("the type of its input"), "{text}");
}

#[test]
fn a_manifest_that_names_another_output_is_refused() {
    let manifest = changed(
        MANIFEST,
        "\"output\": \"probabilities\"",
        "\"output\": \"scores\"",
    );
    let text = refusal(&manifest, GOLDEN, FINGERPRINT);
    assert!(text.contains("the name of its output"), "{text}");
}

#[test]
fn golden_rows_that_the_runtime_does_not_reproduce_are_refused_by_number() {
    let mut golden: serde_json::Value = serde_json::from_slice(GOLDEN).unwrap();
    let cell = &mut golden["rows"][3]["probabilities"][0];
    *cell = (cell.as_f64().unwrap() - 0.01).into();
    let text = refusal(MANIFEST, golden.to_string().as_bytes(), FINGERPRINT);
    assert!(text.contains("golden row 3"), "{text}");
}

#[test]
fn a_row_of_another_length_is_refused() {
    let error = scorer().score(&[1.0; 5], 5).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("the length of a row is 5, 4 was expected"),
        "{error}"
    );
}

#[test]
fn the_decision_of_a_slow_sink_names_its_busy_time_as_above_the_planted_limit() {
    let trees = trees();
    let explanation = trees.explain_against(&[985.0, 100.0, 0.2, f32::NAN], 1, 0);
    let first = explanation.conditions[0];
    assert_eq!(first.feature, 0);
    let Test::Above(limit) = first.test else {
        panic!("busy should be above something: {first:?}")
    };
    assert!((780.0..820.0).contains(&limit), "{limit}");
}

fn row() -> impl Strategy<Value = Vec<f32>> {
    let value = prop_oneof![4 => -100.0_f32..1200.0, 1 => 0.0_f32..1.0, 1 => Just(f32::NAN)];
    prop::collection::vec(value, 4)
}

proptest! {
    #[test]
    fn contributions_and_base_add_up_to_the_raw_score(row in row(), class in 0_usize..3) {
        let trees = trees();
        let explanation = trees.explain(&row, class);
        let sum = explanation.base + explanation.contributions.iter().sum::<f32>();
        let raw = trees.raw_score(&row, class);
        prop_assert!((sum - raw).abs() < 1e-4, "{sum} is not {raw}");
    }

    #[test]
    fn every_condition_holds_for_the_row(row in row(), class in 0_usize..3) {
        for condition in trees().explain(&row, class).conditions {
            let value = row[condition.feature];
            let holds = match condition.test {
                Test::AtMost(limit) => value <= limit,
                Test::Above(limit) => value > limit,
                Test::Missing => value.is_nan(),
            };
            prop_assert!(holds, "{condition:?} does not hold for {value}");
        }
    }
}

#[test]
fn the_trees_route_values_and_missing_values_as_the_runtime_does() {
    let (mut scorer, trees) = (scorer(), trees());
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    for _ in 0..2_000 {
        let row = row().new_tree(&mut runner).unwrap().current();
        let expected = scorer.score(&row, 4).unwrap();
        let found = trees.probabilities(&row);
        for (a, b) in found.iter().zip(&expected) {
            assert!(
                (a - b).abs() < 1e-5,
                "{row:?}: {found:?} is not {expected:?}"
            );
        }
    }
}
