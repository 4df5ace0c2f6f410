//! Paths and queries that Flink accepts.

use std::fmt::Write;

/// Flink's HTTP server refuses a request line of more than 4096 bytes.
const REQUEST_LINE_LIMIT_BYTES: usize = 3_900;

/// Percent-encodes what may not stand in a path segment or a query value.
#[must_use]
pub fn encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

/// Paths that together ask for all `ids`: `path?get=a,b,c`, each short enough for Flink.
///
/// `prefix_bytes` is the length of what stands before the path (a proxy's own path).
pub fn metric_paths<'a>(
    path: &str,
    prefix_bytes: usize,
    ids: impl IntoIterator<Item = &'a str>,
) -> Vec<String> {
    let head = format!("{path}?get=");
    let limit = REQUEST_LINE_LIMIT_BYTES.saturating_sub(prefix_bytes);
    let mut paths = Vec::new();
    let mut current = head.clone();
    for id in ids {
        let id = encode(id);
        if current.len() > head.len() && current.len() + 1 + id.len() > limit {
            paths.push(std::mem::replace(&mut current, head.clone()));
        }
        if current.len() > head.len() {
            current.push(',');
        }
        current.push_str(&id);
    }
    if current.len() > head.len() {
        paths.push(current);
    }
    paths
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_request_is_longer_than_flink_reads_and_no_id_is_lost() {
        let ids: Vec<String> = (0..1_000)
            .map(|i| format!("{i}.Source__x[1].pendingRecords"))
            .collect();
        let paths = metric_paths(
            "/jobs/j/vertices/v/metrics",
            0,
            ids.iter().map(String::as_str),
        );
        assert!(
            paths.iter().all(|path| path.len() < 4_000),
            "a path is too long"
        );
        let asked: usize = paths.iter().map(|path| path.split(',').count()).sum();
        assert_eq!(asked, 1_000);
    }

    #[test]
    fn what_would_end_a_query_is_encoded() {
        assert_eq!(encode("src[1]&a b#/%"), "src%5B1%5D%26a%20b%23%2F%25");
    }

    #[test]
    fn nothing_wanted_asks_nothing() {
        assert!(metric_paths("/x", 0, []).is_empty());
    }
}
