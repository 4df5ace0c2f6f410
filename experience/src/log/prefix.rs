//! What container runtimes and service managers put before (or around) a line.

use std::borrow::Cow;

use serde_json::Value;

use super::timestamp;

/// A line without its prefix.
pub(super) struct Stripped<'l> {
    /// Which of several processes wrote it; empty where the prefix does not say.
    pub(super) source: Cow<'l, str>,
    pub(super) body: Cow<'l, str>,
    /// The prefix's own time.
    pub(super) at_ms: Option<i64>,
    /// CRI cut the line; the rest follows.
    pub(super) partial: bool,
}

impl<'l> Stripped<'l> {
    fn whole(body: &'l str) -> Self {
        Self {
            source: Cow::Borrowed(""),
            body: Cow::Borrowed(body),
            at_ms: None,
            partial: false,
        }
    }
}

/// Longest name of a container before `|`.
const LONGEST_NAME_BYTES: usize = 80;

/// Takes colours and other terminal sequences out.
pub(super) fn without_ansi(line: &str) -> Cow<'_, str> {
    if memchr::memchr(0x1b, line.as_bytes()).is_none() {
        return Cow::Borrowed(line);
    }
    let mut clean = String::with_capacity(line.len());
    let mut letters = line.chars().peekable();
    while let Some(letter) = letters.next() {
        if letter != '\u{1b}' {
            clean.push(letter);
        } else if letters.next_if_eq(&'[').is_some() {
            while letters
                .next()
                .is_some_and(|letter| !('@'..='~').contains(&letter))
            {}
        } else {
            letters.next();
        }
    }
    Cow::Owned(clean)
}

/// Takes the prefix off. `base_ms` is a moment near which the line was written: syslog leaves the year out.
pub(super) fn strip(line: &str, base_ms: i64) -> Stripped<'_> {
    let Some(first) = line.bytes().next() else {
        return Stripped::whole(line);
    };
    let found = match first {
        b'{' => docker_json(line),
        b'0'..=b'9' => cri_or_docker_time(line),
        b'[' => bracketed_source(line),
        b'A'..=b'Z' | b'a'..=b'z' | b'_' => compose(line).or_else(|| syslog(line, base_ms)),
        _ => None,
    };
    found.unwrap_or_else(|| Stripped::whole(line))
}

/// `{"log":"line\n","stream":"stdout","time":"..."}`
fn docker_json(line: &str) -> Option<Stripped<'_>> {
    if !line.starts_with("{\"log\":") {
        return None;
    }
    let value: Value = serde_json::from_str(line).ok()?;
    let body = value
        .get("log")?
        .as_str()?
        .trim_end_matches(['\n', '\r'])
        .to_owned();
    let time = value
        .get("time")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let at_ms = timestamp::leading(time, 0).map(|(at, _)| at);
    Some(Stripped {
        source: Cow::Borrowed(""),
        body: Cow::Owned(body),
        at_ms,
        partial: false,
    })
}

/// `2026-11-22T21:34:00.123456789Z stdout F line`, or without stream and tag (`docker logs -t`).
fn cri_or_docker_time(line: &str) -> Option<Stripped<'_>> {
    let bytes = line.as_bytes();
    if bytes.get(10) != Some(&b'T') {
        return None;
    }
    let (at_ms, length) = timestamp::leading(line, 0)?;
    let rest = line.get(length..)?.strip_prefix(' ')?;
    for stream in ["stdout ", "stderr "] {
        if let Some(tagged) = rest.strip_prefix(stream) {
            let partial = tagged.starts_with("P ");
            let body = tagged.get(2..).unwrap_or_default();
            return Some(Stripped {
                source: Cow::Borrowed(""),
                body: Cow::Borrowed(body),
                at_ms: Some(at_ms),
                partial,
            });
        }
    }
    // Nanoseconds are docker's; a layout of the log itself stops at milliseconds or so.
    let nanoseconds = length >= 27;
    nanoseconds.then_some(Stripped {
        source: Cow::Borrowed(""),
        body: Cow::Borrowed(rest),
        at_ms: Some(at_ms),
        partial: false,
    })
}

/// `[pod/name/container] line` of `kubectl logs --prefix`.
fn bracketed_source(line: &str) -> Option<Stripped<'_>> {
    let inside = line.strip_prefix("[pod/")?;
    let end = inside.find(']')?;
    let body = inside.get(end + 1..)?;
    let body = body.strip_prefix(' ').unwrap_or(body);
    Some(inner(&inside[..end], body))
}

/// `jobmanager-1  | line` of compose.
fn compose(line: &str) -> Option<Stripped<'_>> {
    let window = super::cut(line, LONGEST_NAME_BYTES);
    let bar = window.find('|')?;
    let name = window[..bar].trim_end();
    let plain = !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'));
    let spaced = window[..bar].ends_with([' ', '\t']);
    if !plain || !spaced {
        return None;
    }
    let body = &line[bar + 1..];
    if body.starts_with('|') {
        return None;
    }
    Some(inner(name, body.strip_prefix(' ').unwrap_or(body)))
}

/// The body may carry a runtime's time of its own.
fn inner<'l>(source: &'l str, body: &'l str) -> Stripped<'l> {
    let starts_with_digit = body
        .bytes()
        .next()
        .is_some_and(|byte| byte.is_ascii_digit());
    let mut stripped = starts_with_digit
        .then(|| cri_or_docker_time(body))
        .flatten()
        .unwrap_or_else(|| Stripped::whole(body));
    stripped.source = Cow::Borrowed(source);
    stripped
}

/// `Nov 22 21:34:00 host unit[123]: line`, as syslog and journald write it.
fn syslog(line: &str, base_ms: i64) -> Option<Stripped<'_>> {
    let (at_ms, length) = timestamp::without_year(line.as_bytes(), base_ms)?;
    let after_time = line.get(length..)?.strip_prefix(' ')?;
    let (_host, rest) = after_time.split_once(' ')?;
    let (unit, body) = rest.split_once(": ")?;
    let plain = unit
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"-_.@[]/".contains(&byte));
    if !plain {
        return None;
    }
    Some(Stripped {
        source: Cow::Borrowed(unit),
        body: Cow::Borrowed(body),
        at_ms,
        partial: false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, source: &str, body: &str) {
        let clean = without_ansi(line);
        let stripped = strip(&clean, 0);
        assert_eq!(
            (stripped.source.as_ref(), stripped.body.as_ref()),
            (source, body),
            "{line}"
        );
    }

    #[test]
    fn prefixes_come_off() {
        check(
            "jobmanager-1  | 2026-11-22 21:34:00,123 INFO  a.B [] - x",
            "jobmanager-1",
            "2026-11-22 21:34:00,123 INFO  a.B [] - x",
        );
        check(
            "2026-11-22T21:34:00.123456789Z stdout F \tat a.B.c(D.java:1)",
            "",
            "\tat a.B.c(D.java:1)",
        );
        check("2026-11-22T21:34:00.123456789Z hello", "", "hello");
        check(
            r#"{"log":"hello\n","stream":"stdout","time":"2026-11-22T21:34:00Z"}"#,
            "",
            "hello",
        );
        check("[pod/flink-1/main] hello", "flink-1/main", "hello");
        check(
            "Nov 22 21:34:00 node7 flink[812]: hello",
            "flink[812]",
            "hello",
        );
        check("\u{1b}[31mhello\u{1b}[0m", "", "hello");
    }

    #[test]
    fn a_line_without_prefix_stays_whole() {
        for line in [
            "x || y",
            "2026-11-22 21:34:00,123 INFO a - b",
            "  | gap",
            "",
        ] {
            check(line, "", line);
        }
    }
}
