//! Figures of lines that monitors, tables and people write, as words: how full something is, how many there are, and how a
//! series goes. A number by itself says nothing and is left out, as are ids, times, ports and addresses; beside the word that
//! it belongs to, `busy 100 %` and `busy 3 %` are two different failures.

mod read;
mod series;

use super::features::{stem, words};
use read::{Figure, Token, tokens};
use series::shapes;

/// Figures looked at in one text.
const MOST_FIGURES: usize = 200;
/// Words before a figure that it may belong to.
const WORDS_BEFORE: usize = 2;
/// Least length of a series.
const LEAST_SERIES: usize = 3;
/// Parts of a metric's name that every other has, too.
const COMMON_PARTS: &[&str] = &[
    "num",
    "current",
    "last",
    "total",
    "flink",
    "taskmanager",
    "jobmanager",
    "job",
    "task",
    "operator",
    "status",
    "max",
    "min",
    "avg",
];

/// A figure with what it belongs to and where it stands.
struct Placed {
    key: String,
    column: usize,
    line: usize,
    value: f64,
}

/// What the figures of a text say, a word each.
pub(super) fn figures(text: &str) -> Vec<String> {
    let mut said = Vec::new();
    let mut placed: Vec<Placed> = Vec::new();
    for (line, text) in text.lines().enumerate() {
        of_line(text, line, &mut said, &mut placed);
        if placed.len() >= MOST_FIGURES {
            break;
        }
    }
    of_lines(&placed, &mut said);
    said
}

/// Ends of what is said of figures that are not as they should be, or may not be.
const TELLING: &[&str] = &[
    "all of it",
    "little of it",
    "lowest",
    "negative",
    "rises",
    "stands out",
];

/// Whether the figures of a text say more than that something is there.
pub(crate) fn has_telling_figure(text: &str) -> bool {
    figures(text)
        .iter()
        .any(|said| TELLING.iter().any(|end| said.ends_with(end)))
}

fn of_line(text: &str, line: usize, said: &mut Vec<String>, placed: &mut Vec<Placed>) {
    let tokens = tokens(text);
    let mut before: Vec<String> = Vec::new();
    let mut run: Vec<f64> = Vec::new();
    let mut key_of_run = String::new();
    let mut column = 0;
    for (at, token) in tokens.iter().enumerate() {
        match token {
            Token::Word(word) => {
                let Some(key) = key(word) else { continue };
                // The name of a unit or of the same thing again does not end a list.
                if before.last() != Some(&key) {
                    of_run(&mut run, &key_of_run, said);
                    before.push(key);
                }
            }
            Token::End => before.clear(),
            Token::Figure(figure) => {
                let keys = &before[before.len().saturating_sub(WORDS_BEFORE)..];
                if !figure.duration {
                    say_bucket(figure, keys, tokens.get(at + 1), said);
                }
                let key = keys.last().cloned().unwrap_or_default();
                if run.is_empty() {
                    key_of_run.clone_from(&key);
                }
                run.push(figure.value);
                placed.push(Placed {
                    key,
                    column,
                    line,
                    value: figure.value,
                });
                column += 1;
            }
        }
    }
    of_run(&mut run, &key_of_run, said);
}

fn say_bucket(figure: &Figure, keys: &[String], next: Option<&Token<'_>>, said: &mut Vec<String>) {
    let bucket = bucket(figure, keys);
    said.extend(keys.iter().map(|key| format!("{key} {bucket}")));
    if let Some(Token::Word(word)) = next
        && let Some(after) = key(word)
    {
        said.push(format!("{bucket} {after}"));
    }
    if figure.percent {
        said.push(format!("% {bucket}"));
    }
}

/// A list within a line: `0=118 1=121 2=9844`, `12 -> 20 -> 31`.
fn of_run(run: &mut Vec<f64>, key: &str, said: &mut Vec<String>) {
    if run.len() >= LEAST_SERIES {
        say_shapes(run, key, said);
    }
    run.clear();
}

/// The same metric on lines below each other, or the same column of a table.
fn of_lines(placed: &[Placed], said: &mut Vec<String>) {
    let mut groups: std::collections::BTreeMap<(&str, usize), Vec<(usize, f64)>> =
        std::collections::BTreeMap::new();
    for one in placed {
        let group = groups.entry((&one.key, one.column)).or_default();
        group.push((one.line, one.value));
    }
    for ((key, _), values) in groups {
        let values: Vec<f64> = values.into_iter().map(|(_, value)| value).collect();
        if values.len() >= LEAST_SERIES {
            say_shapes(&values, key, said);
        }
    }
}

fn say_shapes(values: &[f64], key: &str, said: &mut Vec<String>) {
    for shape in shapes(values) {
        said.push(format!("series {shape}"));
        if !key.is_empty() {
            said.push(format!("{key} {shape}"));
        }
    }
}

/// What a metric is about: `busy` of `busyTimeMsPerSecond`, `records out` of `numRecordsOutPerSecond`.
fn key(word: &str) -> Option<String> {
    let parts = words(word);
    let telling = parts
        .iter()
        .find(|part| !COMMON_PARTS.contains(&part.as_str()))?;
    let mut key = stem(telling).to_owned();
    if word.contains("Out") {
        key.push_str(" out");
    }
    if word.contains("PerSecond") {
        // Milliseconds of a second are a share of it.
        key.push_str(if word.contains("Ms") { "" } else { " rate" });
    }
    Some(key)
}

/// How large a figure is, as coarsely as a person would say it.
fn bucket(figure: &Figure, keys: &[String]) -> &'static str {
    let value = figure.value;
    if value < -9.0e18 {
        return "lowest";
    }
    let of_second = figure.of_second && (0.0..=1000.0).contains(&value);
    let share_of_one = (0.0..=1.0).contains(&value)
        && keys
            .iter()
            .any(|key| ["usage", "utili", "ratio", "load", "share"].contains(&key.as_str()));
    let percent = match (figure.percent, of_second, share_of_one) {
        (true, ..) => Some(value),
        (_, true, _) => Some(value / 10.0),
        (_, _, true) => Some(value * 100.0),
        _ => None,
    };
    if let Some(percent) = percent {
        return match percent {
            ..0.5 => "none of it",
            ..20.0 => "little of it",
            ..70.0 => "half of it",
            ..92.0 => "much of it",
            _ => "all of it",
        };
    }
    match value {
        ..0.0 => "negative",
        0.0 => "zero",
        ..10.0 => "few",
        ..1000.0 => "some",
        ..1.0e6 => "thousands",
        ..1.0e9 => "millions",
        _ => "billions",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn says(text: &str, word: &str) -> bool {
        figures(text).iter().any(|said| said == word)
    }

    #[test]
    fn how_full_something_is_stands_beside_what_it_is_of() {
        for text in [
            "busy 100 % on all",
            "busyTimeMsPerSecond=998",
            "busy: 97 percent",
        ] {
            assert!(says(text, "busy all of it"), "{text}: {:?}", figures(text));
        }
        assert!(says("CPU of the TaskManager 4%", "% little of it"));
        assert!(says(
            "currentInputWatermark=-9223372036854775808",
            "input lowest"
        ));
    }

    #[test]
    fn ids_times_and_addresses_are_no_figures() {
        for text in [
            "2026-11-22 21:34:00,123 a",
            "host 10.0.0.1:9092 port",
            "task (1/4)#12",
            "tm-7 4f0a9c x1",
            "chk-12",
            "at 11:05 it",
        ] {
            assert_eq!(figures(text), Vec::<String>::new(), "{text}");
        }
    }

    #[test]
    fn how_a_series_goes_is_seen_in_a_line_and_down_a_column() {
        assert!(says("lag 12000 -> 20000 -> 31000", "lag rises"));
        assert!(says(
            "state MB 0=118 1=121 2=119 3=9844",
            "series stands out"
        ));
        assert!(says(
            "a size 41.2 GB\nb size 47.9 GB\nc size 54.5 GB",
            "size rises"
        ));
        assert!(says("wm 5\nwm 5\nwm 5", "wm even"));
    }
}
