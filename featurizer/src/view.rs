//! What a feature may look at when its window closes: one view a scope.

use std::collections::BTreeMap;

use streamwarden_proto::v1::ClusterSnapshot;

use crate::graph::{Graph, Neighbours};
use crate::settings::Settings;
use crate::state::checkpoints::CheckpointFigures;
use crate::state::job::JobFigures;
use crate::state::process::ProcessFigures;
use crate::state::troubles::TroubleFigures;
use crate::state::vertex::VertexFigures;
use crate::stats;

/// The cluster in one closed window.
pub(crate) struct ClusterView<'a> {
    pub(crate) snapshot: Option<&'a ClusterSnapshot>,
    pub(crate) taskmanagers: &'a BTreeMap<String, ProcessFigures>,
    pub(crate) jobmanager: &'a ProcessFigures,
}

impl ClusterView<'_> {
    /// The cluster's own configuration; empty while it is unknown.
    pub(crate) fn settings(&self) -> &Settings {
        static NONE: Settings = Settings::new();
        self.snapshot.map_or(&NONE, |snapshot| &snapshot.config)
    }

    /// TaskManagers that are there.
    pub(crate) fn present(&self) -> impl Iterator<Item = &ProcessFigures> {
        self.taskmanagers
            .values()
            .filter(|taskmanager| taskmanager.present)
    }
}

/// A job in one closed window.
pub(crate) struct JobView<'a> {
    pub(crate) own: &'a JobFigures,
    pub(crate) graph: &'a Graph,
    pub(crate) settings: &'a Settings,
    pub(crate) cluster: &'a ClusterView<'a>,
}

impl<'a> JobView<'a> {
    /// Vertices of the graph that have figures.
    pub(crate) fn vertices(&self) -> impl Iterator<Item = &'a VertexFigures> {
        let own = self.own;
        self.graph
            .vertices()
            .iter()
            .filter_map(move |vertex| own.vertices.get(&vertex.id))
    }

    /// Vertices without anything above, or below, them.
    pub(crate) fn ends(&self, sources: bool) -> impl Iterator<Item = &'a VertexFigures> {
        let (own, graph) = (self.own, self.graph);
        graph
            .vertices()
            .iter()
            .filter(move |vertex| {
                if sources {
                    graph.is_source(&vertex.id)
                } else {
                    graph.is_sink(&vertex.id)
                }
            })
            .filter_map(move |vertex| own.vertices.get(&vertex.id))
    }

    pub(crate) fn checkpoints(&self) -> &'a CheckpointFigures {
        &self.own.checkpoints
    }

    /// Resource ids of the TaskManagers that run its tasks.
    pub(crate) fn hosts(&self) -> Vec<&'a ProcessFigures> {
        let ids = self
            .vertices()
            .flat_map(|vertex| vertex.taskmanagers.iter().flatten());
        hosts(ids, self.cluster.taskmanagers)
    }
}

/// Subtasks that a job's graph asks for.
pub(crate) fn subtasks_wanted(job: &JobView<'_>) -> f64 {
    let vertices = job.graph.vertices().iter();
    stats::sum_of(vertices.map(|vertex| f64::from(vertex.parallelism)))
}

/// Slots that a job needs where all vertices share slots: the highest parallelism.
pub(crate) fn slots_wanted(job: &JobView<'_>) -> f64 {
    let vertices = job.graph.vertices().iter();
    stats::max_of(vertices.map(|vertex| f64::from(vertex.parallelism)))
}

/// Each of these TaskManagers once, in the order of their ids.
fn hosts<'a, 'b>(
    ids: impl Iterator<Item = &'b String>,
    taskmanagers: &'a BTreeMap<String, ProcessFigures>,
) -> Vec<&'a ProcessFigures> {
    let mut ids: Vec<_> = ids.collect();
    ids.sort();
    ids.dedup();
    ids.into_iter()
        .filter_map(|id| taskmanagers.get(id))
        .collect()
}

/// A vertex in one closed window.
pub(crate) struct VertexView<'a> {
    pub(crate) id: &'a str,
    pub(crate) max_parallelism: u32,
    pub(crate) own: &'a VertexFigures,
    pub(crate) troubles: &'a TroubleFigures,
    pub(crate) neighbours: &'a Neighbours,
    pub(crate) job: &'a JobView<'a>,
}

impl<'a> VertexView<'a> {
    fn figures_of(&self, ids: &'a [String]) -> impl Iterator<Item = &'a VertexFigures> {
        let vertices = &self.job.own.vertices;
        ids.iter().filter_map(move |id| vertices.get(id))
    }

    pub(crate) fn upstream(&self) -> impl Iterator<Item = &'a VertexFigures> {
        self.figures_of(&self.neighbours.upstream)
    }

    pub(crate) fn downstream(&self) -> impl Iterator<Item = &'a VertexFigures> {
        self.figures_of(&self.neighbours.downstream)
    }

    pub(crate) fn ancestors(&self) -> impl Iterator<Item = &'a VertexFigures> {
        self.figures_of(&self.neighbours.ancestors)
    }

    pub(crate) fn descendants(&self) -> impl Iterator<Item = &'a VertexFigures> {
        self.figures_of(&self.neighbours.descendants)
    }

    pub(crate) fn is_source(&self) -> bool {
        self.neighbours.upstream.is_empty()
    }

    pub(crate) fn is_sink(&self) -> bool {
        self.neighbours.downstream.is_empty()
    }

    /// The TaskManagers that run its subtasks.
    pub(crate) fn hosts(&self) -> Vec<&'a ProcessFigures> {
        hosts(
            self.own.taskmanagers.iter().flatten(),
            self.job.cluster.taskmanagers,
        )
    }

    /// Records a second that each subtask works on.
    pub(crate) fn handled(&self) -> Vec<f64> {
        self.own.records_handled(self.is_source())
    }
}

/// A TaskManager in one closed window.
pub(crate) struct TaskManagerView<'a> {
    pub(crate) own: &'a ProcessFigures,
    pub(crate) troubles: &'a TroubleFigures,
    pub(crate) cluster: &'a ClusterView<'a>,
}
