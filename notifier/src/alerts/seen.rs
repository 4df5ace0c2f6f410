//! Ids of events that were worked on, so that a repeat is recognised.

use std::collections::{HashSet, VecDeque};

/// More than a partition's records between two commits, many times over; older repeats are caught by their time.
const LIMIT: usize = 50_000;

/// Ids of events, newest `LIMIT` of them.
#[derive(Debug, Default)]
pub(super) struct SeenEvents {
    ids: HashSet<String>,
    order: VecDeque<String>,
}

impl SeenEvents {
    /// Was it seen before? It is now.
    pub(super) fn insert(&mut self, id: &str) -> bool {
        if !self.ids.insert(id.to_owned()) {
            return false;
        }
        self.order.push_back(id.to_owned());
        if self.order.len() > LIMIT
            && let Some(oldest) = self.order.pop_front()
        {
            self.ids.remove(&oldest);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_first_of_equal_ids_is_new() {
        let mut seen = SeenEvents::default();
        assert!(seen.insert("a"));
        assert!(!seen.insert("a"));
    }
}
