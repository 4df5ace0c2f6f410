//! Which findings a route or a silence is about.

use serde::{Deserialize, Serialize};
use streamwarden_proto::finding::{Finding, Severity};

/// Does `pattern` fit the whole text? `*` stands for any characters, `?` for one; letters' case does not count.
#[must_use]
pub fn glob(pattern: &str, text: &str) -> bool {
    let pattern: Vec<char> = pattern.to_lowercase().chars().collect();
    let text: Vec<char> = text.to_lowercase().chars().collect();
    let (mut at_pattern, mut at_text) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while at_text < text.len() {
        let wanted = pattern.get(at_pattern);
        if wanted == Some(&'*') {
            star = Some((at_pattern, at_text));
            at_pattern += 1;
        } else if wanted == Some(&'?') || wanted == Some(&text[at_text]) {
            at_pattern += 1;
            at_text += 1;
        } else if let Some((star_pattern, star_text)) = star {
            star = Some((star_pattern, star_text + 1));
            at_pattern = star_pattern + 1;
            at_text = star_text + 1;
        } else {
            return false;
        }
    }
    pattern[at_pattern..].iter().all(|c| *c == '*')
}

/// Which findings a channel gets. An empty list takes all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Route {
    /// Nothing below this.
    pub min_severity: Severity,
    /// Patterns of cluster ids, with `*` and `?`.
    pub clusters: Vec<String>,
    /// Patterns of job names, with `*` and `?`.
    pub jobs: Vec<String>,
    /// Problems or classes, with `*` and `?`.
    pub problems: Vec<String>,
    /// Only between these times of day in UTC, `["08:00", "18:00"]`; over midnight is fine.
    pub hours_utc: Option<[String; 2]>,
}

impl Default for Route {
    fn default() -> Self {
        Self {
            min_severity: Severity::Warning,
            clusters: Vec::new(),
            jobs: Vec::new(),
            problems: Vec::new(),
            hours_utc: None,
        }
    }
}

impl Route {
    /// Does this finding go there? Hours are asked by [`Route::is_awake`].
    #[must_use]
    pub fn takes(&self, finding: &Finding) -> bool {
        let any = |patterns: &[String], texts: &[&str]| {
            let fits = |pattern: &String| texts.iter().any(|text| glob(pattern, text));
            patterns.is_empty() || patterns.iter().any(fits)
        };
        finding.severity >= self.min_severity
            && any(&self.clusters, &[&finding.cluster_id])
            && any(&self.jobs, &[&finding.job_name])
            && any(
                &self.problems,
                &[&finding.slug, &finding.code, finding.class.as_str()],
            )
    }

    /// Is it told at this time of day? What comes at another time waits.
    #[must_use]
    pub fn is_awake(&self, now_ms: i64) -> bool {
        let Some([from, to]) = &self.hours_utc else {
            return true;
        };
        let (Some(from), Some(to)) = (minute_of_day(from), minute_of_day(to)) else {
            return true;
        };
        let minute = now_ms.div_euclid(60_000).rem_euclid(24 * 60);
        if from <= to {
            (from..to).contains(&minute)
        } else {
            minute >= from || minute < to
        }
    }

    /// What is wrong with it, as (key, message).
    #[must_use]
    pub fn mistakes(&self) -> Vec<(&'static str, String)> {
        let wrong = |text: &&String| minute_of_day(text).is_none();
        let texts = self.hours_utc.iter().flatten();
        let message = |text: &String| format!("{text:?} is no time of day such as \"08:00\"");
        texts
            .filter(wrong)
            .map(|text| ("hours_utc", message(text)))
            .collect()
    }
}

fn minute_of_day(text: &str) -> Option<i64> {
    let (hour, minute) = text.split_once(':')?;
    let (hour, minute): (i64, i64) = (hour.parse().ok()?, minute.parse().ok()?);
    ((0..=24).contains(&hour) && (0..60).contains(&minute)).then_some(hour * 60 + minute)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_anything_and_case_does_not_count() {
        assert!(glob("orders-*", "Orders-enrichment"));
        assert!(glob("*", ""));
        assert!(glob("*a*b", "xxaxxb"));
        assert!(!glob("orders-*", "payments"));
        assert!(glob("a?c", "abc"));
        assert!(!glob("a?c", "ac"));
    }

    #[test]
    fn hours_may_go_over_midnight() {
        let night = Route {
            hours_utc: Some(["22:00".into(), "06:00".into()]),
            ..Route::default()
        };
        let at = |hour: i64| hour * 3_600_000;
        assert!(night.is_awake(at(23)) && night.is_awake(at(3)));
        assert!(!night.is_awake(at(12)));
    }

    #[test]
    fn a_wrong_time_of_day_is_named() {
        let route = Route {
            hours_utc: Some(["25:00".into(), "nine".into()]),
            ..Route::default()
        };
        assert_eq!(route.mistakes().len(), 2);
    }
}
