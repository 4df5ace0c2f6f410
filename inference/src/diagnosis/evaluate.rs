//! Judging a job: candidates, causes, findings.

use std::collections::BTreeSet;

use streamwarden_proto::cloud_event::FindingEvent;
use streamwarden_proto::v1::ClusterSnapshot;

use super::Judge;
use super::candidate::{Candidate, candidates};
use super::cause::{causes, knows_to_explain};
use super::describe;
use super::errors::UNKNOWN;
use super::job::{Job, Phase};

impl Job {
    /// Judges what is known now. `window` is true when a window of figures has just become complete.
    pub(super) fn evaluate(
        &mut self,
        judge: Judge<'_>,
        cluster: Option<&ClusterSnapshot>,
        window: bool,
    ) -> Vec<FindingEvent> {
        let now_ms = self.now_ms;
        let phase = self.phase(judge.config);
        match phase {
            Phase::Over => return self.tracker.resolve_all(now_ms),
            Phase::Stopping => return Vec::new(),
            Phase::Learning | Phase::Judged | Phase::Down | Phase::Failed => {}
        }
        if self.tracker.open().any(|finding| finding.slug != UNKNOWN) {
            self.explained_ms = now_ms;
        }
        let candidates = candidates(self, judge);
        let candidates = self.news(judge, candidates);
        let found = causes(self, judge, candidates, |slug| self.tracker.is_open(slug));
        let described: Vec<_> = found
            .iter()
            .map(|cause| {
                let finding = describe::finding(self, judge, cluster, cause);
                (finding, cause.candidate.is_from_errors())
            })
            .filter(|(finding, _)| !describe::is_idle_advice(finding))
            .collect();
        let follower_slugs: Vec<String> = found
            .iter()
            .flat_map(|cause| cause.followers.iter().map(|follower| follower.slug.clone()))
            .collect();
        for slug in &follower_slugs {
            self.errors.explain(slug);
        }
        let may_resolve = phase == Phase::Judged;
        let mut events = self.tracker.confirm(judge.config, now_ms, described);
        events.extend(self.tracker.replace(now_ms, &follower_slugs));
        if window {
            events.extend(self.tracker.fade(judge.config, now_ms, may_resolve));
        }
        events
    }

    /// Leaves out what an open finding explains whose own evidence is out of sight: of a TaskManager that is gone, say.
    fn news(&mut self, judge: Judge<'_>, candidates: Vec<Candidate>) -> Vec<Candidate> {
        let seen: BTreeSet<String> = candidates.iter().map(|one| one.slug.clone()).collect();
        let open = self.tracker.open().map(|finding| finding.slug.as_str());
        let unseen: Vec<&str> = open.filter(|slug| !seen.contains(*slug)).collect();
        let (explained, news): (Vec<_>, Vec<_>) = candidates.into_iter().partition(|one| {
            let mut causes = unseen.iter();
            !self.tracker.is_open(&one.slug)
                && causes.any(|cause| knows_to_explain(judge.experience, cause, &one.slug))
        });
        for one in explained {
            self.errors.explain(&one.slug);
        }
        news
    }
}
