//! The last windows of one subject.

use std::collections::VecDeque;

use super::REMEMBERED_WINDOWS;
use super::score::Row;

/// A window later than this after the one before it starts a new history.
const GAP_MS: i64 = 25_000;

/// The last windows of one subject, oldest first.
#[derive(Debug, Clone, Default)]
pub(super) struct History {
    rows: VecDeque<Row>,
    settled_from_ms: i64,
}

impl History {
    /// Adds a window; a gap before it forgets what was.
    pub(super) fn push(&mut self, row: Row) {
        if let Some(last) = self.rows.back() {
            if row.end_ms <= last.end_ms {
                return;
            }
            if row.end_ms - last.end_ms > GAP_MS {
                self.rows.clear();
            }
        }
        if self.rows.len() == REMEMBERED_WINDOWS {
            self.rows.pop_front();
        }
        self.rows.push_back(row);
    }

    /// Windows that ended before are not judged.
    pub(super) fn settle_from(&mut self, at_ms: i64) {
        self.settled_from_ms = at_ms;
    }

    /// The last window, settled or not.
    pub(super) fn newest(&self) -> Option<&Row> {
        self.rows.back()
    }

    /// Windows that ended then or later, settled or not.
    pub(super) fn ended_from(&self, at_ms: i64) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(move |row| row.end_ms >= at_ms)
    }

    /// The last window that may be judged.
    pub(super) fn last(&self) -> Option<&Row> {
        self.newest()
            .filter(|row| row.end_ms >= self.settled_from_ms)
    }

    /// That, unless it is too old to say anything.
    pub(super) fn fresh(&self, now_ms: i64, stale_ms: i64) -> Option<&Row> {
        self.last().filter(|row| now_ms - row.end_ms <= stale_ms)
    }

    /// Mean probability of a label over the last `windows` windows.
    pub(super) fn mean(&self, label: usize, windows: usize) -> f32 {
        let (mut sum, mut count) = (0.0, 0.0);
        for row in self.scored().take(windows) {
            sum += row.probabilities[label];
            count += 1.0;
        }
        if count == 0.0 { 0.0 } else { sum / count }
    }

    /// Windows in a row, newest first, that satisfy a condition.
    pub(super) fn streak(&self, mut holds: impl FnMut(&Row) -> bool) -> usize {
        self.scored().take_while(|row| holds(row)).count()
    }

    /// End of the oldest window of that streak.
    pub(super) fn since(&self, streak: usize) -> i64 {
        self.scored()
            .take(streak)
            .last()
            .map_or(0, |row| row.end_ms)
    }

    fn scored(&self) -> impl Iterator<Item = &Row> {
        self.rows
            .iter()
            .rev()
            .take_while(|row| row.end_ms >= self.settled_from_ms)
            .filter(|row| !row.probabilities.is_empty())
    }
}
