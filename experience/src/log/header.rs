//! The start of an event: time, level, thread and logger in the order that the layout has them.

use streamwarden_proto::v1::LogLevel;

use super::timestamp;

/// What a line says before its message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header<'l> {
    /// Milliseconds since 1970; absent where the line has no time.
    pub at_ms: Option<i64>,
    /// Level.
    pub level: LogLevel,
    /// Logger, perhaps shortened by the layout.
    pub logger: &'l str,
    /// Thread.
    pub thread: &'l str,
    /// The rest.
    pub message: &'l str,
}

/// Words between time and level that are passed over: a process id, a host, a logger.
const MOST_WORDS_BEFORE_LEVEL: usize = 4;
const LONGEST_BRACKET_BYTES: usize = 300;

/// Reads a header, or finds that the line continues the event before it.
#[must_use]
pub fn parse(line: &str, base_ms: i64) -> Option<Header<'_>> {
    let first = *line.as_bytes().first()?;
    if first == b' ' || first == b'\t' {
        return None;
    }
    let (at_ms, rest) = time(line, base_ms);
    let mut cursor = Cursor {
        rest,
        thread: "",
        logger: "",
    };
    let level = cursor.level(at_ms.is_some())?;
    let (at_ms, level_first) = match at_ms {
        Some(at_ms) => (Some(at_ms), false),
        None => (cursor.time_after_level(base_ms), true),
    };
    if level_first && at_ms.is_none() && !cursor.plausible_without_time() {
        return None;
    }
    cursor.thread_after_level();
    let message = cursor.message();
    Some(Header {
        at_ms,
        level,
        logger: cursor.logger,
        thread: cursor.thread,
        message,
    })
}

/// A time at the start, perhaps in brackets.
fn time(line: &str, base_ms: i64) -> (Option<i64>, &str) {
    if let Some((at_ms, length)) = timestamp::leading(line, base_ms) {
        return (Some(at_ms), &line[length..]);
    }
    if let Some(inside) = line.strip_prefix('[')
        && let Some((at_ms, length)) = timestamp::leading(inside, base_ms)
        && let Some(rest) = inside[length..].strip_prefix(']')
    {
        return (Some(at_ms), rest);
    }
    (None, line)
}

/// The level that a word names.
#[must_use]
pub fn level_of(word: &str) -> Option<LogLevel> {
    Some(match word {
        "INFO" | "info" | "Info" | "NOTICE" => LogLevel::Info,
        "WARN" | "WARNING" | "warn" | "warning" | "Warning" => LogLevel::Warn,
        "ERROR" | "SEVERE" | "error" | "Error" => LogLevel::Error,
        "FATAL" | "fatal" | "CRITICAL" => LogLevel::Fatal,
        "DEBUG" | "debug" | "Debug" => LogLevel::Debug,
        "TRACE" | "trace" => LogLevel::Trace,
        _ => return None,
    })
}

struct Cursor<'l> {
    rest: &'l str,
    thread: &'l str,
    logger: &'l str,
}

impl<'l> Cursor<'l> {
    /// Goes behind the level; what stands in brackets before it is the thread.
    fn level(&mut self, timed: bool) -> Option<LogLevel> {
        let limit = if timed { MOST_WORDS_BEFORE_LEVEL } else { 1 };
        let mut words = 0;
        while words < limit {
            self.rest = self
                .rest
                .trim_start_matches([' ', '\t', '-', '|', ',', ':']);
            if let Some(inside) = self.bracket() {
                if let Some(level) = level_of(inside.trim()) {
                    return Some(level);
                }
                if !timed {
                    return None;
                }
                self.thread = if self.thread.is_empty() {
                    inside
                } else {
                    self.thread
                };
                words += 1;
                continue;
            }
            let end = self
                .rest
                .find([' ', '\t', ':', '|', '['])
                .unwrap_or(self.rest.len());
            let word = &self.rest[..end];
            let upper = word
                .bytes()
                .next()
                .is_some_and(|byte| byte.is_ascii_uppercase());
            if let Some(level) = level_of(word).filter(|_| upper || timed) {
                self.rest = &self.rest[end..];
                return Some(level);
            }
            if word.is_empty() || !timed {
                return None;
            }
            if word.contains('.') && is_logger(word) {
                self.logger = word;
            }
            self.rest = &self.rest[end..];
            words += 1;
        }
        None
    }

    fn bracket(&mut self) -> Option<&'l str> {
        let inside = self.rest.strip_prefix('[')?;
        let end = closing_bracket(inside)?;
        self.rest = &inside[end + 1..];
        Some(&inside[..end])
    }

    fn time_after_level(&mut self, base_ms: i64) -> Option<i64> {
        let trimmed = self.rest.trim_start_matches([' ', '\t', ':', '|', '[']);
        let (at_ms, length) = timestamp::leading(trimmed, base_ms)?;
        self.rest = trimmed[length..].trim_start_matches(']');
        Some(at_ms)
    }

    /// Without a time, only a level with a logger or in a bracket starts an event.
    fn plausible_without_time(&self) -> bool {
        let rest = self.rest;
        rest.starts_with(' ')
            || rest.starts_with(':')
            || rest.starts_with('\t')
            || rest.starts_with('[')
    }

    fn thread_after_level(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\t', '|']);
        if self.rest.starts_with(|first: char| first.is_ascii_digit())
            && let Some((pid, behind)) = self.rest.split_once(" --- ")
            && pid.bytes().all(|byte| byte.is_ascii_digit())
        {
            self.rest = behind;
        }
        self.rest = self.rest.strip_prefix("--- ").unwrap_or(self.rest);
        let before = self.rest;
        if let Some(inside) = self.bracket() {
            // Kafka's "[Consumer clientId=..] text (logger)" is message, not thread.
            if inside.contains('=') && self.rest.trim_end().ends_with(')') {
                self.rest = before;
            } else if self.thread.is_empty() {
                self.thread = inside;
            }
        }
        self.rest = self.rest.trim_start_matches([' ', '\t', '|']);
    }

    /// Takes the logger off, and what a layout puts between it and the message.
    fn message(&mut self) -> &'l str {
        if let Some(message) = self
            .rest
            .strip_prefix("- ")
            .or_else(|| self.rest.strip_prefix(": "))
        {
            return message;
        }
        let end = self.rest.find([' ', '\t']).unwrap_or(self.rest.len());
        let word = &self.rest[..end];
        let after = self.rest[end..].trim_start_matches([' ', '\t']);
        if let Some(name) = word.strip_suffix(':')
            && is_logger(name)
        {
            self.logger = name;
            return after;
        }
        if is_logger(word)
            && let Some(message) = behind_separator(after)
        {
            self.logger = word;
            return message;
        }
        self.trailing_logger()
    }

    /// `text (org.apache.kafka.Logger)`
    fn trailing_logger(&mut self) -> &'l str {
        let text = self.rest.trim_end();
        if let Some(open) = text.strip_suffix(')').and_then(|head| head.rfind('(')) {
            let name = &text[open + 1..text.len() - 1];
            if name.contains('.') && is_logger(name) {
                self.logger = name;
                return text[..open].trim_end();
            }
        }
        self.rest
    }
}

/// The message behind `[] - `, `[ctx] - `, ` - ` or ` : `.
fn behind_separator(after: &str) -> Option<&str> {
    let mut rest = after;
    for _ in 0..2 {
        if let Some(inside) = rest.strip_prefix('[') {
            rest = inside[closing_bracket(inside)? + 1..].trim_start_matches(' ');
        }
    }
    let message = rest
        .strip_prefix("- ")
        .or_else(|| rest.strip_prefix(": "))
        .or_else(|| rest.strip_prefix("| "));
    message.or_else(|| (rest == "-" || rest == ":").then_some(""))
}

/// Where a bracket closes that may hold others: `[Source: x[1] (1/2)]`.
fn closing_bracket(inside: &str) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, byte) in inside.bytes().enumerate().take(LONGEST_BRACKET_BYTES) {
        match byte {
            b'[' => depth += 1,
            b']' if depth == 0 => return Some(at),
            b']' => depth -= 1,
            _ => {}
        }
    }
    None
}

fn is_logger(word: &str) -> bool {
    let mut bytes = word.bytes();
    bytes
        .next()
        .is_some_and(|first| first.is_ascii_alphabetic() || first == b'_')
        && bytes.all(|byte| {
            byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'$' | b'-' | b'/')
        })
        && !word.ends_with('.')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, level: LogLevel, logger: &str, thread: &str, message: &str) {
        let header = parse(line, 0).unwrap_or_else(|| panic!("no header: {line}"));
        assert_eq!(
            (header.level, header.logger, header.thread, header.message),
            (level, logger, thread, message),
            "{line}"
        );
    }

    #[test]
    fn layouts_of_all_kinds_are_read() {
        use LogLevel::{Error, Info, Warn};
        check(
            "2026-11-22 21:34:00,123 INFO  org.apache.flink.runtime.taskmanager.Task                    [] - Freeing x",
            Info,
            "org.apache.flink.runtime.taskmanager.Task",
            "",
            "Freeing x",
        );
        check(
            "21:34:00.123 [main] WARN  o.a.f.r.t.Task - slow",
            Warn,
            "o.a.f.r.t.Task",
            "main",
            "slow",
        );
        check(
            "2026-11-22 21:34:00.123 [Source: a[1] -> b (1/2)#0] ERROR a.B  - x: y",
            Error,
            "a.B",
            "Source: a[1] -> b (1/2)#0",
            "x: y",
        );
        check(
            "26/11/22 21:34:00 INFO Client: Submitting",
            Info,
            "Client",
            "",
            "Submitting",
        );
        check(
            "2026-11-22 21:34:00,123 INFO [main] org.foo.Bar: x",
            Info,
            "org.foo.Bar",
            "main",
            "x",
        );
        check(
            "[2026-11-22 21:34:00,123] INFO [Consumer clientId=a, groupId=b] Resetting offset (org.apache.kafka.clients.X)",
            Info,
            "org.apache.kafka.clients.X",
            "",
            "[Consumer clientId=a, groupId=b] Resetting offset",
        );
        check(
            "2026-11-22T21:34:00.123Z  WARN 812 --- [main] c.e.App   : late",
            Warn,
            "c.e.App",
            "main",
            "late",
        );
        check(
            "ERROR StatusLogger Reconfiguration failed",
            Error,
            "",
            "",
            "StatusLogger Reconfiguration failed",
        );
        check(
            "[ERROR] Could not execute SQL statement. Reason:",
            Error,
            "",
            "",
            "Could not execute SQL statement. Reason:",
        );
        check(
            "2026-11-22 21:34:00,123 main ERROR Unable to locate appender",
            Error,
            "",
            "",
            "Unable to locate appender",
        );
    }

    #[test]
    fn continuations_are_no_headers() {
        for line in [
            "\tat a.B.c(D.java:1)",
            "Caused by: a.B: c",
            "... 12 more",
            "2026 was a year",
            "INFOrmation",
            "",
        ] {
            assert_eq!(parse(line, 0), None, "{line}");
        }
    }
}
