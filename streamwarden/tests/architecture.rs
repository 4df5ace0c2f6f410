//! The invariants of ARCHITECTURE.md, read from the workspace itself.

#![allow(clippy::unwrap_used, reason = "a test ends where something is missing")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const SERVICES: [&str; 4] = [
    "streamwarden-collector",
    "streamwarden-featurizer",
    "streamwarden-inference",
    "streamwarden-notifier",
];
/// A file of more lines than this is two rooms in one.
const LINES_LIMIT: usize = 600;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Normal dependencies of each member of the workspace, by name.
fn dependencies() -> BTreeMap<String, BTreeSet<String>> {
    let output = Command::new(env!("CARGO"))
        .args([
            "metadata",
            "--format-version",
            "1",
            "--no-deps",
            "--offline",
        ])
        .current_dir(root())
        .output()
        .unwrap();
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let normal = |package: &serde_json::Value| {
        let all = package["dependencies"].as_array().unwrap().clone();
        let normal = all
            .into_iter()
            .filter(|dependency| dependency["kind"].is_null());
        normal
            .map(|dependency| dependency["name"].as_str().unwrap().to_owned())
            .collect()
    };
    packages
        .iter()
        .map(|package| {
            (
                package["name"].as_str().unwrap().to_owned(),
                normal(package),
            )
        })
        .collect()
}

fn users_of(dependency: &str) -> Vec<String> {
    let all = dependencies();
    let users = all
        .iter()
        .filter(|(_, dependencies)| dependencies.contains(dependency));
    users.map(|(name, _)| name.clone()).collect()
}

fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        let name = entry.file_name();
        if path.is_dir()
            && !["target", ".git", "node_modules"]
                .iter()
                .any(|skip| name == *skip)
        {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

fn files_with(pattern: &str) -> Vec<String> {
    let mut files = Vec::new();
    rust_files(&root(), &mut files);
    let with = files
        .into_iter()
        .filter(|file| fs::read_to_string(file).unwrap().contains(pattern));
    with.map(|file| file.display().to_string()).collect()
}

#[test]
fn services_never_depend_on_each_other() {
    for (name, dependencies) in dependencies() {
        if SERVICES.contains(&name.as_str()) {
            let others: Vec<_> = SERVICES
                .iter()
                .filter(|other| dependencies.contains(**other))
                .collect();
            assert!(others.is_empty(), "{name} depends on {others:?}");
        }
    }
}

#[test]
fn the_vocabulary_depends_on_nothing_of_ours_and_on_no_runtime() {
    let proto = &dependencies()["streamwarden-proto"];
    let forbidden = proto.iter().filter(|name| {
        name.starts_with("streamwarden") || ["tokio", "axum", "reqwest"].contains(&name.as_str())
    });
    assert_eq!(forbidden.count(), 0, "{proto:?}");
}

#[test]
fn each_outside_world_has_one_door() {
    assert_eq!(users_of("rdkafka"), ["streamwarden-kafka-io"]);
    assert_eq!(users_of("noida-db"), ["streamwarden-kafka-io"]);
    assert_eq!(users_of("ort"), ["streamwarden-inference"]);
    assert_eq!(users_of("sqlx"), ["streamwarden-notifier"]);
    assert_eq!(users_of("parquet"), ["streamwarden-featurizer"]);
    // Spelled in two parts, or this file would be a user too.
    let users = files_with(concat!("use or", "t::"));
    assert_eq!(users.len(), 1, "{users:?}");
}

#[test]
fn no_crate_is_called_common_or_utils() {
    for name in dependencies().keys() {
        assert!(
            !name.ends_with("common") && !name.ends_with("utils"),
            "{name}"
        );
    }
}

#[test]
fn no_file_grows_into_two() {
    let mut files = Vec::new();
    rust_files(&root(), &mut files);
    let long: Vec<_> = files
        .iter()
        .map(|file| (fs::read_to_string(file).unwrap().lines().count(), file))
        .filter(|(lines, _)| *lines > LINES_LIMIT)
        .collect();
    assert!(long.is_empty(), "{long:?}");
}
