//! Flink's spellings of durations and sizes, and figures as people read them.

const KIB: f64 = 1024.0;

/// Milliseconds of Flink's duration: `10 min`, `30s`, `500 ms`, `PT10M`, or a bare number of milliseconds.
#[must_use]
pub fn parse_duration_ms(text: &str) -> Option<f64> {
    let text = text.trim();
    if let Some(iso) = text.strip_prefix("PT") {
        return parse_iso_ms(iso);
    }
    let (number, unit) = split_unit(text)?;
    let factor = match unit.as_str() {
        "" | "ms" | "milli" | "millis" | "millisecond" | "milliseconds" => 1.0,
        "s" | "sec" | "secs" | "second" | "seconds" => 1e3,
        "min" | "m" | "minute" | "minutes" => 60e3,
        "h" | "hour" | "hours" => 3_600e3,
        "d" | "day" | "days" => 86_400e3,
        _ => return None,
    };
    Some(number * factor)
}

fn parse_iso_ms(text: &str) -> Option<f64> {
    let mut total = 0.0;
    let mut number = String::new();
    for letter in text.chars() {
        let factor = match letter {
            'H' => 3_600e3,
            'M' => 60e3,
            'S' => 1e3,
            _ => {
                number.push(letter);
                continue;
            }
        };
        total += number.parse::<f64>().ok()? * factor;
        number.clear();
    }
    number.is_empty().then_some(total)
}

/// Bytes of Flink's memory size: `64 mb`, `1g`, `512 kb`, or a bare number of bytes.
#[must_use]
pub fn parse_bytes(text: &str) -> Option<f64> {
    let (number, unit) = split_unit(text.trim())?;
    let power = match unit.as_str() {
        "" | "b" | "bytes" => 0,
        "k" | "kb" | "kib" | "kibibytes" => 1,
        "m" | "mb" | "mib" | "mebibytes" => 2,
        "g" | "gb" | "gib" | "gibibytes" => 3,
        "t" | "tb" | "tib" | "tebibytes" => 4,
        _ => return None,
    };
    Some(number * KIB.powi(power))
}

fn split_unit(text: &str) -> Option<(f64, String)> {
    let end = text
        .find(|c: char| !(c.is_ascii_digit() || c == '.'))
        .unwrap_or(text.len());
    let number = text[..end].parse().ok()?;
    Some((number, text[end..].trim().to_ascii_lowercase()))
}

/// A size as Flink's configuration takes it, rounded up to `step` MiB: `768m`.
#[must_use]
pub fn config_mebibytes(bytes: f64, step: f64) -> String {
    let mebibytes = bytes / KIB / KIB;
    format!("{}m", (mebibytes / step).ceil() * step)
}

/// A size as people read it: `512 MiB`.
#[must_use]
pub fn size(bytes: f64) -> String {
    let units = ["B", "KiB", "MiB", "GiB", "TiB"];
    let mut value = bytes;
    let mut index = 0;
    while value >= KIB && index + 1 < units.len() {
        value /= KIB;
        index += 1;
    }
    format!("{} {}", figure(value), units[index])
}

/// A duration as people read it, two parts at most: `9 min 57 s`.
#[must_use]
pub fn duration(ms: f64) -> String {
    if ms < 1e3 {
        return format!("{} ms", figure(ms));
    }
    let seconds = (ms / 1e3).round();
    if ms < 10e3 && (ms % 1e3) >= 100.0 {
        return format!("{:.1} s", ms / 1e3);
    }
    let parts = [(86_400.0, "d"), (3_600.0, "h"), (60.0, "min"), (1.0, "s")];
    let Some(first) = parts.iter().position(|(length, _)| seconds >= *length) else {
        return "0 s".to_owned();
    };
    let (length, name) = parts[first];
    let whole = (seconds / length).floor();
    let rest = seconds - whole * length;
    let Some((next_length, next_name)) = parts.get(first + 1) else {
        return format!("{whole} {name}");
    };
    match (rest / next_length).floor() {
        0.0 => format!("{whole} {name}"),
        next => format!("{whole} {name} {next} {next_name}"),
    }
}

/// A duration as Flink's configuration takes it: `10 min`.
#[must_use]
pub fn config_duration(ms: f64) -> String {
    let whole = |length: f64| ms >= length && (ms % length).abs() < f64::EPSILON;
    match ms {
        _ if whole(3_600e3) => format!("{} h", ms / 3_600e3),
        _ if whole(60e3) => format!("{} min", ms / 60e3),
        _ if whole(1e3) => format!("{} s", ms / 1e3),
        _ => format!("{} ms", ms.round()),
    }
}

/// A figure with three or four digits and thousands separated: `12,400`, `7.83`.
#[must_use]
pub fn figure(value: f64) -> String {
    let magnitude = value.abs();
    let text = match magnitude {
        m if m >= 100.0 => format!("{value:.0}"),
        m if m >= 10.0 => trim(&format!("{value:.1}")),
        _ => trim(&format!("{value:.2}")),
    };
    group(&text)
}

fn trim(text: &str) -> String {
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn group(text: &str) -> String {
    let (sign, digits) = text
        .strip_prefix('-')
        .map_or(("", text), |digits| ("-", digits));
    let (whole, fraction) = digits
        .split_once('.')
        .map_or((digits, None), |(w, f)| (w, Some(f)));
    let mut grouped = String::new();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    match fraction {
        Some(fraction) => format!("{sign}{grouped}.{fraction}"),
        None => format!("{sign}{grouped}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flink_spellings_are_read() {
        for (text, ms) in [
            ("10 min", 600e3),
            ("30s", 30e3),
            ("500 ms", 500.0),
            ("PT1M30S", 90e3),
            ("7", 7.0),
        ] {
            assert_eq!(parse_duration_ms(text), Some(ms), "{text}");
        }
        assert_eq!(parse_bytes("64 mb"), Some(64.0 * KIB * KIB));
        assert_eq!(parse_bytes("1.5g"), Some(1.5 * KIB * KIB * KIB));
        assert_eq!(parse_bytes("lots"), None);
    }

    #[test]
    fn figures_read_as_people_write_them() {
        assert_eq!(figure(12_400.4), "12,400");
        assert_eq!(figure(7.829), "7.83");
        assert_eq!(duration(597e3), "9 min 57 s");
        assert_eq!(duration(600e3), "10 min");
        assert_eq!(size(512.0 * KIB * KIB), "512 MiB");
        assert_eq!(config_mebibytes(700.0 * KIB * KIB, 64.0), "704m");
        assert_eq!(config_duration(600e3), "10 min");
        assert_eq!(config_duration(90e3), "90 s");
    }
}
