//! The end of one growing file: how far it was read, what is new, whether another file took its place.
//!
//! No I/O: whoever reads the file hands over pieces of it.

use streamwarden_experience::LogParser;
use streamwarden_proto::v1::{LogBatch, LogEvent};
use tokio::time::{Duration, Instant};

use super::batch::Coalescer;
use super::directory::Listed;
use super::owner;
use crate::config::LogConfig;

/// A TaskManager's id stands within this many bytes: before it come its environment and its class path.
const HEAD_LIMIT_BYTES: u64 = 512 << 10;
/// How long a file may be without an owner before it is told under its own name.
const YOUNG: Duration = Duration::from_secs(15);
/// A file that has not changed for this long when it is first seen is history.
const STALE_MS: i64 = 600_000;
/// A file that has not changed for this long is not in the middle of a stack trace.
const QUIET_MS: i64 = 500;
/// Backlog, in reads, from which on the oldest part of it is left out.
const BACKLOG_READS: u64 = 4;

/// Limits of one read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    first_read_bytes: u64,
    max_bytes_per_read: u64,
    max_events_per_batch: usize,
}

impl Limits {
    pub(super) fn of(config: &LogConfig) -> Self {
        Self {
            first_read_bytes: config.first_read_bytes,
            max_bytes_per_read: config.max_bytes_per_read,
            max_events_per_batch: config.max_events_per_batch,
        }
    }
}

/// One file.
pub(super) struct Tail {
    parser: LogParser,
    events: Vec<LogEvent>,
    coalescer: Coalescer,
    /// Everything before was read or left out.
    offset: u64,
    /// Up to here it is left out.
    skip_until: u64,
    /// Up to here it is read in this poll.
    read_until: u64,
    /// The rest of a line whose beginning was left out.
    skip_line: bool,
    lines_passed: u64,
    /// Are the lines that are left out a loss, or only history?
    skipping_counts: bool,
    dropped_lines: u64,
    inode: Option<u64>,
    changed_at_ms: Option<i64>,
    resource_id: Option<String>,
    head: Vec<u8>,
    head_done: bool,
    since: Instant,
    unflushed_polls: u32,
    /// Not to be read before.
    pub(super) not_before: Instant,
}

impl Tail {
    /// A file that was just seen for the first time.
    pub(super) fn new(
        parser: LogParser,
        file: &Listed,
        now_ms: i64,
        first_poll: bool,
        limits: Limits,
    ) -> Self {
        let now = Instant::now();
        let stale = first_poll
            && file
                .changed_at_ms
                .is_some_and(|at_ms| now_ms - at_ms > STALE_MS);
        let history = if stale {
            file.size_bytes
        } else {
            file.size_bytes.saturating_sub(limits.first_read_bytes)
        };
        Self {
            parser,
            events: Vec::new(),
            coalescer: Coalescer::default(),
            offset: 0,
            skip_until: history,
            read_until: 0,
            skip_line: false,
            lines_passed: 0,
            skipping_counts: false,
            dropped_lines: 0,
            inode: file.inode,
            changed_at_ms: file.changed_at_ms,
            resource_id: None,
            head: Vec::new(),
            head_done: false,
            since: now,
            unflushed_polls: 0,
            not_before: now,
        }
    }

    /// A file whose lines have no levels: each of them may matter.
    pub(super) fn without_levels(mut self) -> Self {
        self.coalescer = Coalescer::of_all();
        self
    }

    /// First byte that was not read.
    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    /// The id of the TaskManager that writes it.
    pub(super) fn resource_id(&self) -> Option<&str> {
        self.resource_id.as_deref()
    }

    /// Its owner may still become known.
    pub(super) fn is_young(&self) -> bool {
        self.since.elapsed() < YOUNG
    }

    /// Is there anything that was not read?
    pub(super) fn has_news(&self, file: &Listed) -> bool {
        file.size_bytes > self.offset.max(self.skip_until)
    }

    /// Does another file stand under the name?
    pub(super) fn was_rotated(&self, file: &Listed) -> bool {
        let other = matches!((self.inode, file.inode), (Some(before), Some(now)) if before != now);
        other || file.size_bytes < self.offset
    }

    /// Where the former file went: by its inode, or the newest one with a number that is long enough.
    pub(super) fn rotated_into<'l>(
        &self,
        file: &Listed,
        listed: &'l [Listed],
    ) -> Option<&'l Listed> {
        if self.inode.is_some() {
            return listed
                .iter()
                .find(|other| other.inode == self.inode && other.name != file.name);
        }
        let prefix = format!("{}.", file.name);
        listed
            .iter()
            .filter(|other| other.name.starts_with(&prefix) && other.size_bytes >= self.offset)
            .filter(|other| other.changed_at_ms >= self.changed_at_ms)
            .max_by_key(|other| other.changed_at_ms)
    }

    /// Begins again at the start of the file that took the place.
    pub(super) fn start_over(&mut self, file: &Listed, parser: LogParser) {
        self.parser.finish(&mut self.events);
        self.parser = parser;
        (self.offset, self.skip_until, self.lines_passed) = (0, 0, 0);
        self.skip_line = false;
        self.inode = file.inode;
        // As a rule the same process goes on; if it is another one, its first lines will say so.
        self.head.clear();
        self.head_done = false;
    }

    /// Decides how much of the file is read now.
    pub(super) fn plan(&mut self, file: &Listed, limits: Limits) {
        let start = self.offset.max(self.skip_until);
        let backlog = file.size_bytes.saturating_sub(start);
        if backlog > limits.max_bytes_per_read * BACKLOG_READS {
            self.skip_until = file.size_bytes - limits.max_bytes_per_read;
            self.skipping_counts = true;
        }
        self.read_until = self.offset.max(self.skip_until) + limits.max_bytes_per_read;
        self.changed_at_ms = file.changed_at_ms;
    }

    /// The first lines are to be seen, although reading begins further on.
    pub(super) fn wants_head(&self) -> bool {
        self.offset > 0 && !self.head_done
    }

    /// How much of the first lines was seen.
    pub(super) fn head_seen(&self) -> u64 {
        self.head.len() as u64
    }

    /// Looks for the owner in the first lines.
    pub(super) fn look_at_head(&mut self, bytes: &[u8]) {
        if self.head_done {
            return;
        }
        self.head.extend_from_slice(bytes);
        let found = owner::resource_id(&self.head);
        if found.is_some() || self.head.len() as u64 >= HEAD_LIMIT_BYTES {
            self.head_done = true;
            self.head = Vec::new();
        }
        self.resource_id = found.or_else(|| self.resource_id.take());
    }

    /// Takes a piece that begins at `position`. False: enough for now.
    pub(super) fn consume(&mut self, position: u64, piece: &[u8]) -> bool {
        if !self.head_done && position == self.head_seen() {
            self.look_at_head(piece);
        }
        let known = usize::try_from(self.offset.saturating_sub(position)).unwrap_or(usize::MAX);
        let Some(piece) = piece.get(known..) else {
            return true;
        };
        let skipped =
            usize::try_from(self.skip_until.saturating_sub(self.offset)).unwrap_or(usize::MAX);
        let (skipped, piece) = piece.split_at(skipped.min(piece.len()));
        self.skip(skipped);
        let room =
            usize::try_from(self.read_until.saturating_sub(self.offset)).unwrap_or(usize::MAX);
        let taken = &piece[..room.min(piece.len())];
        self.take(taken);
        taken.len() == piece.len()
    }

    fn skip(&mut self, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        self.offset += bytes.len() as u64;
        let lines = memchr::memchr_iter(b'\n', bytes).count() as u64;
        self.lines_passed += lines;
        if self.skipping_counts {
            self.dropped_lines += lines;
        }
        self.skip_line = bytes.last() != Some(&b'\n');
        if self.offset >= self.skip_until {
            self.skipping_counts = false;
        }
        self.parser.flush(&mut self.events);
        self.parser.set_line_number(self.lines_passed);
    }

    fn take(&mut self, mut bytes: &[u8]) {
        self.offset += bytes.len() as u64;
        if self.skip_line {
            let Some(end) = memchr::memchr(b'\n', bytes) else {
                return;
            };
            bytes = &bytes[end + 1..];
            self.skip_line = false;
            self.lines_passed += 1;
            self.parser.set_line_number(self.lines_passed);
        }
        self.parser.push(bytes, &mut self.events);
        self.lines_passed = self.parser.line_number();
    }

    /// What was read since the last batch; `None` if nothing was.
    pub(super) fn batch(
        &mut self,
        process_id: &str,
        file: &Listed,
        now_ms: i64,
        limits: Limits,
    ) -> Option<LogBatch> {
        self.flush_if_quiet(file, now_ms);
        let events = std::mem::take(&mut self.events);
        let dropped_lines = std::mem::take(&mut self.dropped_lines);
        if events.is_empty() && dropped_lines == 0 {
            return None;
        }
        let mut batch = self.coalescer.batch(events, limits.max_events_per_batch);
        process_id.clone_into(&mut batch.process_id);
        file.name.clone_into(&mut batch.file);
        batch.dropped_lines += dropped_lines;
        Some(batch)
    }

    /// The newest event may still get more lines of its stack trace; a file at rest will not write them. A file that never rests
    /// has written them by the second poll.
    fn flush_if_quiet(&mut self, file: &Listed, now_ms: i64) {
        let at_end = self.offset >= file.size_bytes;
        let quiet = file
            .changed_at_ms
            .is_some_and(|at_ms| now_ms - at_ms > QUIET_MS);
        self.unflushed_polls += 1;
        if (at_end && quiet) || self.unflushed_polls >= 2 {
            self.parser.flush(&mut self.events);
            self.unflushed_polls = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::coding::Coding;
    use proptest::prelude::*;
    use std::sync::LazyLock;

    static CODING: LazyLock<Coding> = LazyLock::new(|| Coding::builtin().unwrap());
    const NOW_MS: i64 = 1_000_000_000_000;

    fn limits() -> Limits {
        Limits::of(&LogConfig::default())
    }

    fn listed(size_bytes: usize) -> Listed {
        Listed {
            name: "x.log".into(),
            size_bytes: size_bytes as u64,
            changed_at_ms: Some(NOW_MS - 60_000),
            inode: None,
        }
    }

    fn text(lines: usize) -> String {
        let line = |i| {
            format!("2026-11-22 22:00:00,000 ERROR org.example.C{i} [] - failure of part {i}\n")
        };
        (0..lines).map(line).collect()
    }

    /// Streams the file from its first byte, as REST does.
    fn stream(tail: &mut Tail, file: &[u8], piece_bytes: usize) -> Vec<String> {
        let listed = listed(file.len());
        tail.plan(&listed, limits());
        let mut position = 0;
        for piece in file.chunks(piece_bytes) {
            if !tail.consume(position, piece) {
                break;
            }
            position += piece.len() as u64;
        }
        let batch = tail
            .batch("p", &listed, NOW_MS, limits())
            .unwrap_or_default();
        batch.events.into_iter().map(|event| event.text).collect()
    }

    proptest! {
        #[test]
        fn every_line_is_told_once_however_the_file_grows_and_arrives(
            lines in 1_usize..40,
            mut growth in prop::collection::vec(0.0_f64..1.0, 0..6),
            piece_bytes in 1_usize..300,
        ) {
            let text = text(lines);
            let first = listed(0);
            let mut tail = Tail::new(CODING.parser(NOW_MS), &first, NOW_MS, false, limits());
            growth.sort_by(f64::total_cmp);
            growth.push(1.0);
            let mut told = Vec::new();
            for part in growth {
                let size = (text.len() as f64 * part) as usize;
                told.extend(stream(&mut tail, &text.as_bytes()[..size], piece_bytes));
            }
            let expected: Vec<String> = (0..lines).map(|i| format!("failure of part {i}")).collect();
            prop_assert_eq!(told, expected);
        }
    }

    #[test]
    fn the_owner_stays_known_over_a_rotation() {
        let start = "2026-11-22 22:00:00,000 INFO  x.TaskManagerRunner [] - Starting TaskManager with ResourceID: h:1-a\n";
        let mut tail = Tail::new(CODING.parser(NOW_MS), &listed(0), NOW_MS, false, limits());
        stream(&mut tail, start.as_bytes(), 10);
        assert_eq!(tail.resource_id(), Some("h:1-a"));
        tail.start_over(&listed(10), CODING.parser(NOW_MS));
        stream(&mut tail, text(1).as_bytes(), 10);
        assert_eq!(tail.resource_id(), Some("h:1-a"));
        tail.start_over(&listed(10), CODING.parser(NOW_MS));
        stream(&mut tail, start.replace("1-a", "2-b").as_bytes(), 10);
        assert_eq!(
            tail.resource_id(),
            Some("h:2-b"),
            "another process took the file's name"
        );
    }
}
