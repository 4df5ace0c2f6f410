//! A job's graph: who stands above and below whom.

use std::collections::{BTreeMap, BTreeSet};

use streamwarden_proto::v1::{JobSnapshot, Vertex};

/// Neighbours of one vertex, by id, sorted.
#[derive(Debug, Clone, Default)]
pub(crate) struct Neighbours {
    pub(crate) upstream: Vec<String>,
    pub(crate) downstream: Vec<String>,
    /// All above, near and far.
    pub(crate) ancestors: Vec<String>,
    /// All below, near and far.
    pub(crate) descendants: Vec<String>,
    /// Ship strategies of the edges that come in.
    pub(crate) hash_input: bool,
}

/// The graph of one job.
#[derive(Debug, Clone, Default)]
pub(crate) struct Graph {
    neighbours: BTreeMap<String, Neighbours>,
    vertices: Vec<Vertex>,
}

impl Graph {
    pub(crate) fn of(snapshot: &JobSnapshot) -> Self {
        let links = |from_here: bool| {
            let mut links = BTreeMap::<&str, BTreeSet<&str>>::new();
            for edge in &snapshot.edges {
                let (here, there) = if from_here {
                    (&edge.from, &edge.to)
                } else {
                    (&edge.to, &edge.from)
                };
                links.entry(here).or_default().insert(there);
            }
            links
        };
        let (down, up) = (links(true), links(false));
        let direct = |links: &BTreeMap<&str, BTreeSet<&str>>, id: &str| {
            links
                .get(id)
                .into_iter()
                .flatten()
                .map(|id| (*id).to_owned())
                .collect::<Vec<_>>()
        };
        let neighbours_of = |vertex: &Vertex| Neighbours {
            upstream: direct(&up, &vertex.id),
            downstream: direct(&down, &vertex.id),
            ancestors: reachable(&up, &vertex.id),
            descendants: reachable(&down, &vertex.id),
            hash_input: snapshot.edges.iter().any(|edge| {
                edge.to == vertex.id && edge.ship_strategy.eq_ignore_ascii_case("hash")
            }),
        };
        Self {
            neighbours: snapshot
                .vertices
                .iter()
                .map(|vertex| (vertex.id.clone(), neighbours_of(vertex)))
                .collect(),
            vertices: snapshot.vertices.clone(),
        }
    }

    /// Vertices in the order of the snapshot.
    pub(crate) fn vertices(&self) -> &[Vertex] {
        &self.vertices
    }

    pub(crate) fn neighbours(&self, vertex_id: &str) -> Option<&Neighbours> {
        self.neighbours.get(vertex_id)
    }

    pub(crate) fn is_source(&self, vertex_id: &str) -> bool {
        self.neighbours(vertex_id)
            .is_some_and(|neighbours| neighbours.upstream.is_empty())
    }

    pub(crate) fn is_sink(&self, vertex_id: &str) -> bool {
        self.neighbours(vertex_id)
            .is_some_and(|neighbours| neighbours.downstream.is_empty())
    }
}

fn reachable(links: &BTreeMap<&str, BTreeSet<&str>>, from: &str) -> Vec<String> {
    let mut found = BTreeSet::new();
    let mut open = vec![from];
    while let Some(id) = open.pop() {
        for next in links.get(id).into_iter().flatten() {
            if *next != from && found.insert(*next) {
                open.push(next);
            }
        }
    }
    found.into_iter().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use streamwarden_proto::v1::Edge;

    #[test]
    fn near_and_far_neighbours_are_known() {
        let vertex = |id: &str| Vertex {
            id: id.into(),
            ..Vertex::default()
        };
        let edge = |from: &str, to: &str| Edge {
            from: from.into(),
            to: to.into(),
            ..Edge::default()
        };
        let graph = Graph::of(&JobSnapshot {
            vertices: ["a", "b", "c"].map(vertex).to_vec(),
            edges: vec![edge("a", "b"), edge("b", "c")],
            ..JobSnapshot::default()
        });
        let last = graph.neighbours("c").unwrap();
        assert_eq!(
            (last.upstream.as_slice(), last.ancestors.len()),
            (&["b".to_owned()][..], 2)
        );
        assert!(graph.is_source("a") && graph.is_sink("c") && !graph.is_sink("b"));
    }
}
