//! `lab dataset`: all tapes through the featurizer into Parquet, with what training needs beside it.
//!
//! `<out>/<scope>.parquet` holds one labelled row a subject and window, `<out>/schema.json` the features,
//! `<out>/tapes.json` the headers of the tapes.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Value, json};
use streamwarden_experience::{Experience, PackError};
use streamwarden_featurizer::dataset::{self, Row};
use streamwarden_featurizer::export::{self, ExportError};
use streamwarden_featurizer::schema;
use streamwarden_proto::scope::Scope;

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
}

/// Writes the dataset of all tapes of a folder.
///
/// # Errors
/// [`DatasetError`] if a tape is damaged or the output cannot be written.
pub fn write(from: &Path, out: &Path) -> Result<Written, DatasetError> {
    let experience = Arc::new(Experience::builtin()?);
    let (mut rows, mut headers) = (Vec::new(), serde_json::Map::new());
    for path in tapes(from)? {
        let reader = open(&path)?;
        headers.insert(name_of(&path), json!(reader.header()));
        let of_tape = dataset::from_tape(reader, &experience);
        rows.extend(of_tape.map_err(|source| DatasetError::Rows { path, source })?);
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
