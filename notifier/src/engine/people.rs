//! What people do: silences, acknowledgements, feedback.

use streamwarden_proto::cloud_event::{FeedbackEvent, parse_rfc3339, rfc3339};
use streamwarden_proto::feedback::{Feedback, Verdict};
use streamwarden_proto::finding::Finding;
use streamwarden_proto::scope::Scope;
use streamwarden_proto::v1::{FeatureRecord, Subject};
use streamwarden_proto::{FeatureEvent, Record};
use streamwarden_service_runtime::Shutdown;

use crate::alerts::alert::{Acknowledgement, fingerprint_of};
use crate::alerts::silence::{Silence, SilenceMatcher, SilenceMistake};
use crate::engine::{Engine, NotStored};
use crate::store::StoreError;
use crate::view::row::subject_of;

/// Longest comment that is kept.
const COMMENT_LIMIT: usize = 2000;
/// Records that a piece of feedback names: ten minutes of windows.
const RECORDS_LIMIT: usize = 60;

/// What a person asked for cannot be done.
#[derive(Debug, thiserror::Error)]
pub enum PersonError {
    /// It makes no sense.
    #[error("{0}")]
    Mistake(String),
    /// There is no such thing.
    #[error("there is no {0}")]
    Missing(String),
    /// The store failed.
    #[error("it could not be stored")]
    Store(#[from] StoreError),
    /// The process ends.
    #[error("it could not be stored")]
    Ending(#[from] NotStored),
}

impl From<SilenceMistake> for PersonError {
    fn from(mistake: SilenceMistake) -> Self {
        match mistake {
            SilenceMistake::UnknownFinding(id) => Self::Missing(format!("finding {id:?}")),
            mistake => Self::Mistake(mistake.to_string()),
        }
    }
}

impl Engine {
    /// The finding as it is, open or from the history.
    ///
    /// # Errors
    /// [`PersonError::Missing`] or [`PersonError::Store`].
    pub async fn finding(&self, finding_id: &str) -> Result<Finding, PersonError> {
        let open = {
            let state = self.state();
            let mut alerts = state.machine.open_alerts();
            alerts
                .find(|alert| alert.finding.finding_id == finding_id)
                .map(|a| a.finding.clone())
        };
        if let Some(finding) = open {
            return Ok(finding);
        }
        let stored = self.store.alert_of_finding(finding_id).await?;
        let missing = || PersonError::Missing(format!("finding {finding_id:?}"));
        stored.map(|alert| alert.finding).ok_or_else(missing)
    }

    /// Makes a silence.
    ///
    /// # Errors
    /// [`PersonError`] if it makes no sense or cannot be stored.
    pub async fn silence(
        &self,
        matcher: SilenceMatcher,
        (author, reason): (&str, &str),
        times: (i64, i64),
    ) -> Result<Silence, PersonError> {
        let fingerprint = match &matcher.finding_id {
            Some(id) => Some(fingerprint_of(&self.finding(id).await?)),
            None => None,
        };
        let now_ms = (self.clock)();
        let silence = Silence::new(matcher, fingerprint, (author, reason), times, now_ms)?;
        self.store.put_silence(&silence).await?;
        self.store
            .audit(author, "silence", &silence.id, now_ms)
            .await?;
        {
            let mut state = self.state();
            state.machine.add_silence(silence.clone());
            touch_silenced(&mut state, &silence);
        }
        self.live.status();
        Ok(silence)
    }

    /// Ends a silence.
    ///
    /// # Errors
    /// [`PersonError::Missing`] or [`PersonError::Store`].
    pub async fn end_silence(&self, id: &str, author: &str) -> Result<(), PersonError> {
        if !self.store.delete_silence(id).await? {
            return Err(PersonError::Missing(format!("silence {id:?}")));
        }
        self.store
            .audit(author, "end silence", id, (self.clock)())
            .await?;
        {
            let mut state = self.state();
            let silence = state
                .machine
                .silences()
                .iter()
                .find(|silence| silence.id == id)
                .cloned();
            state.machine.remove_silence(id);
            if let Some(silence) = silence {
                touch_silenced(&mut state, &silence);
            }
        }
        self.live.status();
        Ok(())
    }

    /// Somebody takes care of an open finding.
    ///
    /// # Errors
    /// [`PersonError`] if it is not open or cannot be stored.
    pub async fn acknowledge(
        &self,
        finding_id: &str,
        author: &str,
        comment: &str,
        shutdown: &Shutdown,
    ) -> Result<(), PersonError> {
        check_comment(comment)?;
        let now_ms = (self.clock)();
        let acknowledgement = Acknowledgement {
            author: author.to_owned(),
            at_ms: now_ms,
            comment: comment.to_owned(),
        };
        let mut found = false;
        let make = |state: &mut super::State, _: &str| {
            let step = state
                .machine
                .acknowledge(finding_id, acknowledgement, now_ms);
            found = step.is_some();
            step.unwrap_or_default()
        };
        self.step(make, shutdown).await?;
        if !found {
            return Err(PersonError::Missing(format!("open finding {finding_id:?}")));
        }
        self.store
            .audit(author, "acknowledge", finding_id, now_ms)
            .await?;
        Ok(())
    }

    /// Ids of the records that a finding rests on: its subject's windows from its begin on, the newest ones.
    fn record_ids(&self, finding: &Finding) -> Vec<String> {
        let key = (finding.cluster_id.clone(), finding.job_id.clone());
        let from_ms = parse_rfc3339(&finding.first_seen).unwrap_or_default();
        let to_ms = parse_rfc3339(&finding.last_seen).unwrap_or(i64::MAX);
        let windows = {
            let state = self.state();
            let job = state.view.job(&key);
            let subject = job.and_then(|job| subject_of(&state.view, &key, job, finding));
            subject.map(|subject| subject.windows_between(from_ms, to_ms))
        };
        let mut windows = windows.unwrap_or_default();
        let oldest = windows.len().saturating_sub(RECORDS_LIMIT);
        windows.drain(..oldest);
        // What runs on a TaskManager is not said in its records.
        let job_id = match finding.subject.scope {
            Scope::TaskManager => String::new(),
            _ => finding.job_id.clone(),
        };
        let id = |window_end_ms: i64| {
            let record = FeatureRecord {
                cluster_id: finding.cluster_id.clone(),
                job_id: job_id.clone(),
                subject: Some(Subject {
                    id: finding.subject.id.clone(),
                    ..Subject::default()
                }),
                window_end_ms,
                ..FeatureRecord::default()
            };
            FeatureEvent::Features(record).id().0
        };
        windows.into_iter().map(id).collect()
    }

    /// Keeps what a person says of a finding; it is written to its topic later.
    ///
    /// # Errors
    /// [`PersonError`] if there is no such finding or it cannot be stored.
    pub async fn feedback(
        &self,
        finding_id: &str,
        (verdict, actual_slug, comment): (Verdict, Option<String>, String),
        author: &str,
    ) -> Result<Feedback, PersonError> {
        check_comment(&comment)?;
        let finding = self.finding(finding_id).await?;
        let now_ms = (self.clock)();
        let feedback = Feedback {
            finding_id: finding_id.to_owned(),
            cluster_id: finding.cluster_id.clone(),
            job_id: finding.job_id.clone(),
            slug: finding.slug.clone(),
            verdict,
            actual_slug,
            comment,
            author: author.to_owned(),
            at: rfc3339(now_ms),
            record_ids: self.record_ids(&finding),
        };
        let event = FeedbackEvent::of_feedback(feedback.clone());
        self.store
            .put_feedback(&event.id().0, &feedback, now_ms)
            .await?;
        self.store
            .audit(author, "feedback", finding_id, now_ms)
            .await?;
        self.state()
            .view
            .touch(&finding.cluster_id, &finding.job_id);
        Ok(feedback)
    }
}

fn touch_silenced(state: &mut super::State, silence: &Silence) {
    let about: Vec<(String, String)> = state
        .machine
        .open_alerts()
        .filter(|alert| silence.is_about(alert))
        .map(|alert| {
            (
                alert.finding.cluster_id.clone(),
                alert.finding.job_id.clone(),
            )
        })
        .collect();
    for (cluster, job) in about {
        state.view.touch(&cluster, &job);
    }
}

fn check_comment(comment: &str) -> Result<(), PersonError> {
    if comment.chars().count() > COMMENT_LIMIT {
        return Err(PersonError::Mistake(
            "the comment is longer than 2,000 characters".to_owned(),
        ));
    }
    Ok(())
}
