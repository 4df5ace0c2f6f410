//! A job's graph: who lies downstream of whom.

use std::collections::{BTreeMap, BTreeSet};

use streamwarden_proto::v1::JobSnapshot;

/// Which vertices each vertex sends to, directly.
#[derive(Debug, Clone, Default)]
pub(super) struct Graph {
    downstream: BTreeMap<String, Vec<String>>,
}

impl Graph {
    pub(super) fn of(job: &JobSnapshot) -> Self {
        let mut downstream: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for edge in &job.edges {
            downstream
                .entry(edge.from.clone())
                .or_default()
                .push(edge.to.clone());
        }
        Self { downstream }
    }

    /// Does data of `above` reach `below`?
    pub(super) fn is_upstream(&self, above: &str, below: &str) -> bool {
        let mut seen = BTreeSet::new();
        let mut open = vec![above];
        while let Some(at) = open.pop() {
            for next in self.downstream.get(at).into_iter().flatten() {
                if next == below {
                    return true;
                }
                if seen.insert(next.as_str()) {
                    open.push(next);
                }
            }
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use streamwarden_proto::v1::Edge;

    #[test]
    fn upstream_is_found_over_several_edges_and_never_backwards() {
        let edge = |from: &str, to: &str| Edge {
            from: from.into(),
            to: to.into(),
            ship_strategy: "HASH".into(),
        };
        let job = JobSnapshot {
            edges: vec![edge("a", "b"), edge("b", "c"), edge("b", "d")],
            ..JobSnapshot::default()
        };
        let graph = Graph::of(&job);
        assert!(graph.is_upstream("a", "d"));
        assert!(!graph.is_upstream("d", "a"));
        assert!(!graph.is_upstream("c", "d"));
    }
}
