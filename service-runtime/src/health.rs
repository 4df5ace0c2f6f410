//! What a process says of its own health.
//!
//! One process has one answer; its parts report to [`global`].

use std::collections::BTreeMap;
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

/// Which parts of the process are ready.
#[derive(Debug, Default)]
pub struct Health {
    parts: Mutex<BTreeMap<String, Result<(), String>>>,
}

/// One part of a process, such as `collector`.
#[derive(Debug, Clone)]
pub struct Part {
    health: &'static Health,
    name: String,
}

static GLOBAL: LazyLock<Health> = LazyLock::new(Health::default);

/// The health of this process.
#[must_use]
pub fn global() -> &'static Health {
    &GLOBAL
}

impl Health {
    /// Adds a part that is not ready yet.
    pub fn part(&'static self, name: &str) -> Part {
        let part = Part {
            health: self,
            name: name.to_owned(),
        };
        part.not_ready("starting");
        part
    }

    /// Parts that are not ready, each with its reason.
    #[must_use]
    pub fn waiting_for(&self) -> Vec<(String, String)> {
        let parts = self.lock();
        let waiting = parts.iter().filter_map(|(name, state)| match state {
            Ok(()) => None,
            Err(reason) => Some((name.clone(), reason.clone())),
        });
        waiting.collect()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Result<(), String>>> {
        self.parts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Part {
    /// It does its work.
    pub fn ready(&self) {
        self.health.lock().insert(self.name.clone(), Ok(()));
    }

    /// It cannot do its work now.
    pub fn not_ready(&self, reason: &str) {
        let state = Err(reason.to_owned());
        self.health.lock().insert(self.name.clone(), state);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_waited_for_until_it_is_ready() {
        let health: &'static Health = Box::leak(Box::default());
        let part = health.part("collector");
        let waiting = health.waiting_for();
        assert_eq!(waiting, [("collector".to_owned(), "starting".to_owned())]);
        part.ready();
        assert!(health.waiting_for().is_empty());
    }
}
