//! Where the dynamic library of the ONNX runtime lies.

use std::path::{Path, PathBuf};

use super::ModelError;

/// Environment variable that names the library, as `ort` and other programs read it.
pub const LIBRARY_VARIABLE: &str = "ORT_DYLIB_PATH";
/// Environment variable of the product's cache.
const CACHE_VARIABLE: &str = "STREAMWARDEN_CACHE";
const LIBRARY_PREFIX: &str = "libonnxruntime.so";

/// Finds the library: what the configuration names, then [`LIBRARY_VARIABLE`], the cache, the folder of the program.
///
/// # Errors
/// [`ModelError::RuntimeMissing`] with every place that was looked at.
pub fn find_library(configured: Option<&Path>) -> Result<PathBuf, ModelError> {
    let environment = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    let named = configured
        .map(Path::to_path_buf)
        .or_else(|| environment(LIBRARY_VARIABLE).map(PathBuf::from));
    if let Some(named) = named {
        return find_in(&[named]);
    }
    let cache = environment(CACHE_VARIABLE).map(PathBuf::from).or_else(|| {
        environment("HOME").map(|home| PathBuf::from(home).join(".cache/streamwarden"))
    });
    let mut places: Vec<PathBuf> = Vec::new();
    if let Some(folder) = cache.map(|cache| cache.join("onnxruntime")) {
        // One folder a version, the newest first.
        let mut versions: Vec<PathBuf> = std::fs::read_dir(&folder)
            .into_iter()
            .flatten()
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(|path| path.is_dir())
            .collect();
        versions.sort();
        places.extend(versions.into_iter().rev());
        places.push(folder);
    }
    if let Some(folder) = std::env::current_exe()
        .ok()
        .and_then(|path| Some(path.parent()?.to_path_buf()))
    {
        places.push(folder);
    }
    places.push(PathBuf::from("/usr/local/lib"));
    places.push(PathBuf::from("/usr/lib"));
    find_in(&places)
}

/// A place is the library itself or a folder that holds it, with or without a version behind its name.
fn find_in(places: &[PathBuf]) -> Result<PathBuf, ModelError> {
    places
        .iter()
        .find_map(|place| library_at(place))
        .ok_or_else(|| ModelError::RuntimeMissing {
            looked_in: places.to_vec(),
        })
}

fn library_at(place: &Path) -> Option<PathBuf> {
    if place.is_file() {
        return Some(place.to_path_buf());
    }
    let entries = std::fs::read_dir(place).ok()?;
    let names = entries.filter_map(|entry| Some(entry.ok()?.path()));
    names
        .filter(|path| {
            path.file_name()
                .is_some_and(|name| name.to_string_lossy().starts_with(LIBRARY_PREFIX))
        })
        .max()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_library_names_the_place_and_how_to_get_it() {
        let error = find_library(Some(Path::new("/nowhere/libonnxruntime.so"))).unwrap_err();
        let text = error.to_string();
        assert!(text.contains("/nowhere/libonnxruntime.so"), "{text}");
        assert!(text.contains("ORT_DYLIB_PATH"), "{text}");
    }

    #[test]
    fn a_folder_gives_its_newest_library() {
        let folder = tempfile::tempdir().unwrap();
        for name in [
            "libonnxruntime.so.1.23.0",
            "libonnxruntime.so.1.24.4",
            "other.so",
        ] {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        let found = find_library(Some(folder.path())).unwrap();
        assert!(found.ends_with("libonnxruntime.so.1.24.4"), "{found:?}");
    }
}
