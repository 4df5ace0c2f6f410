//! Words of a failure, hashed. Training reads what this file makes (`examples/text_examples.rs`): there is one
//! implementation.

use std::collections::BTreeSet;

use streamwarden_proto::v1::ThrowableLink;

use super::figures::figures;
use crate::template::{normal_form, simple_name};

/// Rows of the model's table.
pub const WIDTH: u32 = 1 << 15;
const MOST_WORDS: usize = 60;
const MOST_FRAMES: usize = 4;
const MOST_LINKS: usize = 12;
/// Lines of a text without an exception: a table, a dump, some lines of a monitor.
const MOST_LINES: usize = 40;
/// Frames of a thread dump.
const MOST_DUMPED: usize = 16;
/// Beginnings of this length stand for all forms of a word.
const STEM_LETTERS: usize = 5;
/// Parts of names that every frame has.
const COMMON: &[&str] = &[
    "org",
    "com",
    "net",
    "io",
    "apache",
    "java",
    "flink",
    "util",
    "lang",
    "impl",
    "internal",
    "exception",
    "error",
    "the",
    "of",
    "to",
    "is",
    "in",
    "for",
    "and",
    "by",
    "an",
    "be",
    "was",
    "it",
    "this",
    "that",
    "with",
    "on",
    "at",
    "or",
    "from",
    "has",
    "have",
    "are",
    "as",
];

/// Numbers of features that are there, sorted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Features {
    indices: BTreeSet<u32>,
}

impl FromIterator<u32> for Features {
    fn from_iter<T: IntoIterator<Item = u32>>(numbers: T) -> Self {
        let indices = numbers
            .into_iter()
            .filter(|number| *number < WIDTH)
            .collect();
        Self { indices }
    }
}

impl Features {
    /// The numbers, each below [`WIDTH`].
    pub fn iter(&self) -> impl Iterator<Item = u32> {
        self.indices.iter().copied()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.indices.len()
    }

    /// Whether nothing was said at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.indices.is_empty()
    }

    fn add(&mut self, kind: &str, word: &str) {
        let hash = kind
            .bytes()
            .chain(word.bytes())
            .fold(0x811C_9DC5_u32, |hash, byte| {
                (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
            });
        self.indices.insert((hash ^ (hash >> 15)) % WIDTH);
    }

    /// A word by itself and its beginning.
    fn word(&mut self, word: &str) {
        self.add("w:", word);
        self.add("s:", stem(word));
    }

    /// A text's constant words, and pairs of them.
    fn text(&mut self, text: &str) {
        let form = normal_form(text);
        let words = words(&form.template);
        for word in &words {
            self.word(word);
        }
        for pair in words.windows(2) {
            self.add("p:", &format!("{} {}", stem(&pair[0]), stem(&pair[1])));
        }
    }

    /// Lines without an exception: each with its words, the frames of a dump, and what the figures say.
    fn lines(&mut self, text: &str) {
        let mut dumped = 0;
        for line in text.lines().take(MOST_LINES) {
            match line.trim_start().strip_prefix("at ") {
                Some(frame) if frame.contains('(') => {
                    dumped += 1;
                    if dumped <= MOST_DUMPED {
                        self.frame(frame);
                    }
                }
                _ => self.text(line),
            }
        }
        for said in figures(text) {
            self.add("n:", &said);
        }
    }

    fn frame(&mut self, frame: &str) {
        let called = frame.split('(').next().unwrap_or(frame);
        self.package("f:", called);
    }

    fn class(&mut self, class: &str, root: bool) {
        let name = simple_name(class);
        self.add("X:", name);
        for word in words(name) {
            self.word(&word);
            if root {
                self.add("r:", stem(&word));
            }
        }
        self.package("k:", class);
    }

    /// The parts of a qualified name that are not in every other.
    fn package(&mut self, kind: &str, name: &str) {
        for word in words(name) {
            self.add(kind, &word);
        }
    }
}

/// What a failure says: logger, text, and its exceptions, the last of which counts as the root.
#[must_use]
pub fn features(logger: &str, text: &str, chain: &[ThrowableLink]) -> Features {
    let mut features = Features::default();
    features.package("l:", simple_name(logger));
    if chain.is_empty() {
        features.lines(text);
    } else {
        features.text(text);
    }
    let links: Vec<&ThrowableLink> = chain.iter().filter(|link| !link.suppressed).collect();
    let skipped = links.len().saturating_sub(MOST_LINKS);
    for (index, link) in links.iter().enumerate().skip(skipped) {
        let root = index + 1 == links.len();
        features.class(&link.exception, root);
        features.text(&link.message);
        for frame in link.frames.iter().take(MOST_FRAMES) {
            features.frame(frame);
        }
    }
    features
}

/// Lower-case words of a text or a name; `TopicAuthorizationException` is three.
pub(super) fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut before_lower = false;
    for letter in text.chars() {
        let starts = letter.is_uppercase() && before_lower;
        if (starts || !letter.is_alphabetic()) && !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
        if letter.is_alphabetic() {
            word.extend(letter.to_lowercase());
        }
        before_lower = letter.is_lowercase();
        if words.len() >= MOST_WORDS {
            break;
        }
    }
    words.push(word);
    words.retain(|word| word.len() > 1 && !COMMON.contains(&word.as_str()));
    words
}

pub(super) fn stem(word: &str) -> &str {
    let end = word
        .char_indices()
        .nth(STEM_LETTERS)
        .map_or(word.len(), |(at, _)| at);
    &word[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_split_into_their_words() {
        assert_eq!(
            words("TopicAuthorizationException: not allowed"),
            ["topic", "authorization", "not", "allowed"]
        );
    }

    #[test]
    fn what_varies_in_a_message_is_not_looked_at() {
        let one = features("a.B", "Could not reach 10.0.0.1:9092 in 30 s", &[]);
        assert_eq!(
            one,
            features("x.B", "Could not reach 10.7.0.2:1 in 9999 s", &[])
        );
        assert_ne!(
            one,
            features("x.B", "Could not parse 10.7.0.2:1 in 9999 s", &[])
        );
    }
}
