//! Models of the pack: what training wrote, a folder a scope. Who scores with them checks them.

use std::path::Path;

use include_dir::{Dir, include_dir};
use streamwarden_proto::scope::Scope;

use crate::pack::PackError;

pub mod onnx_file;

static MODELS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/models");

/// The three files of one scope's model, unchecked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelBytes {
    /// `model.onnx`.
    pub onnx: Vec<u8>,
    /// `manifest.json`.
    pub manifest: Vec<u8>,
    /// `golden.json`.
    pub golden: Vec<u8>,
}

/// The model that is built into the program; `None` if the scope has none.
#[must_use]
pub fn builtin(scope: Scope) -> Option<ModelBytes> {
    let file = |name: &str| {
        let file = MODELS.get_file(format!("{}/{name}", scope.as_str()))?;
        Some(file.contents().to_vec())
    };
    Some(ModelBytes {
        onnx: file("model.onnx")?,
        manifest: file("manifest.json")?,
        golden: file("golden.json")?,
    })
}

/// The text model that is built into the program, as `training/text.sh` wrote it; empty if there is none.
#[must_use]
pub fn text() -> &'static [u8] {
    let file = MODELS.get_file("text/model.onnx");
    file.map_or(&[], include_dir::File::contents)
}

/// The model in a folder with `vertex/`, `job/` and `taskmanager/`; `None` if the scope has none there.
///
/// # Errors
/// [`PackError::Read`] for a file that is missing or cannot be read.
pub fn load(folder: &Path, scope: Scope) -> Result<Option<ModelBytes>, PackError> {
    let folder = folder.join(scope.as_str());
    if !folder.is_dir() {
        return Ok(None);
    }
    let file = |name: &str| {
        let path = folder.join(name);
        std::fs::read(&path).map_err(|source| PackError::Read { path, source })
    };
    Ok(Some(ModelBytes {
        onnx: file("model.onnx")?,
        manifest: file("manifest.json")?,
        golden: file("golden.json")?,
    }))
}

/// What training wrote beside the models, `MODEL_CARD.md`, `REPORT.md` or `report.json`: of the folder, or of the
/// built-in ones. `None` if it is not there.
#[must_use]
pub fn notes(folder: Option<&Path>, name: &str) -> Option<String> {
    match folder {
        Some(folder) => std::fs::read_to_string(folder.join(name)).ok(),
        None => Some(MODELS.get_file(name)?.contents_utf8()?.to_owned()),
    }
}
