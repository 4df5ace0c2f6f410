//! Real failures, made by running Flink into them (`mine/provoke`) or kept from logs, each in the folder of its class.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::verdict;

const LEAST_ACCURACY: f64 = 0.9;
const LEAST_MACRO_F1: f64 = 0.85;

/// Class by folder, name, and the class that the analyzer gave.
fn judged() -> Vec<(String, String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
    let mut judged = Vec::new();
    for folder in fs::read_dir(root).unwrap() {
        let folder = folder.unwrap().path();
        let class = folder.file_name().unwrap().to_string_lossy().into_owned();
        for file in fs::read_dir(&folder).unwrap() {
            let file = file.unwrap().path();
            let log = String::from_utf8_lossy(&fs::read(&file).unwrap()).into_owned();
            let name = file.file_name().unwrap().to_string_lossy().into_owned();
            judged.push((class.clone(), name, verdict(&log).class.to_string()));
        }
    }
    judged.sort();
    judged
}

#[test]
fn the_class_of_real_failures_is_found() {
    let judged = judged();
    let wrong: Vec<_> = judged
        .iter()
        .filter(|(class, _, given)| class != given)
        .collect();
    let accuracy = 1.0 - share(wrong.len(), judged.len());
    let macro_f1 = macro_f1(&judged);
    assert!(
        judged.len() >= 60,
        "only {} failures in the corpus",
        judged.len()
    );
    assert!(
        accuracy >= LEAST_ACCURACY && macro_f1 >= LEAST_MACRO_F1,
        "accuracy {accuracy:.3}, macro F1 {macro_f1:.3}; wrong: {wrong:#?}"
    );
}

#[test]
fn wrappers_are_never_named_as_the_cause() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
    for folder in fs::read_dir(root).unwrap() {
        for file in fs::read_dir(folder.unwrap().path()).unwrap() {
            let path = file.unwrap().path();
            let log = String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned();
            let cause = verdict(&log)
                .root_cause
                .map(|cause| cause.exception)
                .unwrap_or_default();
            for wrapper in [
                "JobExecutionException",
                "CompletionException",
                "ProgramInvocationException",
            ] {
                assert!(!cause.ends_with(wrapper), "{}: {cause}", path.display());
            }
        }
    }
}

fn share(part: usize, whole: usize) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "a few hundred")]
    let share = part as f64 / whole.max(1) as f64;
    share
}

fn macro_f1(judged: &[(String, String, String)]) -> f64 {
    let mut classes: BTreeMap<&str, (usize, usize, usize)> = BTreeMap::new();
    for (class, _, given) in judged {
        classes.entry(class).or_default().2 += 1;
        if class == given {
            classes.entry(class).or_default().0 += 1;
        } else {
            classes.entry(given).or_default().1 += 1;
        }
    }
    let of_corpus: Vec<_> = classes
        .values()
        .filter(|(_, _, there)| *there > 0)
        .collect();
    let sum: f64 = of_corpus
        .iter()
        .map(|(right, wrongly, there)| share(2 * right, right + wrongly + there))
        .sum();
    sum / of_corpus.len().max(1) as f64
}
