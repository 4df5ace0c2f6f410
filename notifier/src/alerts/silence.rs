//! Silences and maintenance windows: what is not announced, by whom, until when.

use serde::{Deserialize, Serialize};
use streamwarden_proto::ids::short_hash;

use crate::alerts::alert::{Alert, fingerprint_of};
use crate::alerts::matcher::glob;
use streamwarden_proto::finding::Finding;

/// A silence may not outlast this: a forgotten one would hide a job for good.
pub const LONGEST_SILENCE_MS: i64 = 90 * 24 * 3_600_000;
/// Longest reason and author that are kept.
const TEXT_LIMIT: usize = 500;

/// Which findings a silence is about. All that is given must fit; names and clusters may have `*` and `?`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SilenceMatcher {
    /// The problem that this finding is about, also when it comes again under another id.
    pub finding_id: Option<String>,
    /// A job.
    pub job_id: Option<String>,
    /// Jobs by name.
    pub job_name: Option<String>,
    /// Clusters.
    pub cluster_id: Option<String>,
    /// A problem.
    pub slug: Option<String>,
}

/// What is not announced, by whom, until when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Silence {
    /// Unique.
    pub id: String,
    /// Which findings.
    pub matcher: SilenceMatcher,
    /// The problem of `matcher.finding_id`.
    pub fingerprint: Option<String>,
    /// Why.
    pub reason: String,
    /// Who.
    pub author: String,
    /// When it was made.
    pub created_ms: i64,
    /// When it begins: later than made for a maintenance window.
    pub starts_ms: i64,
    /// When it ends.
    pub ends_ms: i64,
}

/// A silence that cannot be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SilenceMistake {
    /// It would silence everything.
    #[error("the matcher is empty; name a finding, a job, a cluster or a problem")]
    MatchesEverything,
    /// It ends before it begins.
    #[error("the silence would end before it begins")]
    EndsBeforeItBegins,
    /// It would end in the past.
    #[error("the silence would end in the past")]
    Past,
    /// It would last too long.
    #[error("a silence lasts 90 days at most")]
    TooLong,
    /// A text is too long.
    #[error("{0} is longer than 500 characters")]
    TooLongText(&'static str),
    /// Nobody knows this finding.
    #[error("there is no finding {0:?}")]
    UnknownFinding(String),
}

impl SilenceMatcher {
    fn patterns(&self) -> [&Option<String>; 5] {
        [
            &self.finding_id,
            &self.job_id,
            &self.job_name,
            &self.cluster_id,
            &self.slug,
        ]
    }

    fn matches_everything(&self) -> bool {
        let says_nothing = |pattern: &&Option<String>| {
            pattern
                .as_deref()
                .is_none_or(|text| text.chars().all(|c| matches!(c, '*' | ' ')))
        };
        self.patterns().iter().all(says_nothing)
    }
}

impl Silence {
    /// Makes a silence, if it makes sense. `fingerprint` is the problem of `matcher.finding_id`.
    ///
    /// # Errors
    /// [`SilenceMistake`].
    pub fn new(
        matcher: SilenceMatcher,
        fingerprint: Option<String>,
        (author, reason): (&str, &str),
        (starts_ms, ends_ms): (i64, i64),
        now_ms: i64,
    ) -> Result<Self, SilenceMistake> {
        check_texts(&matcher, author, reason)?;
        check_times(starts_ms, ends_ms, now_ms)?;
        if matcher.matches_everything() {
            return Err(SilenceMistake::MatchesEverything);
        }
        if let (Some(finding), None) = (&matcher.finding_id, &fingerprint) {
            return Err(SilenceMistake::UnknownFinding(finding.clone()));
        }
        let key = format!("{matcher:?}");
        let id = short_hash(
            &[&key, author, &now_ms.to_string(), &ends_ms.to_string()],
            6,
        );
        Ok(Self {
            id: format!("s-{id}"),
            matcher,
            fingerprint,
            reason: reason.to_owned(),
            author: author.to_owned(),
            created_ms: now_ms,
            starts_ms,
            ends_ms,
        })
    }

    /// In force at this time?
    #[must_use]
    pub fn is_active(&self, now_ms: i64) -> bool {
        (self.starts_ms..self.ends_ms).contains(&now_ms)
    }

    /// About this alert?
    #[must_use]
    pub fn is_about(&self, alert: &Alert) -> bool {
        self.fits(&alert.finding, &alert.fingerprint)
    }

    /// About this finding?
    #[must_use]
    pub fn is_about_finding(&self, finding: &Finding) -> bool {
        self.fits(finding, &fingerprint_of(finding))
    }

    fn fits(&self, finding: &Finding, fingerprint: &str) -> bool {
        let fits = |pattern: &Option<String>, text: &str| {
            pattern.as_ref().is_none_or(|pattern| glob(pattern, text))
        };
        self.fingerprint
            .as_ref()
            .is_none_or(|wanted| wanted == fingerprint)
            && fits(&self.matcher.job_id, &finding.job_id)
            && fits(&self.matcher.job_name, &finding.job_name)
            && fits(&self.matcher.cluster_id, &finding.cluster_id)
            && fits(&self.matcher.slug, &finding.slug)
    }
}

fn check_texts(matcher: &SilenceMatcher, author: &str, reason: &str) -> Result<(), SilenceMistake> {
    let too_long = |text: &str| text.chars().count() > TEXT_LIMIT;
    if too_long(author) {
        return Err(SilenceMistake::TooLongText("author"));
    }
    if too_long(reason) {
        return Err(SilenceMistake::TooLongText("reason"));
    }
    if matcher
        .patterns()
        .into_iter()
        .flatten()
        .any(|text| too_long(text))
    {
        return Err(SilenceMistake::TooLongText("matcher"));
    }
    Ok(())
}

fn check_times(starts_ms: i64, ends_ms: i64, now_ms: i64) -> Result<(), SilenceMistake> {
    if ends_ms <= starts_ms {
        return Err(SilenceMistake::EndsBeforeItBegins);
    }
    if ends_ms <= now_ms {
        return Err(SilenceMistake::Past);
    }
    if ends_ms.saturating_sub(starts_ms) > LONGEST_SILENCE_MS
        || starts_ms.saturating_sub(now_ms) > LONGEST_SILENCE_MS
    {
        return Err(SilenceMistake::TooLong);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_job(name: &str) -> SilenceMatcher {
        SilenceMatcher {
            job_name: Some(name.into()),
            ..SilenceMatcher::default()
        }
    }

    fn made(matcher: SilenceMatcher, times: (i64, i64)) -> Result<Silence, SilenceMistake> {
        Silence::new(matcher, None, ("dana", "load test"), times, 1000)
    }

    #[test]
    fn a_silence_that_would_hide_everything_is_refused() {
        for nothing in ["", "*", " ** "] {
            let refused = made(of_job(nothing), (1000, 2000));
            assert_eq!(
                refused,
                Err(SilenceMistake::MatchesEverything),
                "{nothing:?}"
            );
        }
        let refused = made(SilenceMatcher::default(), (1000, 2000));
        assert_eq!(refused, Err(SilenceMistake::MatchesEverything));
    }

    #[test]
    fn times_that_make_no_sense_are_refused() {
        assert_eq!(
            made(of_job("a"), (1000, 1000)),
            Err(SilenceMistake::EndsBeforeItBegins)
        );
        assert_eq!(made(of_job("a"), (0, 900)), Err(SilenceMistake::Past));
        assert_eq!(
            made(of_job("a"), (1000, i64::MAX)),
            Err(SilenceMistake::TooLong)
        );
    }

    #[test]
    fn texts_without_end_are_refused() {
        let refused = made(of_job(&"x".repeat(501)), (1000, 2000));
        assert_eq!(refused, Err(SilenceMistake::TooLongText("matcher")));
    }

    #[test]
    fn a_finding_that_nobody_knows_cannot_be_silenced() {
        let matcher = SilenceMatcher {
            finding_id: Some("f-1".into()),
            ..SilenceMatcher::default()
        };
        let refused = made(matcher, (1000, 2000));
        assert_eq!(refused, Err(SilenceMistake::UnknownFinding("f-1".into())));
    }

    #[test]
    fn it_is_in_force_from_its_begin_to_its_end() {
        let silence = made(of_job("orders-*"), (1500, 2000)).unwrap();
        assert!(!silence.is_active(1499) && silence.is_active(1500) && !silence.is_active(2000));
    }
}
