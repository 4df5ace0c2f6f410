//! What training wrote beside a model: labels, features, healthy ranges, thresholds, golden rows.

use std::collections::BTreeMap;

use serde::Deserialize;
use streamwarden_proto::scope::Scope;

use super::error::{ModelError, fits};

/// Label of rows of healthy subjects.
pub const HEALTHY: &str = "healthy";
/// Label of rows of subjects that only suffer from a problem of another subject.
pub const ELSEWHERE: &str = "elsewhere";

/// A problem that is less likely than this explains nothing.
const POSSIBLE: f32 = 0.05;

/// `manifest.json`.
#[derive(Debug, Clone, Deserialize)]
pub struct Manifest {
    /// Name of the model: its scope.
    pub name: String,
    /// What its rows describe.
    pub scope: Scope,
    /// Version of the model.
    pub version: String,
    /// Name of the input.
    pub input: String,
    /// Name of the output.
    pub output: String,
    /// Classes, in the order of the probabilities.
    pub labels: Vec<String>,
    /// Features, in the order of a row.
    pub features: Vec<ManifestFeature>,
    /// Fingerprint of the feature schema that it was trained on.
    pub fingerprint: String,
    /// From which probability on it may be believed.
    #[serde(default)]
    pub thresholds: Thresholds,
    /// What healthy rows show, per feature.
    pub healthy: BTreeMap<String, HealthyRange>,
    /// What the rows of each label show.
    #[serde(default)]
    pub profiles: BTreeMap<String, LabelProfile>,
}

/// A feature as the schema described it when the model was trained.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ManifestFeature {
    /// Name, unique in its scope.
    pub name: String,
    /// Unit of its values.
    pub unit: String,
    /// Words that stand before a value.
    pub label: String,
}

/// Limits that training measured on topologies that the model never saw.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(default)]
pub struct Thresholds {
    /// A finding opens from this mean probability on, over the windows that must agree.
    pub open: f32,
    /// One window with this probability is enough.
    pub sure: f32,
    /// A finding stays open from this probability on.
    pub keep: f32,
    /// A row whose probability of `healthy` and `elsewhere` together is below this is far from healthy.
    pub troubled: f32,
    /// Windows in a row with this probability of `elsewhere` are trouble, even where nothing known is at fault.
    pub elsewhere: f32,
    /// Probability that a subject has a problem whose figures are beyond the limits of healthy ones for some windows in a row.
    pub strange: f32,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self {
            open: 0.6,
            sure: 0.95,
            keep: 0.35,
            troubled: 0.2,
            elsewhere: 0.9,
            strange: 0.9,
        }
    }
}

/// First and 99th percentile of a feature over healthy rows.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
pub struct HealthyRange {
    /// First percentile.
    pub p01: Option<f64>,
    /// 99th percentile.
    pub p99: Option<f64>,
}

/// Limits within which the rows of a problem lie, by feature: of what shows it and carries over from job to job; all
/// other features have limits that nothing exceeds. Those of healthy rows are upper limits of what shows trouble of any kind.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
pub struct LabelProfile {
    /// Rows behind it.
    pub rows: u64,
    /// Least value of each feature.
    pub min: Vec<f32>,
    /// Greatest value of each feature.
    pub max: Vec<f32>,
    /// How much trouble of each kind goes with the problem; more than that is another one's. Empty: any.
    #[serde(default)]
    pub trouble: Vec<f32>,
}

impl LabelProfile {
    /// Whether no value of the row lies beyond its limits: one that does is of something else, whatever the trees say.
    #[must_use]
    pub fn fits(&self, row: &[f32]) -> bool {
        let mut limits = row.iter().zip(self.min.iter().zip(&self.max));
        limits.all(|(value, (min, max))| value.is_nan() || (min..=max).contains(&value))
    }

    fn brings(&self, feature: usize, value: f32) -> bool {
        self.trouble.get(feature).is_none_or(|most| value <= *most)
    }
}

/// `golden.json`: rows with the probabilities that the model must give.
#[derive(Debug, Clone, Deserialize)]
pub struct Golden {
    /// Largest difference that another build of the runtime may show.
    pub tolerance: f32,
    /// The rows.
    pub rows: Vec<GoldenRow>,
}

/// One golden row.
#[derive(Debug, Clone, Deserialize)]
pub struct GoldenRow {
    /// Values of the features; `None` is NaN.
    pub values: Vec<Option<f32>>,
    /// Probabilities of the labels.
    pub probabilities: Vec<f32>,
}

impl Manifest {
    /// Reads a manifest.
    ///
    /// # Errors
    /// [`ModelError::Json`] if it is none.
    pub fn parse(model: &str, bytes: &[u8]) -> Result<Self, ModelError> {
        serde_json::from_slice(bytes).map_err(|source| ModelError::Json {
            model: model.to_owned(),
            file: "manifest.json",
            source,
        })
    }

    /// Refuses a feature schema other than the one that the model was trained on.
    ///
    /// # Errors
    /// [`ModelError::DoesNotFit`] with both fingerprints.
    pub fn check_schema(&self, fingerprint: &str) -> Result<(), ModelError> {
        fits(
            &self.name,
            "the fingerprint of its feature schema",
            &self.fingerprint,
            fingerprint,
        )
    }

    /// Position of a feature.
    #[must_use]
    pub fn feature_index(&self, name: &str) -> Option<usize> {
        self.features
            .iter()
            .position(|feature| feature.name == name)
    }

    /// Whether a row shows more trouble, of whatever kind, than any healthy row did.
    #[must_use]
    pub fn is_beyond_healthy(&self, row: &[f32]) -> bool {
        let healthy = self.profiles.get(HEALTHY);
        healthy.is_some_and(|limits| !limits.fits(row))
    }

    /// Whether a subject shows trouble that goes with none of the problems that its figures may be of. `probabilities` are in the
    /// order of the labels.
    #[must_use]
    pub fn has_unexplained_trouble(&self, row: &[f32], probabilities: &[f32]) -> bool {
        let Some(healthy) = self.profiles.get(HEALTHY) else {
            return false;
        };
        let trouble = row.iter().zip(&healthy.max).enumerate();
        let mut trouble = trouble.filter(|(_, (value, most))| value > most);
        trouble.any(|(feature, (value, _))| {
            let mut labels = self.labels.iter().zip(probabilities);
            !labels.any(|(label, probability)| {
                let is_problem = label != HEALTHY && label != ELSEWHERE;
                let profile = self.profiles.get(label);
                is_problem
                    && *probability >= POSSIBLE
                    && profile.is_none_or(|one| one.brings(feature, *value))
            })
        })
    }

    /// Position of a label.
    #[must_use]
    pub fn label_index(&self, label: &str) -> Option<usize> {
        self.labels.iter().position(|known| known == label)
    }
}

impl Golden {
    /// Reads golden rows.
    ///
    /// # Errors
    /// [`ModelError::Json`] if they are none.
    pub fn parse(model: &str, bytes: &[u8]) -> Result<Self, ModelError> {
        serde_json::from_slice(bytes).map_err(|source| ModelError::Json {
            model: model.to_owned(),
            file: "golden.json",
            source,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANIFEST: &str = r#"{
        "name": "vertex", "scope": "vertex", "version": "1", "input": "rows", "output": "probabilities",
        "labels": ["healthy", "slow-sink", "hot-key"], "features": [], "fingerprint": "f", "healthy": {}
    }"#;

    #[test]
    fn a_row_fits_a_label_if_none_of_its_values_is_beyond_the_limits() {
        let profile = LabelProfile {
            rows: 10,
            min: vec![0.0, 100.0, -1e30],
            max: vec![10.0, 200.0, 1e30],
            trouble: Vec::new(),
        };
        assert!(profile.fits(&[5.0, 150.0, 7e9]));
        assert!(profile.fits(&[f32::NAN, 150.0, f32::NAN]));
        assert!(!profile.fits(&[5.0, 201.0, 0.0]));
    }

    #[test]
    fn trouble_is_explained_if_it_goes_with_a_problem_that_the_figures_may_be_of() {
        let profile = |trouble: Vec<f32>| LabelProfile {
            rows: 10,
            min: vec![-1e30; 2],
            max: vec![1e30; 2],
            trouble,
        };
        let mut healthy = profile(Vec::new());
        healthy.max = vec![5.0, 5.0];
        let mut manifest = Manifest::parse("vertex", MANIFEST.as_bytes()).unwrap();
        manifest.profiles = [
            (HEALTHY, healthy),
            ("slow-sink", profile(vec![1e30, 5.0])),
            ("hot-key", profile(vec![5.0, 1e30])),
        ]
        .map(|(label, profile)| (label.to_owned(), profile))
        .into();
        let unexplained = |row, probabilities| manifest.has_unexplained_trouble(row, probabilities);
        let slow_sink = &[0.02, 0.97, 0.01];
        assert!(!unexplained(&[9.0, 1.0], slow_sink));
        assert!(!unexplained(&[9.0, f32::NAN], slow_sink));
        assert!(
            unexplained(&[9.0, 9.0], slow_sink),
            "no sink does the second"
        );
        assert!(
            !unexplained(&[9.0, 9.0], &[0.0, 0.9, 0.1]),
            "both at once do"
        );
    }
}
