//! Why a model cannot be used.

use std::path::PathBuf;

/// Why a model cannot be used. Each variant names the file or the part that does not fit.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// No library of the ONNX runtime was found.
    #[error("the ONNX runtime is missing: no libonnxruntime.so in {}; {HOW_TO_GET_IT}", list(.looked_in))]
    RuntimeMissing {
        /// Where it was looked for.
        looked_in: Vec<PathBuf>,
    },
    /// The library is there and cannot be used.
    #[error("the ONNX runtime {} cannot be loaded: {reason}", .path.display())]
    RuntimeUnusable {
        /// The library.
        path: PathBuf,
        /// What the loader says.
        reason: String,
    },
    /// The model's folder lacks a file.
    #[error("model {model} cannot be read: {}", .path.display())]
    Read {
        /// Name of the model.
        model: String,
        /// The missing file.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
    /// The manifest or the golden rows are no JSON of their shape.
    #[error("model {model}: {file} is not what this version writes")]
    Json {
        /// Name of the model.
        model: String,
        /// The file.
        file: &'static str,
        /// What `serde_json` says.
        #[source]
        source: serde_json::Error,
    },
    /// The ONNX file is damaged or holds something other than one tree ensemble.
    #[error("model {model}: model.onnx holds no tree ensemble that can be explained: {reason}")]
    NotATreeEnsemble {
        /// Name of the model.
        model: String,
        /// What is wrong.
        reason: String,
    },
    /// File and manifest, or model and feature schema, contradict each other.
    #[error("model {model} does not fit: {what} is {found}, {expected} was expected")]
    DoesNotFit {
        /// Name of the model.
        model: String,
        /// What differs.
        what: &'static str,
        /// In the file.
        found: String,
        /// Where it is used.
        expected: String,
    },
    /// The runtime gives other probabilities than the ones the model was written with.
    #[error(
        "model {model} gives other probabilities than it was written with: golden row {row} differs by {difference}"
    )]
    Golden {
        /// Name of the model.
        model: String,
        /// Which row, from 0.
        row: usize,
        /// Largest difference of a probability.
        difference: f32,
    },
    /// The runtime failed.
    #[error("model {model}: the ONNX runtime failed")]
    Run {
        /// Name of the model.
        model: String,
        /// What the runtime says.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

const HOW_TO_GET_IT: &str = "unpack it from the PyPI wheel of onnxruntime 1.24 and name it in ORT_DYLIB_PATH or inference.onnxruntime";

fn list(paths: &[PathBuf]) -> String {
    let names: Vec<String> = paths
        .iter()
        .map(|path| path.display().to_string())
        .collect();
    names.join(", ")
}

/// Checks that two parts agree.
pub(crate) fn fits(
    model: &str,
    what: &'static str,
    found: &str,
    expected: &str,
) -> Result<(), ModelError> {
    if found == expected {
        return Ok(());
    }
    Err(ModelError::DoesNotFit {
        model: model.to_owned(),
        what,
        found: found.to_owned(),
        expected: expected.to_owned(),
    })
}
