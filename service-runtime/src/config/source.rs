//! Where values come from, and how they are merged into one tree.

use std::collections::BTreeMap;
use std::path::Path;

use serde_path_to_error::Segment;
use toml::{Table, Value};

use super::Problem;

/// Variables with this prefix and a `__` in their name are configuration.
pub const ENVIRONMENT_PREFIX: &str = "STREAMWARDEN_";
const LEVEL_SEPARATOR: &str = "__";

/// One tree of values that remembers where each came from.
pub(super) struct Merged {
    pub(super) values: Value,
    file: String,
    /// Path of a value, to the variable that set it and its text.
    variables: BTreeMap<Vec<String>, (String, String)>,
}

/// Reads the file's text and lays the environment over it.
pub(super) fn merge(
    file: Option<(&Path, &str)>,
    environment: impl IntoIterator<Item = (String, String)>,
) -> (Merged, Vec<Problem>) {
    let mut problems = Vec::new();
    let name = file.map_or_else(String::new, |(path, _)| path.display().to_string());
    let table = match file.map(|(_, text)| (text, text.parse::<Table>())) {
        None => Table::new(),
        Some((_, Ok(table))) => table,
        Some((text, Err(error))) => {
            problems.push(Problem::new(name.clone(), syntax_error(text, &error)));
            Table::new()
        }
    };
    let mut merged = Merged {
        values: Value::Table(table),
        file: name,
        variables: BTreeMap::new(),
    };
    for (variable, text) in environment {
        if let Some(path) = path_of_variable(&variable) {
            merged.lay_over(&path, variable, text);
        }
    }
    (merged, problems)
}

fn syntax_error(text: &str, error: &toml::de::Error) -> String {
    let line = error.span().map_or(1, |span| {
        text[..span.start.min(text.len())].lines().count().max(1)
    });
    format!("line {line}: {}", error.message())
}

fn path_of_variable(variable: &str) -> Option<Vec<String>> {
    let name = variable.strip_prefix(ENVIRONMENT_PREFIX)?;
    if !name.contains(LEVEL_SEPARATOR) {
        return None;
    }
    let levels = name.split(LEVEL_SEPARATOR);
    Some(levels.map(str::to_ascii_lowercase).collect())
}

/// The path of a serde error as keys and indexes.
pub(super) fn path_of(path: &serde_path_to_error::Path) -> Vec<String> {
    let segments = path.iter().map(|segment| match segment {
        Segment::Seq { index } => index.to_string(),
        Segment::Map { key } => key.clone(),
        Segment::Enum { variant } => variant.clone(),
        Segment::Unknown => String::new(),
    });
    segments.filter(|segment| !segment.is_empty()).collect()
}

impl Merged {
    fn lay_over(&mut self, path: &[String], variable: String, text: String) {
        let Some((last, parents)) = path.split_last() else {
            return;
        };
        let mut at = &mut self.values;
        for key in parents {
            if !at.is_table() {
                *at = Value::Table(Table::new());
            }
            let Value::Table(table) = at else { return };
            at = table
                .entry(key)
                .or_insert_with(|| Value::Table(Table::new()));
        }
        if !at.is_table() {
            *at = Value::Table(Table::new());
        }
        if let Value::Table(table) = at {
            table.insert(last.clone(), value_of(&text));
            self.variables.insert(path.to_vec(), (variable, text));
        }
    }

    /// Name for the value at `path`: its variable, or the file and the path.
    pub(super) fn subject(&self, path: &[String]) -> String {
        let set = (1..=path.len())
            .rev()
            .find_map(|length| self.variables.get(&path[..length]));
        match set {
            Some((variable, _)) => variable.clone(),
            None if self.file.is_empty() => dotted(path),
            None => format!("{}, {}", self.file, dotted(path)),
        }
    }

    /// A variable's value was read as a number or the like; where that does not fit, it is a text. True once a path.
    pub(super) fn retry_as_text(&mut self, path: &[String]) -> bool {
        let Some((_, text)) = self.variables.get(path) else {
            return false;
        };
        let as_text = Value::String(text.clone());
        match find(&mut self.values, path) {
            Some(value) if *value != as_text => {
                *value = as_text;
                true
            }
            _ => false,
        }
    }

    /// Takes a wrong value out. False if there is none at `path`.
    pub(super) fn remove(&mut self, path: &[String]) -> bool {
        let Some((last, parents)) = path.split_last() else {
            return false;
        };
        match find(&mut self.values, parents) {
            Some(Value::Table(table)) => table.remove(last).is_some(),
            Some(Value::Array(array)) => match last.parse::<usize>() {
                Ok(index) if index < array.len() => {
                    array.remove(index);
                    true
                }
                _ => false,
            },
            // An enum's variant is part of its parent's value.
            Some(_) | None => self.remove(parents),
        }
    }
}

fn find<'a>(values: &'a mut Value, path: &[String]) -> Option<&'a mut Value> {
    let mut at = values;
    for key in path {
        at = match at {
            Value::Table(table) => table.get_mut(key)?,
            Value::Array(array) => array.get_mut(key.parse::<usize>().ok()?)?,
            _ => return None,
        };
    }
    Some(at)
}

fn dotted(path: &[String]) -> String {
    let mut text = String::new();
    for key in path {
        match key.parse::<usize>() {
            Ok(index) => text.push_str(&format!("[{index}]")),
            Err(_) if text.is_empty() => text.push_str(key),
            Err(_) => {
                text.push('.');
                text.push_str(key);
            }
        }
    }
    text
}

/// A variable's text as TOML, or as the text that it is.
fn value_of(text: &str) -> Value {
    let parsed = format!("value = {text}").parse::<Table>();
    let value = parsed.ok().and_then(|mut table| table.remove("value"));
    value.unwrap_or_else(|| Value::String(text.to_owned()))
}
