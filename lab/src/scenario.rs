//! Scenarios: one TOML file says what to run, what to plant and how to tell that it worked.
//!
//! A file may hold several `[[variant]]` tables; each is laid over the rest of the file and gives one run.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use streamwarden_proto::scope::Scope;
use toml::{Table, Value};

use crate::check::Check;
use crate::plant::Action;

/// Flat keys with values of any simple type.
pub type Settings = BTreeMap<String, Value>;

/// One run, fully described.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// `slow-sink-map-chain-strong`: file and variant; the tape's name.
    #[serde(skip)]
    pub name: String,
    /// One line for people.
    pub about: String,
    /// Shape of the job.
    pub topology: String,
    /// Runs of a lower number come first, so that every problem has an early run.
    #[serde(default = "middle")]
    pub order: u32,
    /// Version of Flink.
    #[serde(default = "default_flink")]
    pub flink: String,
    /// Arguments of the job: `parallelism`, `VERTEX.parallelism`, `VERTEX.window-ms`.
    #[serde(default)]
    pub args: Settings,
    /// What the control file says while all is well.
    #[serde(default)]
    pub knobs: Settings,
    /// Configuration of the job.
    #[serde(default)]
    pub job_config: Settings,
    /// Processes and their configuration.
    #[serde(default)]
    pub cluster: ClusterSpec,
    /// Class whose `main` is run; the lab's own if absent.
    #[serde(default)]
    pub entry_class: Option<String>,
    /// A release of the job that ran before, and left a savepoint from which this one starts.
    #[serde(default)]
    pub before: Option<Before>,
    /// A savepoint to start from, as somebody might write it.
    #[serde(default)]
    pub restore_from: Option<String>,
    /// What is planted; absent in a healthy run.
    pub fault: Option<FaultSpec>,
    /// What happens when.
    #[serde(default)]
    pub timeline: Timeline,
    /// What a healthy run may show.
    #[serde(default)]
    pub healthy: HealthyLimits,
    /// A disturbance that a healthy job takes in its stride.
    #[serde(default)]
    pub disturbance: Option<Disturbance>,
}

/// Processes of a cluster. Runs with equal ones share a cluster.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ClusterSpec {
    /// Number of TaskManagers.
    pub taskmanagers: u32,
    /// Slots of each.
    pub slots: u32,
    /// Flink's options, for all processes; `{work}` stands for the cluster's own folder.
    pub config: Settings,
    /// A Kafka broker stands beside it.
    pub kafka: bool,
    /// A service that can be asked stands beside it.
    pub service: bool,
    /// Size of the disk at `{work}/disk`; 0 for none.
    pub disk_mb: u32,
    /// Each TaskManager runs in a container, with `taskmanager.memory.process.size` as its limit.
    pub container: bool,
}

impl Default for ClusterSpec {
    fn default() -> Self {
        Self {
            taskmanagers: 2,
            slots: 4,
            config: Settings::new(),
            kafka: false,
            service: false,
            disk_mb: 0,
            container: false,
        }
    }
}

/// What is planted.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultSpec {
    /// Problem of the catalogue.
    pub slug: String,
    /// Kind of thing at fault.
    pub scope: Scope,
    /// Vertex at fault, or whose subtask names the TaskManager at fault.
    pub vertex: Option<String>,
    /// Subtask of that vertex.
    #[serde(default)]
    pub subtask: usize,
    /// Scenario's own words for the label.
    pub strength: String,
    /// The fault is in the job or cluster from the start, not planted while running.
    #[serde(default)]
    pub from_start: bool,
    /// Flink does not take the job: there may be none to look at.
    #[serde(default)]
    pub refused: bool,
    /// It cannot be seen before it is taken away, because Flink does not answer until then.
    #[serde(default)]
    pub shows_when_removed: bool,
    /// Changes of the control file.
    #[serde(default)]
    pub knobs: Settings,
    /// What is done to a process.
    pub action: Option<Action>,
    /// What must be seen before the run counts; all of them.
    pub check: Vec<Check>,
    /// What else is wrong at the same time.
    #[serde(default)]
    pub also: Vec<FaultSpec>,
}

impl FaultSpec {
    /// This one and what is wrong beside it.
    pub fn all(&self) -> impl Iterator<Item = &Self> {
        std::iter::once(self).chain(&self.also)
    }
}

/// The release of the job that ran before.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Before {
    /// Its arguments, over those of the scenario.
    pub args: Settings,
    /// Its configuration, over that of the scenario.
    pub job_config: Settings,
    /// Seconds until it is stopped with a savepoint.
    pub run_s: u64,
}

impl Default for Before {
    fn default() -> Self {
        Self {
            args: Settings::new(),
            job_config: Settings::new(),
            run_s: 6,
        }
    }
}

/// Seconds since submission.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Timeline {
    /// Nothing is to be judged before.
    pub warm_s: u64,
    /// When the fault is planted.
    pub plant_s: u64,
    /// When it is taken away; never, if not before the end.
    pub remove_s: u64,
    /// When the recording ends.
    pub end_s: u64,
}

impl Default for Timeline {
    fn default() -> Self {
        Self {
            warm_s: 10,
            plant_s: 10,
            remove_s: 70,
            end_s: 70,
        }
    }
}

/// What a healthy run may show and still be healthy.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HealthyLimits {
    /// Busiest subtask at the end, in ms/s.
    pub busy_max: f64,
    /// Restarts that belong to the run.
    pub restarts: u64,
}

impl Default for HealthyLimits {
    fn default() -> Self {
        Self {
            busy_max: 880.0,
            restarts: 0,
        }
    }
}

/// A change that a healthy job survives: one restart, a burst, a planned rescale.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Disturbance {
    /// Seconds since submission.
    pub at_s: u64,
    /// For how long the knobs stay.
    pub for_s: u64,
    /// Changes of the control file.
    #[serde(default)]
    pub knobs: Settings,
    /// Parallelism that the adaptive scheduler is asked for, of every vertex; it stays.
    pub rescale_to: Option<u32>,
}

/// What is wrong with a scenario file.
#[derive(Debug, thiserror::Error)]
pub enum ScenarioError {
    /// The folder or a file cannot be read.
    #[error("cannot read {path}")]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// Not TOML, or not a scenario.
    #[error("{name} is not a scenario: {source}")]
    Parse {
        /// Which.
        name: String,
        /// Why.
        #[source]
        source: toml::de::Error,
    },
}

fn middle() -> u32 {
    50
}

fn default_flink() -> String {
    "2.2.1".to_owned()
}

/// Reads every scenario of a folder, in the order in which they are to be run.
///
/// # Errors
/// [`ScenarioError`] for the first file that cannot be used.
pub fn load_all(folder: &Path) -> Result<Vec<Scenario>, ScenarioError> {
    let read_error = |source| ScenarioError::Read {
        path: folder.to_owned(),
        source,
    };
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(read_error)? {
        let path = entry.map_err(read_error)?.path();
        if path
            .extension()
            .is_some_and(|extension| extension == "toml")
        {
            files.push(path);
        }
    }
    files.sort();
    let mut scenarios = Vec::new();
    for file in files {
        scenarios.extend(load(&file)?);
    }
    // Within an order, runs of one kind of cluster follow each other.
    scenarios.sort_by_key(|one| (one.order, one.flink.clone(), format!("{:?}", one.cluster)));
    Ok(scenarios)
}

/// Reads one file with all its variants.
///
/// # Errors
/// [`ScenarioError`] if it cannot be read or is no scenario.
pub fn load(file: &Path) -> Result<Vec<Scenario>, ScenarioError> {
    let text = fs::read_to_string(file).map_err(|source| ScenarioError::Read {
        path: file.to_owned(),
        source,
    })?;
    let stem = file.file_stem().unwrap_or_default().to_string_lossy();
    expand(&stem, &text)
}

/// Lays each variant over the rest of the file.
///
/// # Errors
/// [`ScenarioError::Parse`] for the first variant that is no scenario.
pub fn expand(stem: &str, text: &str) -> Result<Vec<Scenario>, ScenarioError> {
    let parse_error = |name: &str| {
        let name = name.to_owned();
        move |source| ScenarioError::Parse { name, source }
    };
    let mut base: Table = toml::from_str(text).map_err(parse_error(stem))?;
    let Some(Value::Array(variants)) = base.remove("variant") else {
        return Ok(vec![build(stem.to_owned(), base)?]);
    };
    let mut scenarios = Vec::new();
    for (index, variant) in variants.into_iter().enumerate() {
        let Value::Table(mut variant) = variant else {
            continue;
        };
        let own = match variant.remove("name") {
            Some(Value::String(name)) => name,
            _ => (index + 1).to_string(),
        };
        let mut table = base.clone();
        overlay(&mut table, variant);
        scenarios.push(build(format!("{stem}-{own}"), table)?);
    }
    Ok(scenarios)
}

fn build(name: String, table: Table) -> Result<Scenario, ScenarioError> {
    match Value::Table(table).try_into::<Scenario>() {
        Ok(scenario) => Ok(Scenario { name, ..scenario }),
        Err(source) => Err(ScenarioError::Parse { name, source }),
    }
}

fn overlay(base: &mut Table, over: Table) {
    for (key, value) in over {
        match (base.get_mut(&key), value) {
            (Some(Value::Table(below)), Value::Table(above)) => overlay(below, above),
            (_, value) => {
                base.insert(key, value);
            }
        }
    }
}

/// A setting as Flink and the control file want it.
#[must_use]
pub fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = r#"
        about = "a"
        topology = "map-chain"
        [knobs]
        "clicks.rate" = 1000
        "clicks.keys" = 5
        [[variant]]
        name = "mild"
        [[variant]]
        name = "strong"
        order = 3
        [variant.knobs]
        "clicks.rate" = 9000
    "#;

    #[test]
    fn each_variant_is_laid_over_the_rest_of_the_file() {
        let scenarios = expand("healthy-map-chain", FILE).unwrap();
        let names: Vec<_> = scenarios.iter().map(|one| one.name.as_str()).collect();
        assert_eq!(
            names,
            ["healthy-map-chain-mild", "healthy-map-chain-strong"]
        );
        assert_eq!(plain(&scenarios[0].knobs["clicks.rate"]), "1000");
        assert_eq!(plain(&scenarios[1].knobs["clicks.rate"]), "9000");
        assert_eq!(plain(&scenarios[1].knobs["clicks.keys"]), "5");
        assert_eq!((scenarios[0].order, scenarios[1].order), (50, 3));
    }

    #[test]
    fn an_unknown_key_is_refused_with_the_scenario_s_name() {
        let error = expand("x", "about = 'a'\ntopology = 'b'\nspeling = 1").unwrap_err();
        assert!(error.to_string().contains("x is not a scenario"), "{error}");
        assert!(error.to_string().contains("speling"), "{error}");
    }
}
