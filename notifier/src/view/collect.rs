//! What to collect where something is wrong that fits no known problem.

use streamwarden_proto::Class;
use streamwarden_proto::cloud_event::{parse_rfc3339, rfc3339};
use streamwarden_proto::finding::Finding;

/// Logs are read for so long before and after the beginning.
const AROUND_MS: i64 = 300_000;

/// What would help to understand it, most telling first; nothing for a problem that is known. `flink` is the address of its
/// cluster's REST interface, where it is known. Text between backquotes is code.
#[must_use]
pub fn collect_next(finding: &Finding, flink: Option<&str>) -> Vec<String> {
    if finding.class != Class::Unknown {
        return Vec::new();
    }
    let began = parse_rfc3339(&finding.first_seen);
    let around = began.map_or_else(String::new, |ms| {
        format!(
            " from {} to {}",
            rfc3339(ms - AROUND_MS),
            rfc3339(ms + AROUND_MS)
        )
    });
    let flink = flink.unwrap_or("URL");
    vec![
        "Thread dumps of the TaskManagers that run it, two of them ten seconds apart: `jstack PID`, or Flink's page, \
         Task Managers, Thread Dump"
            .to_owned(),
        format!(
            "The logs of the JobManager and of these TaskManagers{around}: `streamwarden explain FILE` reads them"
        ),
        "What was changed shortly before: the program, its configuration, the data, what it talks to".to_owned(),
        format!(
            "A tape, from which the next model can learn: `streamwarden record --flink {flink} --for 5m -o unknown.tape`"
        ),
    ]
}
