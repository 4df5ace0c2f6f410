//! What a message shows beside the finding, out of view and history.

use std::collections::HashMap;

use streamwarden_proto::finding::Finding;

use crate::alerts::Scene;
use crate::alerts::alert::fingerprint_of;
use crate::message::build::Surroundings;
use crate::view::FleetView;

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
        }
    }
}
