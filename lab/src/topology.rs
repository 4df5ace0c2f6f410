//! The shapes of the lab's jobs: which vertices they have and how Flink prints them.

use std::collections::BTreeMap;

use serde::Deserialize;

const TOPOLOGIES: &str = include_str!("../topologies.toml");

/// All topologies, by name.
#[derive(Debug, Clone, Deserialize)]
#[serde(transparent)]
pub struct Topologies(BTreeMap<String, Topology>);

/// One job's shape.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Topology {
    /// Name of the job.
    pub job: String,
    /// Key in scenarios and control files to name in Flink.
    pub vertices: BTreeMap<String, String>,
}

impl Topologies {
    /// Reads the shipped list.
    ///
    /// # Errors
    /// A TOML error if the list is broken, which a test excludes.
    pub fn shipped() -> Result<Self, toml::de::Error> {
        toml::from_str(TOPOLOGIES)
    }

    /// One shape by name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Topology> {
        self.0.get(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_list_is_read() {
        let topologies = Topologies::shipped().unwrap();
        let chain = topologies.get("map-chain").unwrap();
        assert_eq!(chain.vertices["clickhouse"], "Sink: clickhouse: Writer");
    }
}
