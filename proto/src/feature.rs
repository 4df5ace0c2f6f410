//! Types of the feature schema. The features themselves are the featurizer's: one file a family.

use serde::Serialize;

use crate::ids::short_hash;
use crate::scope::Scope;

/// One feature: what a number in a feature record means.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FeatureDef {
    /// Name, unique in its scope: `busy_max`.
    pub name: String,
    /// Unit: `ms/s`, `records/s`, `ratio`, `bytes`, `count` ...
    pub unit: &'static str,
    /// The family that makes it: `time`, `skew`, `checkpoints` ...
    pub family: &'static str,
    /// What it is, in a few words that stand before a value: "busy of the busiest subtask".
    pub label: String,
    /// One sentence for a reader who does not know Flink.
    pub description: String,
    /// What NaN means here: "no checkpoint in this window".
    pub missing: &'static str,
}

/// All features of one scope, in the order of a record's values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FeatureSchema {
    /// Which subjects it describes.
    pub scope: Scope,
    /// In the order of a record's values.
    pub features: Vec<FeatureDef>,
}

impl FeatureSchema {
    /// Sixteen hex digits over scope, order, names and units. A model that was trained on another schema has another one.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let mut parts = vec![self.scope.as_str()];
        for feature in &self.features {
            parts.push(&feature.name);
            parts.push(feature.unit);
        }
        short_hash(&parts, 8)
    }

    /// Position of a feature in a record's values.
    #[must_use]
    pub fn index_of(&self, name: &str) -> Option<usize> {
        self.features
            .iter()
            .position(|feature| feature.name == name)
    }
}
