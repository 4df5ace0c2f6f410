//! Where the name of a task stands in a message. Users choose the words, so only what Flink puts around them can tell.

use std::ops::Range;

/// The name begins behind the last of these, or with the message.
const BEFORE_A_NAME: &[&str] = &[
    "task", "tasks", "code", "for", "of", "source", "sink", "vertex", "operator", "subtask",
];
/// How Flink begins the names of sources and sinks.
const KINDS: &[&str] = &["Source", "Sink"];

/// The next task at `from` or later: `Source: orders -> Map (1/2)#0`, or only `Source: orders`.
pub(super) fn find(text: &str, from: usize) -> Option<Range<usize>> {
    let marked = marked(text, from);
    let kind = of_kind(text, from);
    match (marked, kind) {
        (Some(marked), Some(kind)) if kind.start < marked.start => Some(kind),
        (Some(marked), _) => Some(marked),
        (None, kind) => kind,
    }
}

/// A name with its subtask and attempt behind it: `(1/2)#0`.
fn marked(text: &str, from: usize) -> Option<Range<usize>> {
    let bytes = text.as_bytes();
    for open in memchr::memchr_iter(b'(', &bytes[from..]).map(|at| from + at) {
        let Some(end) = end_of_mark(bytes, open) else {
            continue;
        };
        let name = &text[from..open];
        let start = behind_last_word(name);
        if !name[start..].trim().is_empty() {
            return Some(from + start..end);
        }
    }
    None
}

/// The end of `(1/2)#0`; without an attempt it may be a count of something else.
fn end_of_mark(bytes: &[u8], open: usize) -> Option<usize> {
    let digits = |from: usize| {
        let rest = bytes.get(from..).unwrap_or_default();
        let count = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        (count > 0).then_some(from + count)
    };
    let after = |at: usize, wanted: &[u8]| {
        let rest = bytes.get(at..)?;
        rest.starts_with(wanted).then_some(at + wanted.len())
    };
    let slash = after(digits(open + 1)?, b"/")?;
    digits(after(digits(slash)?, b")#")?)
}

/// Where the words behind the last word that stands before names begin.
fn behind_last_word(text: &str) -> usize {
    let mut behind = 0;
    let mut at = 0;
    for word in text.split(' ') {
        at += word.len() + 1;
        if BEFORE_A_NAME.contains(&word) {
            behind = at;
        }
    }
    let behind = behind.min(text.len());
    behind + (text[behind..].len() - text[behind..].trim_start().len())
}

/// `Source: orders`, without a subtask: one word.
fn of_kind(text: &str, from: usize) -> Option<Range<usize>> {
    let rest = &text[from..];
    let mut colons = memchr::memchr_iter(b':', rest.as_bytes());
    let found = colons.find_map(|colon| {
        let word = rest[colon..].strip_prefix(": ")?;
        let kind = KINDS.iter().find(|kind| rest[..colon].ends_with(**kind))?;
        let start = colon - kind.len();
        let end = word.find([' ', '(', ')', ',', ';']).unwrap_or(word.len());
        let name = word[..end].trim_end_matches(['.', ':', '!']);
        let alone = start == 0 || rest[..start].ends_with([' ', '(', '\'', '[']);
        (alone && !name.is_empty()).then_some(start..colon + 2 + name.len())
    })?;
    Some(from + found.start..from + found.end)
}
