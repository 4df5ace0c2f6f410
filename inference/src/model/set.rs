//! The models of all scopes, loaded and checked.

use std::collections::BTreeMap;
use std::path::Path;

use streamwarden_proto::scope::Scope;

use super::error::fits;
use super::manifest::{Golden, Manifest};
use super::onnx::OnnxScorer;
use super::trees::TreeEnsemble;
use super::{ModelError, Scorer};

/// One scope's model: what scores, what explains, what is known of it.
pub struct ScopeModel {
    /// What training wrote beside it.
    pub manifest: Manifest,
    /// Its trees.
    pub trees: TreeEnsemble,
    scorer: Box<dyn Scorer>,
}

impl ScopeModel {
    /// Puts a model together from parts that were checked.
    #[must_use]
    pub fn new(manifest: Manifest, trees: TreeEnsemble, scorer: Box<dyn Scorer>) -> Self {
        Self {
            manifest,
            trees,
            scorer,
        }
    }

    /// Scores rows, one after another in `rows`.
    ///
    /// # Errors
    /// [`ModelError::Run`] if the runtime refuses them.
    pub fn score(&mut self, rows: &[f32]) -> Result<Vec<f32>, ModelError> {
        self.scorer.score(rows, self.manifest.features.len())
    }
}

/// The three files of a model.
#[derive(Debug, Clone, Copy)]
pub struct ModelFiles<'a> {
    /// `model.onnx`.
    pub onnx: &'a [u8],
    /// `manifest.json`.
    pub manifest: &'a [u8],
    /// `golden.json`.
    pub golden: &'a [u8],
}

/// The models of all scopes.
#[derive(Default)]
pub struct ModelSet {
    models: BTreeMap<Scope, ScopeModel>,
}

impl ModelSet {
    /// No model at all: only errors are judged.
    #[must_use]
    pub fn empty() -> Self {
        Self::default()
    }

    /// Loads one scope's model, checks file, manifest, golden rows and the fingerprint of the feature schema at hand.
    ///
    /// # Errors
    /// [`ModelError`] that names what does not fit.
    pub fn load(
        &mut self,
        library: &Path,
        scope: Scope,
        files: ModelFiles<'_>,
        fingerprint: &str,
    ) -> Result<(), ModelError> {
        let name = scope.as_str();
        let manifest = Manifest::parse(name, files.manifest)?;
        let golden = Golden::parse(name, files.golden)?;
        let trees = TreeEnsemble::parse(name, files.onnx)?;
        fits(
            name,
            "the scope in its manifest",
            manifest.scope.as_str(),
            name,
        )?;
        fits(
            name,
            "the labels in model.onnx",
            &trees.labels().join(", "),
            &manifest.labels.join(", "),
        )?;
        fits(
            name,
            "the version in model.onnx",
            trees.version(),
            &manifest.version,
        )?;
        fits(
            name,
            "the fingerprint in model.onnx",
            trees.fingerprint(),
            &manifest.fingerprint,
        )?;
        manifest.check_schema(fingerprint)?;
        let scorer = OnnxScorer::load(library, files.onnx, &manifest, &golden)?;
        self.insert(ScopeModel::new(manifest, trees, Box::new(scorer)));
        Ok(())
    }

    /// Adds a model whose parts were checked.
    pub fn insert(&mut self, model: ScopeModel) {
        self.models.insert(model.manifest.scope, model);
    }

    /// The model of a scope.
    #[must_use]
    pub fn get(&self, scope: Scope) -> Option<&ScopeModel> {
        self.models.get(&scope)
    }

    /// The model of a scope, to score with.
    pub fn get_mut(&mut self, scope: Scope) -> Option<&mut ScopeModel> {
        self.models.get_mut(&scope)
    }
}
