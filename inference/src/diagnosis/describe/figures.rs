//! The figures at hand for one cause: its own row, its job's, its TaskManagers', by the features' names.

use streamwarden_proto::scope::Scope;
use streamwarden_proto::v1::{ClusterSnapshot, JobSnapshot, Vertex};

use super::scope_of;
use crate::diagnosis::Judge;
use crate::diagnosis::candidate::Candidate;
use crate::diagnosis::job::Job;
use crate::diagnosis::score::Row;
use crate::model::ScopeModel;

/// Everything that describing a cause may look at.
pub(in crate::diagnosis) struct Facts<'a> {
    pub(super) job: &'a Job,
    pub(super) judge: Judge<'a>,
    pub(super) cluster: Option<&'a ClusterSnapshot>,
    own: Option<(&'a ScopeModel, &'a Row)>,
    of_job: Option<(&'a ScopeModel, &'a Row)>,
    pub(super) slug: &'a str,
    pub(super) vertex_id: Option<&'a str>,
}

impl<'a> Facts<'a> {
    pub(super) fn new(
        job: &'a Job,
        judge: Judge<'a>,
        cluster: Option<&'a ClusterSnapshot>,
        candidate: &'a Candidate,
    ) -> Self {
        let scope = scope_of(candidate);
        let id = candidate
            .figures
            .as_ref()
            .map_or(&candidate.subject.id, |(_, id)| id);
        let row = |scope: Scope, id: &str| {
            let model = judge.models.get(scope)?;
            let row = job.subjects.get(&(scope, id.to_owned()))?.last()?;
            Some((model, row))
        };
        Self {
            job,
            judge,
            cluster,
            own: row(scope, id),
            of_job: row(Scope::Job, &job.id),
            slug: &candidate.slug,
            vertex_id: (candidate.subject.scope == Scope::Vertex)
                .then_some(candidate.subject.id.as_str()),
        }
    }

    /// The subject's own row and the model of its scope.
    pub(super) fn own(&self) -> Option<(&'a ScopeModel, &'a Row)> {
        self.own
    }

    /// A figure of the subject; `None` where it is missing.
    pub(super) fn figure(&self, name: &str) -> Option<f64> {
        value(self.own, name)
    }

    /// A figure of the job.
    pub(super) fn of_job(&self, name: &str) -> Option<f64> {
        value(self.of_job, name)
    }

    /// A figure of the subject, else of its job.
    pub(super) fn any(&self, name: &str) -> Option<f64> {
        self.figure(name).or_else(|| self.of_job(name))
    }

    /// The largest of a figure over the job's TaskManagers, or the subject's own.
    pub(super) fn worst_host(&self, name: &str) -> Option<f64> {
        if let Some(own) = self
            .own
            .filter(|(model, _)| model.manifest.scope == Scope::TaskManager)
        {
            return value(Some(own), name);
        }
        let model = self.judge.models.get(Scope::TaskManager)?;
        let rows = self
            .job
            .subjects
            .iter()
            .filter(|((scope, _), _)| *scope == Scope::TaskManager)
            .filter_map(|(_, history)| history.fresh(self.job.now_ms, self.judge.config.stale_ms));
        rows.filter_map(|row| value(Some((model, row)), name))
            .max_by(f64::total_cmp)
    }

    pub(super) fn snapshot(&self) -> Option<&'a JobSnapshot> {
        self.job.snapshot.as_ref()
    }

    /// The vertex at fault.
    pub(super) fn vertex(&self) -> Option<&'a Vertex> {
        let id = self.vertex_id?;
        self.snapshot()?
            .vertices
            .iter()
            .find(|vertex| vertex.id == id)
    }

    /// An option of the job or the cluster.
    pub(super) fn option(&self, key: &str) -> Option<&'a str> {
        let of_job = self
            .snapshot()
            .and_then(|snapshot| snapshot.config.get(key));
        let of_cluster = || self.cluster.and_then(|cluster| cluster.config.get(key));
        of_job.or_else(of_cluster).map(String::as_str)
    }
}

fn value(row: Option<(&ScopeModel, &Row)>, name: &str) -> Option<f64> {
    let (model, row) = row?;
    let index = model.manifest.feature_index(name)?;
    let value = f64::from(*row.values.get(index)?);
    value.is_finite().then_some(value)
}
