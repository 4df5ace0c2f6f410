//! Rows of the list as they were last made: each is made and written again only when its job changed.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::value::RawValue;

use crate::api::types::JobRow;
use crate::view::job::JobView;
use crate::view::row::{OpenFinding, row};
use crate::view::{FleetView, JobKey};

/// A row, and the same as JSON.
#[derive(Debug)]
pub struct WrittenRow {
    /// The row.
    pub row: JobRow,
    /// Written once for all who look at it.
    pub json: Box<RawValue>,
}

/// The newest row of each job.
#[derive(Debug, Default)]
pub struct KeptRows {
    rows: HashMap<JobKey, Kept>,
}

#[derive(Debug)]
struct Kept {
    revision: u64,
    /// A silence begins and ends by the clock: nothing tells the view.
    silenced_until_ms: Vec<Option<i64>>,
    row: Arc<WrittenRow>,
}

impl KeptRows {
    /// The row of a job with these open findings.
    pub fn row(
        &mut self,
        view: &FleetView,
        key: &JobKey,
        job: &JobView,
        open: &[OpenFinding<'_>],
    ) -> Option<Arc<WrittenRow>> {
        let silenced = || open.iter().map(|open| open.silenced_until_ms);
        if let Some(kept) = self.rows.get(key)
            && kept.revision == job.revision()
            && kept.silenced_until_ms.iter().copied().eq(silenced())
        {
            return Some(Arc::clone(&kept.row));
        }
        let row = row(view, key, job, open);
        let json = serde_json::value::to_raw_value(&row).ok()?;
        let row = Arc::new(WrittenRow { row, json });
        let kept = Kept {
            revision: job.revision(),
            silenced_until_ms: silenced().collect(),
            row: Arc::clone(&row),
        };
        self.rows.insert(key.clone(), kept);
        Some(row)
    }

    /// Forgets the rows of jobs that are gone.
    pub fn forget_gone(&mut self, view: &FleetView) {
        self.rows.retain(|key, _| view.job(key).is_some());
    }
}
