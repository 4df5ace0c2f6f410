//! Features as Parquet: columns by feature name, in files by day and cluster, for whatever reads Parquet.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::{ArrayRef, Float32Array, Int64Array, RecordBatch, StringArray, UInt32Array};
use arrow_schema::{ArrowError, DataType, Field, Schema};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use streamwarden_proto::cloud_event::rfc3339;
use streamwarden_proto::feature::FeatureSchema;
use streamwarden_proto::scope::Scope;
use streamwarden_proto::v1::FeatureRecord;

use crate::dataset::Row;
use crate::schema::schema;

const MS_PER_DAY: i64 = 86_400_000;

/// Why a Parquet file could not be written.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The disk.
    #[error("{path} cannot be written")]
    Io {
        /// What was written.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// The format.
    #[error("{path} cannot be written as Parquet")]
    Parquet {
        /// What was written.
        path: PathBuf,
        /// Why not.
        #[source]
        source: ParquetError,
    },
    /// The rows and the schema do not go together.
    #[error("a record of schema {found} does not fit schema {expected}")]
    OtherSchema {
        /// Fingerprint of the record.
        found: String,
        /// Fingerprint of the schema.
        expected: String,
    },
    /// The columns do not go together.
    #[error("the columns do not go together")]
    Columns(#[from] ArrowError),
}

/// Extra columns of a file: name, and one text a record.
pub type TextColumn<'a> = (&'a str, Vec<String>);

/// Writes records of one scope to one file. Missing values are NaN.
///
/// # Errors
/// [`ExportError`] if the file cannot be written or a record has another schema.
pub fn write(
    records: &[&FeatureRecord],
    schema: &FeatureSchema,
    path: &Path,
) -> Result<(), ExportError> {
    write_with(records, schema, &[], path)
}

/// Writes labelled rows of one scope to one file: features, then label, scenario, topology and the like.
///
/// # Errors
/// [`ExportError`] if the file cannot be written or a record has another schema.
pub fn write_rows(rows: &[&Row], scope: Scope, path: &Path) -> Result<(), ExportError> {
    let text = |of: &dyn Fn(&Row) -> String| rows.iter().map(|row| of(row)).collect::<Vec<_>>();
    let columns = [
        ("label", text(&|row| row.label.clone())),
        ("also", text(&|row| row.also.join(","))),
        (
            "active_elsewhere",
            text(&|row| row.active_elsewhere.join(",")),
        ),
        ("scenario", text(&|row| row.origin.scenario.clone())),
        ("topology", text(&|row| row.origin.topology.clone())),
        (
            "flink_version",
            text(&|row| row.origin.flink_version.clone()),
        ),
        ("recorded_at", text(&|row| row.origin.recorded_at.clone())),
    ];
    let records: Vec<&FeatureRecord> = rows.iter().map(|row| &row.record).collect();
    write_with(&records, schema(scope), &columns, path)
}

/// Writes records of any scope below a folder: `scope=…/day=…/cluster=…/<first window>.parquet`. Answers the files.
///
/// # Errors
/// [`ExportError`] for the first file that cannot be written.
pub fn write_partitioned(
    records: &[FeatureRecord],
    folder: &Path,
) -> Result<Vec<PathBuf>, ExportError> {
    let mut parts = BTreeMap::<(&str, i64, &str), (Scope, Vec<&FeatureRecord>)>::new();
    for record in records {
        let kind = record
            .subject
            .as_ref()
            .map(streamwarden_proto::v1::Subject::scope);
        let Some(scope) = kind.and_then(|kind| Scope::try_from(kind).ok()) else {
            continue;
        };
        let day = record.window_start_ms.div_euclid(MS_PER_DAY);
        let key = (scope.as_str(), day, record.cluster_id.as_str());
        parts
            .entry(key)
            .or_insert_with(|| (scope, Vec::new()))
            .1
            .push(record);
    }
    let mut files = Vec::new();
    for ((name, day, cluster), (scope, records)) in parts {
        let first_ms = records
            .iter()
            .map(|record| record.window_start_ms)
            .min()
            .unwrap_or_default();
        let path = folder
            .join(format!("scope={name}"))
            .join(format!("day={}", date(day)))
            .join(format!("cluster={}", file_name(cluster)))
            .join(format!("{first_ms}.parquet"));
        write(&records, schema(scope), &path)?;
        files.push(path);
    }
    Ok(files)
}

fn write_with(
    records: &[&FeatureRecord],
    schema: &FeatureSchema,
    texts: &[TextColumn<'_>],
    path: &Path,
) -> Result<(), ExportError> {
    let batch = batch(records, schema, texts)?;
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(|source| ExportError::Io {
            path: folder.to_owned(),
            source,
        })?;
    }
    // A reader never sees half a file.
    let unfinished = path.with_extension("parquet.unfinished");
    let failed_io = |source| ExportError::Io {
        path: unfinished.clone(),
        source,
    };
    let failed = |source| ExportError::Parquet {
        path: unfinished.clone(),
        source,
    };
    let file = File::create(&unfinished).map_err(failed_io)?;
    let compression = Compression::ZSTD(ZstdLevel::default());
    let properties = WriterProperties::builder()
        .set_compression(compression)
        .build();
    let mut writer =
        ArrowWriter::try_new(file, batch.schema(), Some(properties)).map_err(failed)?;
    writer.write(&batch).map_err(failed)?;
    writer.close().map_err(failed)?;
    fs::rename(&unfinished, path).map_err(|source| ExportError::Io {
        path: path.to_owned(),
        source,
    })
}

fn batch(
    records: &[&FeatureRecord],
    schema: &FeatureSchema,
    texts: &[TextColumn<'_>],
) -> Result<RecordBatch, ExportError> {
    check(records, schema)?;
    let mut columns = subject_columns(records);
    for (index, feature) in schema.features.iter().enumerate() {
        let values = records.iter().map(|record| record.values[index]);
        columns.push((
            feature.name.clone(),
            Arc::new(Float32Array::from_iter_values(values)),
        ));
    }
    for (name, values) in texts {
        columns.push((
            (*name).to_owned(),
            Arc::new(StringArray::from_iter_values(values)),
        ));
    }
    let fields: Vec<Field> = columns
        .iter()
        .map(|(name, array)| Field::new(name, DataType::clone(array.data_type()), false))
        .collect();
    let arrays = columns.into_iter().map(|(_, array)| array).collect();
    Ok(RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays)?)
}

fn check(records: &[&FeatureRecord], schema: &FeatureSchema) -> Result<(), ExportError> {
    let expected = schema.fingerprint();
    let other = records.iter().find(|record| {
        record.schema_fingerprint != expected || record.values.len() != schema.features.len()
    });
    match other {
        None => Ok(()),
        Some(record) => Err(ExportError::OtherSchema {
            found: record.schema_fingerprint.clone(),
            expected,
        }),
    }
}

/// Names start with an underscore, so that none is a feature's.
fn subject_columns(records: &[&FeatureRecord]) -> Vec<(String, ArrayRef)> {
    let text = |name: &str, of: &dyn Fn(&FeatureRecord) -> &str| {
        let values = records.iter().map(|record| of(record));
        (
            name.to_owned(),
            Arc::new(StringArray::from_iter_values(values)) as ArrayRef,
        )
    };
    let time = |name: &str, of: &dyn Fn(&FeatureRecord) -> i64| {
        let values = records.iter().map(|record| of(record));
        (
            name.to_owned(),
            Arc::new(Int64Array::from_iter_values(values)) as ArrayRef,
        )
    };
    let samples = records.iter().map(|record| record.samples);
    vec![
        text("_cluster_id", &|record| &record.cluster_id),
        text("_job_id", &|record| &record.job_id),
        text("_job_name", &|record| &record.job_name),
        text("_subject_id", &|record| {
            record.subject.as_ref().map_or("", |subject| &subject.id)
        }),
        text("_subject_name", &|record| {
            record.subject.as_ref().map_or("", |subject| &subject.name)
        }),
        time("_window_start_ms", &|record| record.window_start_ms),
        time("_window_end_ms", &|record| record.window_end_ms),
        text("_fingerprint", &|record| &record.schema_fingerprint),
        (
            "_samples".to_owned(),
            Arc::new(UInt32Array::from_iter_values(samples)),
        ),
    ]
}

/// The calendar's name of a day since the epoch.
fn date(day: i64) -> String {
    rfc3339(day * MS_PER_DAY)
        .chars()
        .take_while(|c| *c != 'T')
        .collect()
}

/// A cluster's id may hold what no file name may.
fn file_name(id: &str) -> String {
    let plain = |c: char| {
        if c.is_ascii_alphanumeric() || "-_.".contains(c) {
            c
        } else {
            '_'
        }
    };
    id.chars().map(plain).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use parquet::file::reader::{FileReader, SerializedFileReader};
    use streamwarden_proto::v1::{self, Subject};

    fn record(cluster: &str, value: f32) -> FeatureRecord {
        let schema = schema(Scope::Job);
        FeatureRecord {
            cluster_id: cluster.into(),
            subject: Some(Subject {
                scope: v1::Scope::Job.into(),
                id: "j".into(),
                ..Subject::default()
            }),
            window_start_ms: 1_795_386_300_000,
            schema_fingerprint: schema.fingerprint(),
            values: vec![value; schema.features.len()],
            ..FeatureRecord::default()
        }
    }

    #[test]
    fn files_are_parted_by_scope_day_and_cluster_and_read_back() {
        let folder = tempfile::tempdir().unwrap();
        let files =
            write_partitioned(&[record("a/b", 1.0), record("c", f32::NAN)], folder.path()).unwrap();
        let names: Vec<_> = files
            .iter()
            .map(|file| file.strip_prefix(folder.path()).unwrap())
            .collect();
        assert_eq!(
            names[0],
            Path::new("scope=job/day=2026-11-22/cluster=a_b/1795386300000.parquet")
        );
        let reader = SerializedFileReader::new(File::open(&files[1]).unwrap()).unwrap();
        let file = reader.metadata().file_metadata();
        assert_eq!(file.num_rows(), 1);
        let columns = file
            .schema_descr()
            .columns()
            .iter()
            .map(|column| column.name().to_owned());
        let columns: Vec<_> = columns.collect();
        assert_eq!(columns.len(), 9 + schema(Scope::Job).features.len());
        assert!(columns.contains(&"running_share".to_owned()));
    }

    #[test]
    fn a_record_of_another_schema_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let other = FeatureRecord {
            schema_fingerprint: "other".into(),
            ..record("c", 0.0)
        };
        let refused = write(
            &[&other],
            schema(Scope::Job),
            &folder.path().join("x.parquet"),
        );
        assert!(
            matches!(refused, Err(ExportError::OtherSchema { .. })),
            "{refused:?}"
        );
    }

    #[test]
    fn days_have_their_calendars_names() {
        assert_eq!(
            [date(0), date(19_782), date(-1)],
            ["1970-01-01", "2024-02-29", "1969-12-31"]
        );
    }
}
