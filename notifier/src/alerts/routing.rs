//! The tree that leads findings to channels: teams, and within them severities, problems, hours.

use serde::{Deserialize, Serialize};
use streamwarden_proto::finding::Finding;

use crate::alerts::matcher::Route;

/// One branch, `[[notifier.alerting.routes]]`. Of branches side by side the first that fits takes a finding.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Branch {
    /// What fits.
    pub when: Route,
    /// Channels of what no branch within takes.
    pub channels: Vec<String>,
    /// Branches within.
    pub routes: Vec<Branch>,
    /// The branches behind this one are asked too.
    pub go_on: bool,
}

/// When a finding is looked at.
#[derive(Debug, Clone, Copy)]
pub(super) enum Hour {
    /// At this time, milliseconds since 1970.
    At(i64),
    /// At any time of any day: what is led there at some hour counts.
    Any,
}

impl Branch {
    fn fits(&self, finding: &Finding, hour: Hour) -> bool {
        self.when.takes(finding)
            && match hour {
                Hour::At(now_ms) => self.when.is_awake(now_ms),
                Hour::Any => true,
            }
    }

    /// At some other hour it might not fit.
    fn only_at_times(&self, hour: Hour) -> bool {
        matches!(hour, Hour::Any) && self.when.hours_utc.is_some()
    }

    fn names(&self, channel: &str) -> bool {
        self.channels.iter().any(|name| name == channel) || mentions(&self.routes, channel)
    }

    /// What is wrong with it, as (key, message), below `key`.
    fn mistakes(&self, key: &str, known: &[&str]) -> Vec<(String, String)> {
        let when = self.when.mistakes().into_iter();
        let mut mistakes: Vec<_> = when
            .map(|(part, message)| (format!("{key}.when.{part}"), message))
            .collect();
        for name in &self.channels {
            if !known.contains(&name.as_str()) {
                let message = match known {
                    [] => format!("{name:?} is no channel; [[notifier.channels]] names none"),
                    _ => format!("{name:?} is no channel; there are: {}", known.join(", ")),
                };
                mistakes.push((format!("{key}.channels"), message));
            }
        }
        if self.channels.is_empty() && self.routes.is_empty() {
            mistakes.push((key.to_owned(), "leads to no channel".to_owned()));
        }
        mistakes.extend(self::mistakes(
            &self.routes,
            &format!("{key}.routes"),
            known,
        ));
        mistakes
    }
}

/// Is the channel named anywhere? One that is not gets whatever its own route lets through.
pub(super) fn mentions(branches: &[Branch], channel: &str) -> bool {
    branches.iter().any(|branch| branch.names(channel))
}

/// Do these branches lead the finding to the channel?
pub(super) fn lead_to(branches: &[Branch], channel: &str, finding: &Finding, hour: Hour) -> bool {
    for branch in branches.iter().filter(|branch| branch.fits(finding, hour)) {
        let taken_within = |inner: &Branch| inner.fits(finding, hour) && !inner.only_at_times(hour);
        let own = !branch.routes.iter().any(taken_within);
        if own && branch.channels.iter().any(|name| name == channel)
            || lead_to(&branch.routes, channel, finding, hour)
        {
            return true;
        }
        if !branch.go_on && !branch.only_at_times(hour) {
            return false;
        }
    }
    false
}

/// What is wrong with the branches, as (key, message).
#[must_use]
pub(crate) fn mistakes(branches: &[Branch], key: &str, known: &[&str]) -> Vec<(String, String)> {
    let of_one = |(at, branch): (usize, &Branch)| branch.mistakes(&format!("{key}[{at}]"), known);
    branches.iter().enumerate().flat_map(of_one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_branch_that_leads_nowhere_or_to_an_unknown_channel_is_named_with_its_place() {
        let tree = serde_json::json!([
            { "channels": ["orders"], "routes": [{ "channels": ["dsek"], "when": { "hours_utc": ["9", "17:00"] } }] },
            { "when": { "jobs": ["payments-*"] } },
        ]);
        let tree: Vec<Branch> = serde_json::from_value(tree).unwrap();
        let named: Vec<_> = mistakes(&tree, "routes", &["orders", "desk"]);
        let named: Vec<_> = named
            .iter()
            .map(|(key, text)| (key.as_str(), text.as_str()))
            .collect();
        assert_eq!(
            named,
            [
                (
                    "routes[0].routes[0].when.hours_utc",
                    "\"9\" is no time of day such as \"08:00\""
                ),
                (
                    "routes[0].routes[0].channels",
                    "\"dsek\" is no channel; there are: orders, desk"
                ),
                ("routes[1]", "leads to no channel"),
            ]
        );
    }
}
