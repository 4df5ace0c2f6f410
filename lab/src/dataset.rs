//! `lab dataset`: all tapes through the featurizer into Parquet, with what training needs beside it.
//!
//! `<out>/<scope>.parquet` holds one row a subject and window, `<out>/schema.json` the features, `<out>/tapes.json`
//! the headers of the tapes with their labels. Training labels the rows by time and subject of the planted faults.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::{ArrayRef, Float32Array, Int64Array, RecordBatch, StringArray, UInt32Array};
use arrow_schema::ArrowError;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use serde_json::json;
use streamwarden_experience::{Experience, PackError};
use streamwarden_featurizer::schema;
use streamwarden_proto::FeatureEvent;
use streamwarden_proto::scope::Scope;
use streamwarden_proto::v1::FeatureRecord;

use crate::replay::{ReplayError, replay, tapes};

/// Why there is no dataset.
#[derive(Debug, thiserror::Error)]
pub enum DatasetError {
    /// A tape cannot be played.
    #[error(transparent)]
    Replay(#[from] ReplayError),
    /// The experience pack is broken.
    #[error(transparent)]
    Pack(#[from] PackError),
    /// A file cannot be written.
    #[error("{} cannot be written", .path.display())]
    Write {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The rows cannot be put into columns.
    #[error("the rows cannot be put into columns")]
    Columns(#[from] ArrowError),
    /// The rows cannot be written as Parquet.
    #[error("the rows cannot be written as Parquet")]
    Parquet(#[from] ParquetError),
}

/// What was written.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Written {
    /// Tapes with a label.
    pub tapes: usize,
    /// Rows of all scopes.
    pub rows: usize,
}

/// Writes the dataset of all labelled tapes of a folder.
///
/// # Errors
/// [`DatasetError`] if a tape is damaged or the output cannot be written.
pub fn write(from: &Path, out: &Path) -> Result<Written, DatasetError> {
    let experience = Arc::new(Experience::builtin()?);
    let mut rows: BTreeMap<Scope, Vec<FeatureRecord>> = BTreeMap::new();
    let mut headers = serde_json::Map::new();
    for path in tapes(from)? {
        let played = replay(&path, &experience)?;
        if played.header.label.is_none() {
            continue;
        }
        headers.insert(played.name.clone(), json!(played.header));
        for event in played.events {
            let FeatureEvent::Features(record) = event else { continue };
            if let Some(scope) = scope_of(&record) {
                rows.entry(scope).or_default().push(record);
            }
        }
    }
    fs::create_dir_all(out).map_err(|source| DatasetError::Write { path: out.to_owned(), source })?;
    let mut written = Written { tapes: headers.len(), rows: 0 };
    for scope in Scope::MODELLED {
        let of_scope = rows.remove(&scope).unwrap_or_default();
        written.rows += of_scope.len();
        write_scope(&out.join(format!("{}.parquet", scope.as_str())), scope, &of_scope)?;
    }
    write_json(&out.join("tapes.json"), &headers.into())?;
    write_json(&out.join("schema.json"), &schemas())?;
    Ok(written)
}

fn scope_of(record: &FeatureRecord) -> Option<Scope> {
    Scope::try_from(record.subject.as_ref()?.scope()).ok()
}

fn schemas() -> serde_json::Value {
    let of = |scope: Scope| {
        let schema = schema(scope);
        json!({ "fingerprint": schema.fingerprint(), "features": schema.features })
    };
    Scope::MODELLED.into_iter().map(|scope| (scope.as_str().to_owned(), of(scope))).collect()
}

fn write_json(path: &Path, value: &serde_json::Value) -> Result<(), DatasetError> {
    fs::write(path, value.to_string()).map_err(|source| DatasetError::Write { path: path.to_owned(), source })
}

fn write_scope(path: &Path, scope: Scope, rows: &[FeatureRecord]) -> Result<(), DatasetError> {
    let batch = columns(scope, rows)?;
    let file = File::create(path).map_err(|source| DatasetError::Write { path: path.to_owned(), source })?;
    let compression = Compression::ZSTD(ZstdLevel::default());
    let properties = WriterProperties::builder().set_compression(compression).build();
    let mut writer = ArrowWriter::try_new(file, batch.schema(), Some(properties))?;
    writer.write(&batch)?;
    writer.close()?;
    Ok(())
}

fn columns(scope: Scope, rows: &[FeatureRecord]) -> Result<RecordBatch, ArrowError> {
    let subject = |row: &FeatureRecord| row.subject.clone().unwrap_or_default();
    let text = |of: &dyn Fn(&FeatureRecord) -> String| -> ArrayRef {
        Arc::new(rows.iter().map(|row| Some(of(row))).collect::<StringArray>())
    };
    let time = |of: &dyn Fn(&FeatureRecord) -> i64| -> ArrayRef {
        Arc::new(rows.iter().map(of).collect::<Int64Array>())
    };
    let samples: UInt32Array = rows.iter().map(|row| row.samples).collect();
    let mut columns: Vec<(String, ArrayRef)> = vec![
        ("cluster_id".to_owned(), text(&|row| row.cluster_id.clone())),
        ("job_id".to_owned(), text(&|row| row.job_id.clone())),
        ("subject_id".to_owned(), text(&|row| subject(row).id)),
        ("subject_name".to_owned(), text(&|row| subject(row).name)),
        ("window_start_ms".to_owned(), time(&|row| row.window_start_ms)),
        ("window_end_ms".to_owned(), time(&|row| row.window_end_ms)),
        ("samples".to_owned(), Arc::new(samples)),
    ];
    for (index, feature) in schema(scope).features.iter().enumerate() {
        let value = |row: &FeatureRecord| row.values.get(index).copied().unwrap_or(f32::NAN);
        let values: Float32Array = rows.iter().map(value).collect();
        columns.push((feature.name.clone(), Arc::new(values)));
    }
    RecordBatch::try_from_iter(columns)
}
