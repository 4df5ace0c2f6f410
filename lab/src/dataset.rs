//! `lab dataset`: all tapes through the featurizer into Parquet, with what training needs beside it.
//!
//! What people said of findings becomes rows too, where there is a tape of what they spoke of.
//!
//! `<out>/<scope>.parquet` holds one labelled row a subject and window, `<out>/schema.json` the features,
//! `<out>/tapes.json` the headers of the tapes.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Value, json};
use streamwarden_experience::{Experience, PackError};
use streamwarden_featurizer::dataset::feedback::{Said, from_said};
use streamwarden_featurizer::dataset::{self, Row};
use streamwarden_featurizer::export::{self, ExportError};
use streamwarden_featurizer::schema;
use streamwarden_proto::scope::Scope;

use crate::feedback::{self, FeedbackError};
use crate::replay::{ReplayError, name_of, open, tapes};

/// Why there is no dataset.
#[derive(Debug, thiserror::Error)]
pub enum DatasetError {
    /// A tape cannot be played.
    #[error(transparent)]
    Replay(#[from] ReplayError),
    /// A tape gives no rows.
    #[error("{} gives no rows", .path.display())]
    Rows {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: dataset::DatasetError,
    },
    /// What people said cannot be read.
    #[error(transparent)]
    Feedback(#[from] FeedbackError),
    /// The experience pack is broken.
    #[error(transparent)]
    Pack(#[from] PackError),
    /// The rows cannot be written.
    #[error(transparent)]
    Export(#[from] ExportError),
    /// A file cannot be written.
    #[error("{} cannot be written", .path.display())]
    Write {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
}

/// What was written.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Written {
    /// Tapes.
    pub tapes: usize,
    /// Rows of all scopes.
    pub rows: usize,
    /// Records that people spoke of.
    pub spoken_of: usize,
    /// Rows among them that a tape holds and whose label is known.
    pub said: usize,
}

/// Where labels come from that nobody planted.
#[derive(Debug, Clone, Copy)]
pub struct People<'a> {
    /// What they said: see [`crate::feedback`].
    pub feedback: &'a Path,
    /// Tapes of the clusters that they spoke of, recorded under the clusters' own names.
    pub tapes: &'a Path,
}

/// Writes the dataset of all tapes of a folder.
///
/// # Errors
/// [`DatasetError`] if a tape is damaged or the output cannot be written.
pub fn write(from: &Path, people: Option<People<'_>>, out: &Path) -> Result<Written, DatasetError> {
    let experience = Arc::new(Experience::builtin()?);
    let (mut rows, mut headers) = (Vec::new(), serde_json::Map::new());
    for path in tapes(from)? {
        let reader = open(&path)?;
        headers.insert(name_of(&path), json!(reader.header()));
        let of_tape = dataset::from_tape(reader, &experience);
        rows.extend(of_tape.map_err(|source| DatasetError::Rows { path, source })?);
    }
    let (mut spoken_of, mut told) = (0, 0);
    if let Some(people) = people {
        let said = Said::of(feedback::read(people.feedback)?);
        spoken_of = said.len();
        for path in tapes(people.tapes)? {
            let of_tape = from_said(open(&path)?, &experience, &said);
            let of_tape = of_tape.map_err(|source| DatasetError::Rows { path, source })?;
            told += of_tape.len();
            rows.extend(of_tape);
        }
    }
    fs::create_dir_all(out).map_err(|source| DatasetError::Write {
        path: out.to_owned(),
        source,
    })?;
    for scope in Scope::MODELLED {
        let of_scope: Vec<&Row> = rows.iter().filter(|row| row.scope == scope).collect();
        export::write_rows(
            &of_scope,
            scope,
            &out.join(format!("{}.parquet", scope.as_str())),
        )?;
    }
    let written = Written {
        tapes: headers.len(),
        rows: rows.len(),
        spoken_of,
        said: told,
    };
    write_json(&out.join("tapes.json"), &headers.into())?;
    write_json(&out.join("schema.json"), &schemas())?;
    Ok(written)
}

fn schemas() -> Value {
    let of = |scope: Scope| {
        let schema = schema(scope);
        json!({ "fingerprint": schema.fingerprint(), "features": schema.features })
    };
    Scope::MODELLED
        .into_iter()
        .map(|scope| (scope.as_str().to_owned(), of(scope)))
        .collect()
}

fn write_json(path: &Path, value: &Value) -> Result<(), DatasetError> {
    fs::write(path, value.to_string()).map_err(|source| DatasetError::Write {
        path: path.to_owned(),
        source,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use streamwarden_proto::feedback::{Feedback, Verdict};
    use streamwarden_proto::{FeatureEvent, Record};

    /// Windows of the slow sink on a tape of the corpus, as the running service would lay them.
    fn windows(tape: &Path) -> Vec<String> {
        let experience = Arc::new(Experience::builtin().unwrap());
        let rows = dataset::from_tape(open(tape).unwrap(), &experience).unwrap();
        let sick = rows.into_iter().filter(|row| row.label == "slow-sink");
        let whole = sick.filter(|row| row.record.window_end_ms % 10_000 == 0);
        whole
            .map(|row| FeatureEvent::Features(row.record).id().0)
            .collect()
    }

    #[test]
    fn what_people_said_of_a_cluster_becomes_rows_where_its_tape_is_there() {
        let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tapes/lab");
        let mut known = tapes(&corpus).unwrap().into_iter();
        let tape = known
            .find(|path| name_of(path).starts_with("slow-sink"))
            .unwrap();
        let (recorded, nothing, out) = (
            tempfile::tempdir().unwrap(),
            tempfile::tempdir().unwrap(),
            tempfile::tempdir().unwrap(),
        );
        fs::copy(&tape, recorded.path().join("mine.tape")).unwrap();
        let mut record_ids = windows(&tape);
        assert!(record_ids.len() > 1, "{}", tape.display());
        let on_tape = record_ids.len();
        record_ids.push("of a window that nobody recorded".to_owned());
        let said = Feedback {
            finding_id: "f-1".into(),
            cluster_id: "c".into(),
            job_id: "j".into(),
            slug: "hot-key".into(),
            verdict: Verdict::Wrong,
            actual_slug: Some("slow-sink".into()),
            comment: String::new(),
            author: "dana".into(),
            at: "2026-11-22T03:00:00Z".into(),
            record_ids,
        };
        let feedback = out.path().join("feedback.jsonl");
        fs::write(&feedback, serde_json::to_string(&said).unwrap()).unwrap();
        let people = People {
            feedback: &feedback,
            tapes: recorded.path(),
        };
        let written = write(nothing.path(), Some(people), out.path()).unwrap();
        assert_eq!(
            written,
            Written {
                tapes: 0,
                rows: on_tape,
                spoken_of: on_tape + 1,
                said: on_tape,
            }
        );
        assert!(out.path().join("vertex.parquet").exists());
    }
}
