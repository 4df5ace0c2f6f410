//! Passes over lines that can say nothing: information in a layout that is known by now, without any text that a rule
//! asks for. Most lines of a log are such, and a look at their first bytes is all they cost.
//!
//! It changes no answer. A line is passed over only if it is an event by itself; the last one is kept, and read after
//! all when the next line may continue it.

use aho_corasick::packed;
use aho_corasick::{AhoCorasick, AhoCorasickKind};

use super::timestamp;

/// Levels below a warning.
const QUIET_LEVELS: [&[u8]; 3] = [b"INFO ", b"DEBUG ", b"TRACE "];
/// Longest thread's name that is looked for before the level.
const LONGEST_THREAD_BYTES: usize = 200;

/// Texts without which a line of information means nothing to any rule.
#[derive(Debug, Clone)]
pub(crate) struct Needles {
    search: Search,
}

#[derive(Debug, Clone)]
enum Search {
    /// By vector instructions; for up to some dozens of texts.
    Packed(Box<packed::Searcher>),
    Automaton(AhoCorasick),
    /// Nothing can be looked for: no line is passed over.
    None,
}

impl Needles {
    /// A search for any of these texts.
    pub(crate) fn new<'k>(texts: impl Iterator<Item = &'k str> + Clone) -> Self {
        let packed = packed::Config::new()
            .builder()
            .extend(texts.clone())
            .build();
        let search = match packed {
            Some(packed) => Search::Packed(Box::new(packed)),
            None => AhoCorasick::builder()
                .kind(Some(AhoCorasickKind::DFA))
                .build(texts)
                .map_or(Search::None, Search::Automaton),
        };
        Self { search }
    }

    /// Where the next text starts at `from` or later.
    fn next(&self, bytes: &[u8], from: usize) -> usize {
        let span = from..bytes.len();
        let found = match &self.search {
            Search::Packed(packed) => packed.find_in(bytes, span.into()).map(|at| at.start()),
            Search::Automaton(automaton) => {
                let input = aho_corasick::Input::new(bytes).span(span);
                automaton.find(input).map(|at| at.start())
            }
            Search::None => Some(from),
        };
        found.unwrap_or(bytes.len())
    }
}

/// What has been learned of a log's layout, and the line passed over last.
#[derive(Debug)]
pub(super) struct Skim {
    needles: Needles,
    layout: Option<Layout>,
    /// The line passed over last, if no other was read since.
    held: Vec<u8>,
    /// Its number; 0 if there is none.
    held_number: u64,
}

impl Skim {
    pub(super) fn new(needles: Needles) -> Self {
        Self {
            needles,
            layout: None,
            held: Vec::new(),
            held_number: 0,
        }
    }

    /// A search through one piece of input.
    pub(super) fn search(&self, bytes: &[u8]) -> usize {
        self.needles.next(bytes, 0)
    }

    /// Whether the line may be passed over. `hit` is where the next text is known to start; it moves on with the lines.
    pub(super) fn passes(&mut self, bytes: &[u8], line: (usize, usize), hit: &mut usize) -> bool {
        let (start, end) = line;
        if *hit < start {
            *hit = self.needles.next(bytes, start);
        }
        *hit >= end && self.is_quiet(&bytes[start..end])
    }

    pub(super) fn hold(&mut self, line: &[u8], number: u64) {
        self.held.clear();
        self.held.extend_from_slice(line);
        self.held_number = number;
    }

    /// The line passed over last with its number, once.
    pub(super) fn take(&mut self) -> Option<(Vec<u8>, u64)> {
        let number = std::mem::take(&mut self.held_number);
        (number > 0).then(|| (std::mem::take(&mut self.held), number))
    }

    fn is_quiet(&mut self, line: &[u8]) -> bool {
        if let Some(layout) = &self.layout
            && let Some(rest) = layout.after_time(line)
        {
            return is_quiet_level(rest);
        }
        let Some(layout) = Layout::of(line) else {
            return false;
        };
        let quiet = layout.after_time(line).is_some_and(is_quiet_level);
        self.layout = Some(layout);
        quiet
    }
}

/// A level below a warning, perhaps behind the thread's name in brackets.
fn is_quiet_level(rest: &[u8]) -> bool {
    let Some(rest) = rest.strip_prefix(b" ") else {
        return false;
    };
    let rest = match rest.strip_prefix(b"[") {
        None => rest,
        Some(inside) => {
            let window = &inside[..inside.len().min(LONGEST_THREAD_BYTES)];
            match memchr::memchr2(b'[', b']', window) {
                Some(end) if window[end] == b']' => {
                    inside[end + 1..].strip_prefix(b" ").unwrap_or_default()
                }
                _ => return false,
            }
        }
    };
    QUIET_LEVELS.iter().any(|level| rest.starts_with(level))
}

/// How the time at the start of a line is written: the day and hour of a line that was read, and where digits stand
/// behind them.
#[derive(Debug)]
struct Layout {
    /// Up to the colon behind the hour.
    day_and_hour: Vec<u8>,
    /// From there to the end of the time: `34:00,123`.
    length: usize,
    /// What stands before the fraction; none without one.
    fraction: Option<u8>,
}

impl Layout {
    fn of(line: &[u8]) -> Option<Self> {
        // A `T` is how container runtimes write their own time before a line.
        if !line.first()?.is_ascii_digit() || line.get(10) == Some(&b'T') {
            return None;
        }
        let head = &line[..line.len().min(64)];
        let ascii = std::str::from_utf8(&head[..head.iter().take_while(|b| b.is_ascii()).count()]);
        let (_, end) = timestamp::leading(ascii.ok()?, 0)?;
        let colon = memchr::memchr(b':', &line[..end])?;
        let rest = line.get(colon + 1..end)?;
        let fraction = match rest.get(5) {
            None => None,
            Some(separator @ (b',' | b'.' | b':')) => Some(*separator),
            Some(_) => return None,
        };
        let layout = Self {
            day_and_hour: line[..=colon].to_vec(),
            length: rest.len(),
            fraction,
        };
        // Offsets and other formats are read the long way.
        layout.after_time(line).is_some().then_some(layout)
    }

    /// What stands behind the time, if it is written in this way.
    fn after_time<'l>(&self, line: &'l [u8]) -> Option<&'l [u8]> {
        let rest = line.strip_prefix(self.day_and_hour.as_slice())?;
        let (time, rest) = rest.split_at_checked(self.length)?;
        let digit = |at: usize| time.get(at).is_some_and(u8::is_ascii_digit);
        let clock = matches!(time, [b'0'..=b'5', _, b':', b'0'..=b'5', ..]) && digit(1) && digit(4);
        let fraction = match self.fraction {
            None => self.length == 5,
            Some(separator) => {
                time[5] == separator && self.length > 6 && (6..self.length).all(digit)
            }
        };
        (clock && fraction).then_some(rest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quiet(line: &str) -> bool {
        Skim::new(Needles::new(["needle"].into_iter())).is_quiet(line.as_bytes())
    }

    #[test]
    fn only_information_in_a_common_layout_is_quiet() {
        for line in [
            "2026-11-22 21:34:00,123 INFO  a.B [] - x",
            "26/11/22 21:34:00 INFO Client: x",
            "21:34:00.123 [main] DEBUG a.B - x",
        ] {
            assert!(quiet(line), "{line}");
        }
        for line in [
            "",
            "2026-11-22 21:34:00,123 WARN  a.B [] - x",
            "2026-11-22 21:34:00,123 [INFO] x",
            "2026-11-22 21:34:00,123 [a[1]] INFO x",
            "2026-11-22T21:34:00.123456789Z INFO x",
            "2026-11-22 21:99:00,123 INFO x",
            "2026-11-22 21:34:00,123 INFOrmation",
            "\tat a.B.c(D.java:1)",
            "12 INFO x",
        ] {
            assert!(!quiet(line), "{line}");
        }
    }

    #[test]
    fn a_line_with_a_needle_is_read() {
        let log = b"2026-11-22 21:34:00,123 INFO a\n2026-11-22 21:34:00,124 INFO needle\n";
        for texts in [vec!["needle"], vec!["needle"; 200]] {
            let mut skim = Skim::new(Needles::new(texts.into_iter()));
            let mut hit = skim.search(log);
            assert!(skim.passes(log, (0, 30), &mut hit));
            assert!(!skim.passes(log, (31, 66), &mut hit));
        }
    }
}
