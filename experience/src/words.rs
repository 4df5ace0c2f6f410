//! Sentences with places: titles, effects and explanations of problems, filled with what is known of one case.
//!
//! A problem file may give several variants of a sentence, the richest first. The first one whose places can all
//! be filled is used, so the last one has no places or only those that are always known (`subject`).

use std::collections::BTreeMap;

/// Places that sentences may use. Besides these, a rule's named captures may be used.
pub const PLACES: &[(&str, &str)] = &[
    (
        "subject",
        "name of the vertex, TaskManager, job or cluster, as Flink prints it",
    ),
    ("job", "name of the job"),
    ("subtask", "index of the subtask at fault"),
    ("exception", "class of the root cause, without its package"),
    ("message", "message of the root cause, one line"),
    ("frame", "topmost frame of the user's own code"),
    (
        "behind",
        "how far the job is behind, as a duration: 9 min 57 s",
    ),
    (
        "loss_per_minute",
        "what the job loses every minute, as a duration: 22 s",
    ),
    ("rate", "what comes in, with its unit: 12,400 records/s"),
    (
        "capacity",
        "what the subject can do with its present parallelism: 7,920 records/s",
    ),
    ("busy", "busy of the busiest subtask: 985 ms/s"),
    (
        "blocked",
        "time that the worst vertex above is blocked: 910 ms/s",
    ),
    ("idle", "idle time: 970 ms/s"),
    ("parallelism", "parallelism of the subject"),
    ("share", "share of the records on the busiest subtask: 71 %"),
    ("lag", "records not read yet: 7.4 M records"),
    ("late", "late records dropped: 120 records/s"),
    (
        "stalled",
        "how long the watermark or the data has stood still: 4 min 10 s",
    ),
    ("restarts", "restarts in the last ten minutes"),
    ("heap", "heap in use and its limit: 480 MiB of 512 MiB"),
    ("gc", "time in garbage collection: 420 ms/s"),
    ("metaspace", "metaspace in use and its limit"),
    ("direct", "direct memory in use and its limit"),
    ("state", "size of the last checkpoint: 4.2 GiB"),
    ("growth", "growth of the state: 310 MiB an hour"),
    ("duration", "duration of the last checkpoints: 41 s"),
    ("interval", "checkpoint interval: 30 s"),
    ("timeout", "time limit that was exceeded: 10 min"),
    ("slots", "slots needed and there: 12 of 8"),
    ("buffers", "network buffers needed and there"),
    ("host", "host and port"),
    ("topic", "topic, table, bucket or index"),
    ("class", "class that is missing or in conflict"),
    ("option", "option key"),
    ("path", "path or directory"),
];

/// What is known of one case, by the name of the place.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Context {
    values: BTreeMap<String, String>,
}

impl Context {
    /// Nothing known but the subject.
    #[must_use]
    pub fn of_subject(subject: impl Into<String>) -> Self {
        let mut context = Self::default();
        context.set("subject", subject);
        context
    }

    /// Notes a value; an empty one is as good as none.
    pub fn set(&mut self, place: &str, value: impl Into<String>) {
        let value = value.into();
        if !value.is_empty() {
            self.values.insert(place.to_owned(), value);
        }
    }

    /// Notes a value unless there is one already.
    pub fn set_default(&mut self, place: &str, value: impl Into<String>) {
        if !self.values.contains_key(place) {
            self.set(place, value);
        }
    }

    /// The value of a place.
    #[must_use]
    pub fn get(&self, place: &str) -> Option<&str> {
        self.values.get(place).map(String::as_str)
    }

    /// The first variant whose places are all known, filled; empty if there is none.
    #[must_use]
    pub fn render(&self, variants: &[String]) -> String {
        variants
            .iter()
            .find_map(|variant| self.fill(variant))
            .unwrap_or_default()
    }

    /// The sentence with its places filled, unless one is unknown.
    #[must_use]
    pub fn fill(&self, template: &str) -> Option<String> {
        let mut text = String::with_capacity(template.len() + 32);
        for part in parts(template) {
            match part {
                Part::Text(constant) => text.push_str(constant),
                Part::Place(name) => text.push_str(self.get(name)?),
            }
        }
        Some(text)
    }
}

/// Names of the places of a sentence.
pub fn places(template: &str) -> impl Iterator<Item = &str> {
    parts(template).filter_map(|part| match part {
        Part::Place(name) => Some(name),
        Part::Text(_) => None,
    })
}

enum Part<'t> {
    Text(&'t str),
    Place(&'t str),
}

fn parts(template: &str) -> impl Iterator<Item = Part<'_>> {
    let mut rest = template;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        if let Some(inside) = rest.strip_prefix('{')
            && let Some(end) = inside.find('}')
        {
            rest = &inside[end + 1..];
            return Some(Part::Place(&inside[..end]));
        }
        let next = rest
            .char_indices()
            .skip(1)
            .find(|(_, letter)| *letter == '{');
        let end = next.map_or(rest.len(), |(at, _)| at);
        let (text, after) = rest.split_at(end);
        rest = after;
        Some(Part::Text(text))
    })
}

/// The text with a capital letter first.
#[must_use]
pub fn capital(text: &str) -> String {
    let mut letters = text.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_variant_that_can_be_filled_is_used() {
        let variants = ["{behind} behind".to_owned(), "{subject} is late".to_owned()];
        let mut context = Context::of_subject("Sink: orders");
        assert_eq!(context.render(&variants), "Sink: orders is late");
        context.set("behind", "22 s");
        assert_eq!(context.render(&variants), "22 s behind");
    }
}
