//! Flink's configuration values as numbers: durations, sizes, codes. What is not set is NaN, or Flink's own default
//! where that is certain.

use std::collections::BTreeMap;

/// A configuration as Flink shows it.
pub(crate) type Settings = BTreeMap<String, String>;

/// The first of several keys (a new one, then its older names) that is set.
fn first<'a>(settings: &'a Settings, keys: &[&str]) -> Option<&'a str> {
    keys.iter()
        .find_map(|key| settings.get(*key))
        .map(|value| value.trim())
}

/// A duration in milliseconds: `5s`, `10 min`, `PT1M` is not used by Flink's options, plain numbers are milliseconds.
pub(crate) fn duration_ms(settings: &Settings, keys: &[&str]) -> f64 {
    first(settings, keys)
        .and_then(parse_duration_ms)
        .unwrap_or(f64::NAN)
}

/// A size in bytes: `64m`, `1 gb`, plain numbers are bytes.
pub(crate) fn size_bytes(settings: &Settings, keys: &[&str]) -> f64 {
    first(settings, keys)
        .and_then(parse_size_bytes)
        .unwrap_or(f64::NAN)
}

/// A plain number.
pub(crate) fn number(settings: &Settings, keys: &[&str]) -> f64 {
    first(settings, keys)
        .and_then(|value| value.parse().ok())
        .unwrap_or(f64::NAN)
}

/// `true` is 1, `false` is 0; what is not set is off, as is Flink's default for all switches that are asked for.
/// Missing where no configuration is known at all.
pub(crate) fn switch(settings: &Settings, keys: &[&str]) -> f64 {
    if settings.is_empty() {
        return f64::NAN;
    }
    match first(settings, keys)
        .map(str::to_ascii_lowercase)
        .as_deref()
    {
        Some("true" | "enabled") => 1.0,
        Some("false" | "disabled") | None => 0.0,
        Some(_) => f64::NAN,
    }
}

/// The code of a named choice: the position of the first word that the value contains.
pub(crate) fn choice(settings: &Settings, keys: &[&str], words: &[(&str, f64)]) -> f64 {
    let Some(value) = first(settings, keys).map(str::to_ascii_lowercase) else {
        return f64::NAN;
    };
    let found = words.iter().find(|(word, _)| value.contains(word));
    found.map_or(f64::NAN, |(_, code)| *code)
}

fn split_unit(text: &str) -> Option<(f64, String)> {
    let end = text
        .find(|c: char| !(c.is_ascii_digit() || c == '.'))
        .unwrap_or(text.len());
    let (digits, unit) = text.split_at(end);
    Some((digits.parse().ok()?, unit.trim().to_ascii_lowercase()))
}

fn parse_duration_ms(text: &str) -> Option<f64> {
    let (value, unit) = split_unit(text)?;
    let factor = match unit.as_str() {
        "" | "ms" | "milli" | "millis" | "millisecond" | "milliseconds" => 1.0,
        "s" | "sec" | "secs" | "second" | "seconds" => 1_000.0,
        "m" | "min" | "mins" | "minute" | "minutes" => 60_000.0,
        "h" | "hour" | "hours" => 3_600_000.0,
        "d" | "day" | "days" => 86_400_000.0,
        _ => return None,
    };
    Some(value * factor)
}

fn parse_size_bytes(text: &str) -> Option<f64> {
    let (value, unit) = split_unit(text)?;
    let power = match unit.as_str() {
        "" | "b" | "bytes" => 0,
        "k" | "kb" | "kibibytes" => 1,
        "m" | "mb" | "mebibytes" => 2,
        "g" | "gb" | "gibibytes" => 3,
        "t" | "tb" | "tebibytes" => 4,
        _ => return None,
    };
    Some(value * 1_024_f64.powi(power))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_and_sizes_are_read_as_flink_writes_them() {
        let cases = [
            ("5s", 5_000.0),
            ("10 min", 600_000.0),
            ("1500", 1_500.0),
            ("1 h", 3_600_000.0),
        ];
        for (text, expected) in cases {
            assert_eq!(parse_duration_ms(text), Some(expected), "{text}");
        }
        assert_eq!(parse_size_bytes("64 mb"), Some(67_108_864.0));
        assert_eq!(parse_size_bytes("1024"), Some(1_024.0));
    }

    #[test]
    fn what_is_not_set_or_not_understood_is_missing() {
        let settings = Settings::from([("a".into(), "soon".into())]);
        assert!(duration_ms(&settings, &["a", "b"]).is_nan());
        assert!(number(&settings, &["b"]).is_nan());
    }

    #[test]
    fn an_older_name_of_a_key_counts_where_the_new_one_is_not_set() {
        let settings = Settings::from([("old".into(), "true".into())]);
        assert_eq!(switch(&settings, &["new", "old"]), 1.0);
        assert_eq!(switch(&settings, &["other"]), 0.0);
        assert!(switch(&Settings::new(), &["other"]).is_nan());
    }
}
