//! Tapes of real Flink.

use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;

use streamwarden_featurizer::dataset;
use streamwarden_featurizer::dataset::HEALTHY;
use streamwarden_proto::scope::Scope;
use streamwarden_proto::tape::TapeReader;

use crate::cluster::EXPERIENCE;

fn tapes() -> Vec<PathBuf> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tapes/lab");
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut tapes: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .collect();
    tapes.retain(|path| {
        path.extension()
            .is_some_and(|extension| extension == "tape")
    });
    tapes.sort();
    tapes
}

#[test]
fn a_tape_that_was_cut_off_gives_no_rows_and_says_so() {
    let Some(path) = tapes().into_iter().next() else {
        return;
    };
    let whole = std::fs::read(path).unwrap();
    let cut = &whole[..whole.len() - 20];
    let refused = dataset::from_tape(TapeReader::new(cut).unwrap(), &EXPERIENCE);
    assert!(
        matches!(refused, Err(dataset::DatasetError::Tape(_))),
        "{refused:?}"
    );
}

#[test]
fn rows_of_a_recorded_run_repeat_and_carry_the_planted_label() {
    for path in tapes().into_iter().take(5) {
        let rows = || {
            let tape = TapeReader::new(File::open(&path).unwrap()).unwrap();
            dataset::from_tape(tape, &Arc::clone(&EXPERIENCE)).unwrap()
        };
        let (once, twice) = (rows(), rows());
        let bits = |rows: &[dataset::Row]| -> Vec<u32> {
            rows.iter()
                .flat_map(|row| row.record.values.iter().map(|value| value.to_bits()))
                .collect()
        };
        assert_eq!(bits(&once), bits(&twice), "{}", path.display());
        let tape = TapeReader::new(File::open(&path).unwrap()).unwrap();
        let label = tape.header().label.clone().unwrap();
        for row in &once {
            let planted = label.faults.iter().any(|fault| {
                fault.slug == row.label
                    && (fault.subject_id == row.record.subject.clone().unwrap().id
                        || fault.scope == Scope::Job)
            });
            assert!(
                planted || row.label == HEALTHY,
                "{}: {}",
                path.display(),
                row.label
            );
        }
    }
}
