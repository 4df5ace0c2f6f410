//! What a message shows beside the finding, out of view and history.

use std::collections::HashMap;

use streamwarden_proto::finding::Finding;

use crate::alerts::Scene;
use crate::alerts::alert::fingerprint_of;
use crate::message::build::Surroundings;
use crate::message::chart::Chart;
use crate::view::FleetView;
use crate::view::row::{figures, subject_of};
use crate::view::series::WINDOW_MS;

pub(super) struct EngineScene<'a> {
    pub(super) view: &'a FleetView,
    pub(super) past: &'a HashMap<String, (i64, u32)>,
    pub(super) public_url: &'a str,
}

impl Scene for EngineScene<'_> {
    fn around(&self, finding: &Finding) -> Surroundings {
        let cluster = self.view.cluster(&finding.cluster_id);
        Surroundings {
            public_url: self.public_url.to_owned(),
            flink_version: cluster
                .map(|c| c.flink_version().to_owned())
                .unwrap_or_default(),
            seen_before: self.past.get(&fingerprint_of(finding)).copied(),
            chart: chart(self.view, finding),
        }
    }
}

/// The hour of the weightiest figure that is kept for an hour.
fn chart(view: &FleetView, finding: &Finding) -> Option<Chart> {
    let key = (finding.cluster_id.clone(), finding.job_id.clone());
    let job = view.job(&key)?;
    let subject = subject_of(view, &key, job, finding)?;
    let figures = figures(finding);
    let figure = figures
        .iter()
        .find(|figure| subject.keeps(&figure.feature))?;
    let end_ms = job.newest_window_ms()?;
    let chart = Chart {
        label: figure.label.clone(),
        unit: figure.unit.clone(),
        end_ms,
        step_ms: WINDOW_MS,
        values: subject.hour(&figure.feature, end_ms),
        healthy_min: figure.healthy_min,
        healthy_max: figure.healthy_max,
    };
    chart.of()
}
