//! The core: all clusters, each with a time of its own.

use std::collections::BTreeMap;
use std::sync::Arc;

use streamwarden_experience::Experience;
use streamwarden_proto::FeatureEvent;
use streamwarden_proto::v1::Observation;

use crate::cluster::ClusterState;
use crate::config::FeaturizerConfig;
use crate::errors::ErrorReader;

/// Makes features out of observations.
#[derive(Debug, Clone)]
pub struct Featurizer {
    config: FeaturizerConfig,
    reader: ErrorReader,
    clusters: BTreeMap<String, ClusterState>,
}

impl Featurizer {
    /// Begins with nothing remembered.
    #[must_use]
    pub fn new(config: FeaturizerConfig, experience: Arc<Experience>) -> Self {
        Self {
            config,
            reader: ErrorReader::new(experience),
            clusters: BTreeMap::new(),
        }
    }

    /// Takes an observation in; answers the records that it led to, in order.
    pub fn push(&mut self, observation: &Observation) -> Vec<FeatureEvent> {
        self.make_room(&observation.cluster_id);
        let fresh = || ClusterState::new(&observation.cluster_id);
        let cluster = self
            .clusters
            .entry(observation.cluster_id.clone())
            .or_insert_with(fresh);
        cluster.push(&self.config, &self.reader, observation)
    }

    /// Closes all windows that are open, also unfinished ones: the end of a tape.
    pub fn finish(&mut self) -> Vec<FeatureEvent> {
        let config = &self.config;
        self.clusters
            .values_mut()
            .flat_map(|cluster| cluster.finish(config))
            .collect()
    }

    /// Forgets clusters that fulfil a condition: their partition belongs to another featurizer now.
    pub fn forget(&mut self, is_gone: impl Fn(&str) -> bool) {
        self.clusters.retain(|cluster_id, _| !is_gone(cluster_id));
    }

    /// Newest observation time of a cluster, if it is remembered.
    #[must_use]
    pub fn newest_ms(&self, cluster_id: &str) -> Option<i64> {
        self.clusters.get(cluster_id).map(ClusterState::newest_ms)
    }

    fn make_room(&mut self, cluster_id: &str) {
        if self.clusters.len() < self.config.max_clusters || self.clusters.contains_key(cluster_id)
        {
            return;
        }
        let oldest = self
            .clusters
            .iter()
            .min_by_key(|(_, cluster)| cluster.newest_ms());
        if let Some(id) = oldest.map(|(id, _)| id.clone()) {
            self.clusters.remove(&id);
        }
    }
}
