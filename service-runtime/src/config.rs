//! Configuration: environment over file over default, typed, and complaining in full.
//!
//! One file holds a section per service. `STREAMWARDEN_<SECTION>__<KEY>` overrides it (a further `__` goes one level
//! deeper). Unknown keys are refused with the nearest known one; all mistakes are reported, not only the first.

mod source;

use std::fmt;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;

pub use source::ENVIRONMENT_PREFIX;
use source::Merged;

/// No configuration has more mistakes than this worth reading.
const PROBLEM_LIMIT: usize = 50;
/// A suggestion that is less alike than this is no help.
const SUGGESTION_LIKENESS: f64 = 0.6;

/// One mistake in a configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// What it is about: `notifier.listen`, a file, an environment variable.
    pub subject: String,
    /// What is wrong, and what would be right.
    pub message: String,
}

impl Problem {
    /// `key` is the full path: `notifier.listen`.
    pub fn new(key: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            subject: key.into(),
            message: message.into(),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.subject, self.message)
    }
}

/// Problems in one line, for an error that names a section.
#[must_use]
pub fn in_one_line(problems: &[Problem]) -> String {
    let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
    lines.join("; ")
}

/// Everything that is wrong with a configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    /// Never empty.
    pub problems: Vec<Problem>,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.problems.as_slice() {
            [one] => write!(f, "the configuration is wrong: {one}"),
            many => {
                write!(f, "the configuration has {} mistakes:", many.len())?;
                many.iter()
                    .try_for_each(|problem| write!(f, "\n  {problem}"))
            }
        }
    }
}

impl std::error::Error for ConfigError {}

/// Reads `file` (if given) and the environment into `T`. `T` and its sections must be `serde(default, deny_unknown_fields)`.
///
/// `environment` is the process's own in production: `std::env::vars()`.
///
/// # Errors
/// [`ConfigError`] with every mistake that was found.
pub fn load<T: DeserializeOwned>(
    file: Option<&Path>,
    environment: impl IntoIterator<Item = (String, String)>,
) -> Result<T, ConfigError> {
    let text = match file {
        Some(path) => Some(read(path)?),
        None => None,
    };
    let named = text
        .as_ref()
        .map(|(path, text)| (path.as_path(), text.as_str()));
    let (merged, problems) = source::merge(named, environment);
    typed(merged, problems)
}

fn read(path: &Path) -> Result<(PathBuf, String), ConfigError> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok((path.to_owned(), text)),
        Err(error) => Err(ConfigError {
            problems: vec![Problem::new(
                path.display().to_string(),
                format!("cannot be read: {error}"),
            )],
        }),
    }
}

/// Reads the merged values, taking out what is wrong and trying again, so that every mistake is found.
fn typed<T: DeserializeOwned>(
    mut merged: Merged,
    mut problems: Vec<Problem>,
) -> Result<T, ConfigError> {
    while problems.len() < PROBLEM_LIMIT {
        let error = match serde_path_to_error::deserialize(merged.values.clone()) {
            Ok(config) if problems.is_empty() => return Ok(config),
            Ok(_) => break,
            Err(error) => error,
        };
        let path = source::path_of(error.path());
        if merged.retry_as_text(&path) {
            continue;
        }
        let message = error.inner().to_string();
        problems.push(Problem::new(
            merged.subject(&path),
            explain(&path, &message),
        ));
        if !merged.remove(&path) {
            break;
        }
    }
    Err(ConfigError { problems })
}

/// Serde's words in ours, with the nearest known key.
fn explain(path: &[String], message: &str) -> String {
    let first_line = message.lines().next().unwrap_or_default().trim();
    let Some(known) = first_line.strip_prefix("unknown field ") else {
        return first_line.to_owned();
    };
    let key = path.last().map_or("", String::as_str);
    let known: Vec<&str> = known.split('`').skip(3).step_by(2).collect();
    match nearest(key, &known) {
        Some(near) => format!("there is no key `{key}`; did you mean `{near}`?"),
        None => format!("there is no key `{key}`; known are {}", known.join(", ")),
    }
}

fn nearest<'a>(key: &str, known: &[&'a str]) -> Option<&'a str> {
    let scored = known
        .iter()
        .map(|known| (strsim::jaro_winkler(key, known), *known));
    let best = scored.max_by(|a, b| a.0.total_cmp(&b.0));
    best.filter(|(likeness, _)| *likeness >= SUGGESTION_LIKENESS)
        .map(|(_, known)| known)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, Default, PartialEq, Deserialize)]
    #[serde(default, deny_unknown_fields)]
    struct Settings {
        kafka: Kafka,
        notifier: Notifier,
    }

    #[derive(Debug, Default, PartialEq, Deserialize)]
    #[serde(default, deny_unknown_fields)]
    struct Kafka {
        brokers: String,
        partitions: u32,
    }

    #[derive(Debug, Default, PartialEq, Deserialize)]
    #[serde(default, deny_unknown_fields)]
    struct Notifier {
        channels: Vec<Channel>,
        listen: Option<std::net::SocketAddr>,
    }

    #[derive(Debug, Default, PartialEq, Deserialize)]
    #[serde(default, deny_unknown_fields)]
    struct Channel {
        name: String,
    }

    fn loaded(file: &str, environment: &[(&str, &str)]) -> Result<Settings, ConfigError> {
        let environment = environment
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let (merged, problems) =
            source::merge(Some((Path::new("streamwarden.toml"), file)), environment);
        typed(merged, problems)
    }

    fn mistakes(file: &str, environment: &[(&str, &str)]) -> Vec<String> {
        let problems = loaded(file, environment).unwrap_err().problems;
        problems.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn the_environment_wins_over_the_file_and_the_file_over_the_default() {
        let file = "[kafka]\nbrokers = 'file:1'\npartitions = 3";
        let settings = loaded(file, &[("STREAMWARDEN_KAFKA__BROKERS", "env:1")]).unwrap();
        assert_eq!(settings.kafka.brokers, "env:1");
        assert_eq!(settings.kafka.partitions, 3);
        assert_eq!(settings.notifier.listen, None);
    }

    #[test]
    fn a_number_in_the_environment_is_a_text_where_a_text_is_wanted() {
        let settings = loaded("", &[("STREAMWARDEN_KAFKA__BROKERS", "9092")]).unwrap();
        assert_eq!(settings.kafka.brokers, "9092");
    }

    #[test]
    fn lists_and_tables_can_come_from_the_environment() {
        let channels = "[{ name = 'ops' }, { name = 'dev' }]";
        let settings = loaded("", &[("STREAMWARDEN_NOTIFIER__CHANNELS", channels)]).unwrap();
        assert_eq!(settings.notifier.channels.len(), 2);
    }

    #[test]
    fn every_mistake_is_reported_with_its_place() {
        let file = "[kafka]\nbrokerz = 'a:1'\npartitions = 'many'\n[notifier]\nlisten = '1.2.3'\n\
                    [[notifier.channels]]\nname = 'ops'\n[[notifier.channels]]\nnaem = 'dev'";
        let found = mistakes(file, &[("STREAMWARDEN_NOTIFIER__LISTENS", "x")]);
        assert_eq!(found.len(), 5, "{found:#?}");
        let has = |text: &str| found.iter().any(|line| line.contains(text));
        assert!(has(
            "streamwarden.toml, kafka.brokerz: there is no key `brokerz`; did you mean `brokers`?"
        ));
        assert!(has(
            "streamwarden.toml, kafka.partitions: invalid type: string \"many\""
        ));
        assert!(has(
            "streamwarden.toml, notifier.listen: invalid socket address"
        ));
        assert!(has(
            "notifier.channels[1].naem: there is no key `naem`; did you mean `name`?"
        ));
        assert!(has(
            "STREAMWARDEN_NOTIFIER__LISTENS: there is no key `listens`; did you mean `listen`?"
        ));
    }

    #[test]
    fn an_unknown_section_is_refused() {
        let found = mistakes("[kafak]\nbrokers = 'a:1'", &[]);
        assert_eq!(
            found,
            ["streamwarden.toml, kafak: there is no key `kafak`; did you mean `kafka`?"]
        );
    }

    #[test]
    fn a_file_that_is_no_toml_is_refused_with_its_line() {
        let found = mistakes("[kafka]\nbrokers = \n", &[]);
        assert!(
            found[0].starts_with("streamwarden.toml: line 2"),
            "{found:?}"
        );
    }

    #[test]
    fn a_file_that_is_not_there_is_named() {
        let error =
            load::<Settings>(Some(Path::new("/nowhere/streamwarden.toml")), []).unwrap_err();
        assert!(
            error.to_string().contains("/nowhere/streamwarden.toml"),
            "{error}"
        );
    }
}
