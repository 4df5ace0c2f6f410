//! From the configuration to a judgement that is ready: experience, runtime, models.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use streamwarden_experience::{Experience, PackError, models};
use streamwarden_proto::scope::Scope;

use crate::config::InferenceConfig;
use crate::diagnosis::Diagnosis;
use crate::events;
use crate::model::set::ModelFiles;
use crate::model::{Manifest, ModelError, ModelSet, runtime};

/// Why the judgement cannot begin.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// The experience pack is broken.
    #[error(transparent)]
    Pack(#[from] PackError),
    /// A model or the runtime cannot be used.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// The folder that was configured holds no model.
    #[error("no model in {}: it has none of the folders vertex, job, taskmanager", .0.display())]
    NoModels(PathBuf),
}

/// Fingerprints of the feature schemas at hand, by scope; a scope that is not named is checked record by record.
pub type Fingerprints = BTreeMap<Scope, String>;

/// Reads the experience pack that is configured.
///
/// # Errors
/// [`PackError`] with every mistake.
pub fn experience(config: &InferenceConfig) -> Result<Arc<Experience>, PackError> {
    let experience = match &config.experience {
        Some(folder) => Experience::load(folder)?,
        None => Experience::builtin()?,
    };
    Ok(Arc::new(experience))
}

/// Makes the judgement that is configured.
///
/// # Errors
/// [`SetupError`] that names the file that does not fit.
pub fn diagnosis(
    config: &InferenceConfig,
    experience: Arc<Experience>,
    fingerprints: &Fingerprints,
) -> Result<Diagnosis, SetupError> {
    let models = load_models(config, fingerprints)?;
    Ok(Diagnosis::new(models, experience, config.diagnosis.clone()))
}

/// Loads the models of all scopes.
///
/// # Errors
/// [`SetupError`] that names the file that does not fit.
pub fn load_models(
    config: &InferenceConfig,
    fingerprints: &Fingerprints,
) -> Result<ModelSet, SetupError> {
    let mut set = ModelSet::empty();
    let mut library: Option<PathBuf> = None;
    let mut found = 0;
    for scope in Scope::MODELLED {
        let Some(bytes) = model_bytes(config.models.as_deref(), scope)? else {
            events::no_model(scope.as_str());
            continue;
        };
        found += 1;
        let library = match &library {
            Some(library) => library,
            None => library.insert(runtime::find_library(config.onnxruntime.as_deref())?),
        };
        let files = ModelFiles {
            onnx: &bytes.onnx,
            manifest: &bytes.manifest,
            golden: &bytes.golden,
        };
        let own = Manifest::parse(scope.as_str(), &bytes.manifest)?.fingerprint;
        let fingerprint = fingerprints.get(&scope).unwrap_or(&own);
        set.load(library, scope, files, fingerprint)?;
    }
    match &config.models {
        Some(folder) if found == 0 => Err(SetupError::NoModels(folder.clone())),
        _ => Ok(set),
    }
}

fn model_bytes(
    folder: Option<&Path>,
    scope: Scope,
) -> Result<Option<models::ModelBytes>, PackError> {
    match folder {
        Some(folder) => models::load(folder, scope),
        None => Ok(models::builtin(scope)),
    }
}
