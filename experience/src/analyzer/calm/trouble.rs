//! Signs that a calm text is about trouble. That it names something which may fail is none: `restored from a savepoint` and
//! `metaspace 140 MB of 256 MB` are fine.

use crate::text::has_telling_figure;

/// Parts of words that name trouble.
const NAMED: &[&str] = &[
    "fail",
    "error",
    "exception",
    "timed out",
    "timeout",
    "time out",
    "lost",
    "refus",
    "denied",
    "forbidden",
    "reject",
    "declin",
    "cannot",
    "can't",
    "can not",
    "could not",
    "couldn't",
    "unable",
    "did not",
    "no longer",
    "not available",
    "unavailable",
    "unreachable",
    "not enough",
    "insufficient",
    "expire",
    "disconnect",
    "invalid",
    "unauthorized",
    "not authorized",
    "exceed",
    "exhaust",
    "limited",
    "throttl",
    "stall",
    "stuck",
    "kill",
    "evict",
    "out of range",
    "out of memory",
    "oom",
    "mismatch",
    "corrupt",
    "backlog",
    "give up",
    "giving up",
];

/// Parts of words that people and monitors say of what goes wrong without an error.
const HINTED: &[&str] = &[
    "alert",
    "alarm",
    "firing",
    "triggered",
    "critical",
    "unhealthy",
    "block",
    "wait",
    "drop",
    "discard",
    "skip",
    "ignored",
    "skew",
    "uneven",
    "hot ",
    "heavy",
    "waste",
    "idle",
    "unused",
    "oversized",
    "overprovision",
    "over-provision",
    "too ",
    "behind",
    "late ",
    "later ",
    "older than",
    "grow",
    "climb",
    "rising",
    "increas",
    "shrink",
    "never",
    "forever",
    "without bound",
    "slow",
    "hang",
    "frozen",
    "flat",
    "standstill",
    "stand still",
    "stands still",
    "dead",
    "crash",
    "gone",
    "missing",
    "leak",
    "full",
    "backpressured",
    "back-pressured",
    "saturat",
    "starv",
    "bottleneck",
    "ineffective",
    "incompatible",
    "unsupported",
    "unknown",
    "undecodable",
    "malformed",
    "duplicate",
    "conflict",
    "violat",
    "already in use",
    "taken",
    "in a loop",
    "again",
    "restarts",
    "retr",
    "n't ",
    "not ",
    "nothing",
    "nobody",
    "no space",
    "no progress",
    "no watermark",
    "no data",
    "no records",
    "no route",
    "since ",
    "one subtask",
    "one key",
    "one partition",
    "only ",
];

/// Whether a text has a word of trouble.
pub(super) fn is_named(text: &str) -> bool {
    let text = text.to_lowercase();
    NAMED.iter().any(|part| text.contains(part))
}

/// Whether anything in a text says that something is not as it should be.
pub(super) fn is_hinted_at(text: &str) -> bool {
    let lower = text.to_lowercase();
    NAMED.iter().chain(HINTED).any(|part| lower.contains(part)) || has_telling_figure(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_fail_is_no_sign_that_it_does() {
        for text in [
            "restored from savepoint s3://bucket/sp",
            "metaspace 140 MB of 256 MB",
            "transaction committed",
            "busy 42 %",
        ] {
            assert!(!is_hinted_at(text), "{text}");
        }
        for text in [
            "restore from the savepoint failed",
            "busy 100 %",
            "state 1 GB 2 GB 3 GB",
            "records are late by an hour",
        ] {
            assert!(is_hinted_at(text), "{text}");
        }
    }
}
