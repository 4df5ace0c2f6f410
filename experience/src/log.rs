//! Reads logs of Flink processes: any layout, any prefix, stack traces joined.
//!
//! ```text
//! bytes ──> lines ──> prefix (docker, CRI, compose, journald) ──> header (layouts, JSON) ──> events
//!                                                           └──> trace lines ──> Throwable
//! ```
//! Streaming: nothing but the events still growing is held, one for each process mixed into the input. Every text is
//! cut to a limit, and a line longer than [`MAX_LINE_BYTES`] loses its end, so memory is bounded and time is linear.

use std::collections::BTreeMap;
use std::sync::Arc;

use streamwarden_proto::v1::{LogEvent, Throwable};

use crate::template::TemplateCoder;

mod assembler;
pub mod header;
mod json;
mod prefix;
mod skim;
pub mod timestamp;
pub mod trace;

use assembler::Assembler;
pub use header::Header;
pub(crate) use skim::Needles;
use skim::Skim;

/// Lines at the beginning of a log that are never passed over: a short log is about something, also where nothing failed.
pub(crate) const READ_WHOLE_LINES: u64 = 200;
/// The rest of a longer line is dropped.
pub const MAX_LINE_BYTES: usize = 64 * 1024;
/// Longest text of an event.
pub const MAX_TEXT_BYTES: usize = 4 * 1024;
/// Longest message of an exception.
pub const MAX_MESSAGE_BYTES: usize = 2 * 1024;
/// Processes told apart in one input; more share the last one.
const MAX_SOURCES: usize = 64;

/// How a log is read.
#[derive(Debug, Clone)]
pub struct ParserOptions {
    /// Time of lines that carry none, day of those that carry only a time of day, and year of those without one; 0: not known.
    pub default_at_ms: i64,
    /// Code every event; without, only those that are at least a warning or carry an exception.
    pub code_all: bool,
    /// Leave events out that are below a warning and carry no exception, unless this pattern finds something in them.
    pub keep_all: bool,
    /// Note what stands at the places of a coded event's message.
    pub arguments: bool,
}

impl Default for ParserOptions {
    fn default() -> Self {
        Self {
            default_at_ms: 0,
            code_all: true,
            keep_all: true,
            arguments: true,
        }
    }
}

/// A streaming reader of logs.
#[derive(Debug)]
pub struct LogParser {
    coder: Arc<TemplateCoder>,
    options: ParserOptions,
    sources: BTreeMap<String, Assembler>,
    last_source: String,
    partial: Vec<u8>,
    overlong: bool,
    line_number: u64,
    wide: Option<Wide>,
    /// The encoding is known: the first two bytes were seen.
    started: bool,
    /// Bytes that are no whole letter yet, or too few to know the encoding by; at most three.
    carry: Vec<u8>,
    cri_partial: String,
    skim: Option<Skim>,
}

/// UTF-16, told by its byte order mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wide {
    Little,
    Big,
}

impl LogParser {
    /// A reader whose events get their codes from `coder`.
    #[must_use]
    pub fn new(coder: Arc<TemplateCoder>, options: ParserOptions) -> Self {
        Self {
            coder,
            options,
            sources: BTreeMap::new(),
            last_source: String::new(),
            partial: Vec::new(),
            overlong: false,
            line_number: 0,
            wide: None,
            started: false,
            carry: Vec::new(),
            cri_partial: String::new(),
            skim: None,
        }
    }

    /// Leaves events out that are below a warning, carry no exception and hold none of the texts.
    pub(crate) fn skimming(mut self, needles: Needles) -> Self {
        self.skim = Some(Skim::new(needles));
        self
    }

    /// Number of the last whole line that was read, from 1.
    #[must_use]
    pub fn line_number(&self) -> u64 {
        self.line_number
    }

    /// Continues the count at a line, for input that is read from the middle of a file.
    pub fn set_line_number(&mut self, lines_before: u64) {
        self.line_number = lines_before;
    }

    /// Reads bytes, cut anywhere; finished events are appended to `out`.
    pub fn push(&mut self, bytes: &[u8], out: &mut Vec<LogEvent>) {
        if self.carry.is_empty() {
            return self.push_joined(bytes, out);
        }
        let mut joined = std::mem::take(&mut self.carry);
        joined.extend_from_slice(bytes);
        self.push_joined(&joined, out);
    }

    fn push_joined(&mut self, bytes: &[u8], out: &mut Vec<LogEvent>) {
        if !self.started {
            if bytes.len() < 2 {
                self.carry.extend_from_slice(bytes);
                return;
            }
            self.started = true;
            self.wide = match bytes {
                [0xFF, 0xFE, ..] => Some(Wide::Little),
                [0xFE, 0xFF, ..] => Some(Wide::Big),
                _ => None,
            };
        }
        match self.wide {
            None => self.push_narrow(bytes, out),
            Some(wide) => {
                let (whole, rest) = bytes.split_at(wide.whole_letters(bytes));
                self.carry.extend_from_slice(rest);
                let narrow = narrowed(whole, wide);
                self.push_narrow(narrow.as_bytes(), out);
            }
        }
    }

    fn push_narrow(&mut self, bytes: &[u8], out: &mut Vec<LogEvent>) {
        // Colours may stand within a text that a rule asks for.
        let mut skim = if memchr::memchr(0x1b, bytes).is_none() {
            self.skim.take()
        } else {
            let held = self.skim.as_mut().and_then(Skim::take);
            self.take_held(held, out);
            None
        };
        let mut hit = skim.as_ref().map_or(0, |skim| skim.search(bytes));
        let mut start = 0;
        let mut passed = None;
        for end in memchr::memchr_iter(b'\n', bytes) {
            let whole = self.partial.is_empty() && !self.overlong;
            if whole
                && self.line_number >= READ_WHOLE_LINES
                && self.cri_partial.is_empty()
                && let Some(skim) = &mut skim
                && skim.passes(bytes, (start, end), &mut hit)
            {
                self.line_number += 1;
                passed = Some((start, end));
                start = end + 1;
                continue;
            }
            if let Some(skim) = &mut skim {
                let held = skim.take();
                match passed.take() {
                    Some((start, end)) => {
                        self.take_passed(&bytes[start..end], self.line_number, out);
                    }
                    None => self.take_held(held, out),
                }
            }
            if whole {
                self.take_line(&bytes[start..end], out);
            } else {
                self.extend_partial(&bytes[start..end]);
                let line = std::mem::take(&mut self.partial);
                self.take_line(&line, out);
                self.overlong = false;
            }
            start = end + 1;
        }
        if let Some(mut skim) = skim {
            if let Some((start, end)) = passed {
                skim.hold(&bytes[start..end], self.line_number);
            }
            self.skim = Some(skim);
        }
        self.extend_partial(&bytes[start..]);
    }

    /// Reads the line that was passed over last: the next one may continue it.
    fn take_held(&mut self, held: Option<(Vec<u8>, u64)>, out: &mut Vec<LogEvent>) {
        if let Some((line, number)) = held {
            self.take_passed(&line, number, out);
        }
    }

    fn take_passed(&mut self, line: &[u8], number: u64, out: &mut Vec<LogEvent>) {
        let now = std::mem::replace(&mut self.line_number, number - 1);
        self.take_line(line, out);
        self.line_number = now;
    }

    fn extend_partial(&mut self, bytes: &[u8]) {
        let room = MAX_LINE_BYTES.saturating_sub(self.partial.len());
        let taken = bytes.len().min(room);
        self.overlong |= taken < bytes.len();
        self.partial.extend_from_slice(&bytes[..taken]);
    }

    /// Ends the input: hands out what is still growing.
    pub fn finish(&mut self, out: &mut Vec<LogEvent>) {
        let rest = std::mem::take(&mut self.carry);
        match self.wide {
            None => self.push_narrow(&rest, out),
            // Half a letter.
            Some(wide) => {
                let narrow = narrowed(&rest, wide);
                self.push_narrow(narrow.as_bytes(), out);
            }
        }
        if !self.partial.is_empty() {
            let held = self.skim.as_mut().and_then(Skim::take);
            self.take_held(held, out);
            let line = std::mem::take(&mut self.partial);
            self.take_line(&line, out);
        }
        self.flush(out);
    }

    /// Hands out what is still growing, for a tail that has been quiet for a while; an unfinished line is kept.
    pub fn flush(&mut self, out: &mut Vec<LogEvent>) {
        for assembler in self.sources.values_mut() {
            assembler.flush(&self.coder, &self.options, out);
        }
    }

    fn take_line(&mut self, line: &[u8], out: &mut Vec<LogEvent>) {
        self.line_number += 1;
        let line = &line[..line.len().min(MAX_LINE_BYTES)];
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        match std::str::from_utf8(line) {
            Ok(text) => self.take_text(text, out),
            Err(_) => self.take_text(&String::from_utf8_lossy(line), out),
        }
    }

    fn take_text(&mut self, text: &str, out: &mut Vec<LogEvent>) {
        let clean = prefix::without_ansi(text);
        let stripped = prefix::strip(&clean, self.options.default_at_ms);
        if stripped.partial {
            if self.cri_partial.len() + stripped.body.len() <= MAX_LINE_BYTES {
                self.cri_partial.push_str(&stripped.body);
            }
            return;
        }
        if self.cri_partial.is_empty() {
            self.dispatch(&stripped.source, &stripped.body, stripped.at_ms, out);
        } else {
            let mut whole = std::mem::take(&mut self.cri_partial);
            whole.push_str(&stripped.body);
            self.dispatch(&stripped.source, &whole, stripped.at_ms, out);
        }
    }

    fn dispatch(&mut self, source: &str, body: &str, at_ms: Option<i64>, out: &mut Vec<LogEvent>) {
        if self.last_source != source || self.sources.is_empty() {
            let known = self.sources.contains_key(source) || self.sources.len() < MAX_SOURCES;
            if known {
                source.clone_into(&mut self.last_source);
            }
        }
        let assembler = match self.sources.get_mut(&self.last_source) {
            Some(assembler) => assembler,
            None => self.sources.entry(self.last_source.clone()).or_default(),
        };
        assembler.line(
            body,
            at_ms,
            self.line_number,
            &self.coder,
            &self.options,
            out,
        );
    }
}

impl Wide {
    fn unit(self, pair: [u8; 2]) -> u16 {
        match self {
            Self::Little => u16::from_le_bytes(pair),
            Self::Big => u16::from_be_bytes(pair),
        }
    }

    /// Bytes up to the last letter that is whole: a letter is two bytes or, where the first two say so, four.
    fn whole_letters(self, bytes: &[u8]) -> usize {
        let even = bytes.len() - bytes.len() % 2;
        match bytes[..even].last_chunk() {
            Some(last) if (0xD800..0xDC00).contains(&self.unit(*last)) => even - 2,
            _ => even,
        }
    }
}

fn narrowed(bytes: &[u8], wide: Wide) -> String {
    let pairs = bytes.chunks_exact(2);
    let units = pairs.map(|pair| wide.unit([pair[0], pair[1]]));
    let units = units.filter(|unit| *unit != 0xFEFF);
    char::decode_utf16(units)
        .map(|letter| letter.unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect()
}

/// Reads a stack trace without a log around it, as Flink's REST API hands it out; redacted and coded.
#[must_use]
pub fn parse_throwable(coder: &TemplateCoder, text: &str) -> Option<Throwable> {
    let mut builder = trace::TraceBuilder::default();
    for line in text.lines() {
        builder.any_line(line);
    }
    builder.finish(coder)
}

/// Cuts a text to at most `limit` bytes, at a character's boundary.
#[must_use]
pub(crate) fn cut(text: &str, limit: usize) -> &str {
    let mut end = text.len().min(limit);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// Appends to a text that has a limit.
pub(crate) fn append_line(text: &mut String, line: &str, limit: usize) {
    let room = limit.saturating_sub(text.len() + 1);
    if room > 0 {
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str(cut(line, room));
    }
}
