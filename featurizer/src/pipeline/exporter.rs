//! Features on their way to Parquet files: collected for a while, then written at once.

use std::path::PathBuf;

use streamwarden_proto::FeatureEvent;
use streamwarden_proto::v1::FeatureRecord;

use crate::events;
use crate::export;

/// So many records make a file worth its overhead; about 20 MB in memory.
const FILE_RECORDS: usize = 20_000;

/// Writes files below a folder, or nothing where there is no folder.
#[derive(Debug)]
pub(super) struct Exporter {
    folder: Option<PathBuf>,
    waiting: Vec<FeatureRecord>,
}

impl Exporter {
    pub(super) fn new(folder: Option<PathBuf>) -> Self {
        Self {
            folder,
            waiting: Vec::new(),
        }
    }

    /// Takes records in; writes when there are enough.
    pub(super) async fn add(&mut self, records: Vec<FeatureEvent>) {
        if self.folder.is_none() {
            return;
        }
        self.waiting
            .extend(records.into_iter().filter_map(|event| match event {
                FeatureEvent::Features(record) => Some(record),
                FeatureEvent::Error(_) | FeatureEvent::Context(_) => None,
            }));
        if self.waiting.len() >= FILE_RECORDS {
            self.finish().await;
        }
    }

    /// Writes what waits. A disk that is full costs the export, never the service.
    pub(super) async fn finish(&mut self) {
        let records = std::mem::take(&mut self.waiting);
        let Some(folder) = self.folder.clone().filter(|_| !records.is_empty()) else {
            return;
        };
        let write = move || export::write_partitioned(&records, &folder);
        if let Ok(Err(error)) = tokio::task::spawn_blocking(write).await {
            events::export_failed(&error);
        }
    }
}
