//! A real Flink with the lab's jobs.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use streamwarden_lab::cluster::Cluster;
use streamwarden_lab::control::ControlFile;
use streamwarden_lab::flink::Flink;
use streamwarden_lab::rest::Submission;
use streamwarden_lab::scenario::{self, ClusterSpec, Scenario, plain};

/// A cluster that jobs can be submitted to.
pub(crate) struct RealFlink {
    cluster: Cluster,
    jar: String,
}

/// A job whose fault can be planted and taken away.
pub(crate) struct Job {
    pub(crate) id: String,
    control: ControlFile,
    scenario: Scenario,
    vertices: BTreeMap<String, String>,
}

fn lab() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../lab")
}

fn scenario(file: &str, variant: &str) -> Scenario {
    let path = lab().join("scenarios").join(format!("{file}.toml"));
    let mut all = scenario::load(&path).unwrap().into_iter();
    all.find(|scenario| scenario.name == format!("{file}-{variant}"))
        .unwrap()
}

impl RealFlink {
    pub(crate) async fn start() -> Self {
        let flink = Flink::prepare(&lab(), "2.2.1", false).await.unwrap();
        let cluster = Cluster::start(&lab(), &flink, &ClusterSpec::default())
            .await
            .unwrap();
        let jar = cluster.rest.upload(&flink.jobs_jar).await.unwrap();
        Self { cluster, jar }
    }

    pub(crate) fn url(&self) -> &str {
        self.cluster.rest.url()
    }

    /// Submits the job of a scenario of the lab, still healthy.
    pub(crate) async fn submit(&self, file: &str, variant: &str) -> Job {
        let scenario = scenario(file, variant);
        let path = self.cluster.path(&format!("{file}-{variant}.properties"));
        let control = ControlFile::create(path, &scenario.knobs).unwrap();
        let topology = ["--topology".to_owned(), scenario.topology.clone()];
        let file = ["--control".to_owned(), control.path().display().to_string()];
        let own = scenario
            .args
            .iter()
            .flat_map(|(key, value)| [format!("--{key}"), plain(value)]);
        let arguments: Vec<_> = topology.into_iter().chain(file).chain(own).collect();
        let rest = &self.cluster.rest;
        let what = Submission {
            jar: &self.jar,
            entry_class: None,
            arguments: &arguments,
            config: &scenario.job_config,
            savepoint: None,
        };
        let id = rest.submit(&what).await.unwrap();
        let vertices = rest.vertices(&id).await.unwrap();
        let vertices = vertices
            .into_iter()
            .map(|vertex| (vertex.name, vertex.id))
            .collect();
        Job {
            id,
            control,
            scenario,
            vertices,
        }
    }
}

impl Job {
    pub(crate) fn plant(&self) {
        self.control
            .set(&self.scenario.fault.as_ref().unwrap().knobs)
            .unwrap();
    }

    pub(crate) fn take_away(&self) {
        self.control.reset().unwrap();
    }

    /// Flink's id of the vertex with this name.
    pub(crate) fn vertex(&self, name: &str) -> &str {
        &self.vertices[name]
    }
}
