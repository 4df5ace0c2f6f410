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
    /// Key in scenarios and control files to name in Flink; a `*` in the name stands for any text.
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

/// Does a name in Flink fit one of the list, in which `*` stands for any text?
#[must_use]
pub fn fits(pattern: &str, name: &str) -> bool {
    let mut pieces = pattern.split('*');
    let first = pieces.next().unwrap_or_default();
    let Some(mut rest) = name.strip_prefix(first) else {
        return false;
    };
    let mut last = None;
    for piece in pieces {
        let Some(at) = rest.find(piece) else {
            return false;
        };
        rest = &rest[at + piece.len()..];
        last = Some(piece);
    }
    last == Some("") || rest.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_text() {
        assert!(fits("Source: clicks", "Source: clicks"));
        assert!(!fits("Source: clicks", "Source: clicks2"));
        assert!(fits(
            "*LocalWindowAggregate*",
            "Calc[2] -> LocalWindowAggregate[3]"
        ));
        assert!(fits("Join*", "Join[7] -> Calc[8]"));
        assert!(!fits("Join*", "Calc[8] -> Join[7]"));
        assert!(!fits("Join*Calc", "Join[7] -> Calc[8]"));
    }

    #[test]
    fn the_shipped_list_is_read() {
        let topologies = Topologies::shipped().unwrap();
        let chain = topologies.get("map-chain").unwrap();
        assert_eq!(chain.vertices["clickhouse"], "Sink: clickhouse: Writer");
    }
}
