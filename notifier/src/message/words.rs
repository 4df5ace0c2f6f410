//! Figures, durations and times as people say them.

use jiff::Timestamp;

/// Stands between a number and its unit, so that they stay on one line.
const NBSP: char = '\u{a0}';

/// Confidence in whole per cent, at most 99: nothing is certain.
#[must_use]
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to 0..=99"
)]
pub fn percent(share: f64) -> u8 {
    (share * 100.0).round().clamp(0.0, 99.0) as u8
}

/// `9 min 57 s`, `1 h 26 min`, `11 d 4 h`, `1.9 s`, `12 ms`.
#[must_use]
#[expect(
    clippy::cast_possible_truncation,
    reason = "milliseconds of less than 292 million years"
)]
pub fn duration(ms: f64) -> String {
    if !ms.is_finite() {
        return "unknown time".to_owned();
    }
    let ms = ms.max(0.0);
    if ms < 1000.0 {
        return format!("{}{NBSP}ms", number(ms));
    }
    if ms < 10_000.0 {
        return format!("{}{NBSP}s", number(ms / 1000.0));
    }
    let seconds = (ms / 1000.0).round() as i64;
    let (large, small) = match seconds {
        0..60 => return format!("{seconds}{NBSP}s"),
        60..3600 => ((seconds / 60, "min"), (seconds % 60, "s")),
        3600..86_400 => ((seconds / 3600, "h"), (seconds % 3600 / 60, "min")),
        _ => ((seconds / 86_400, "d"), (seconds % 86_400 / 3600, "h")),
    };
    let large_text = format!("{}{NBSP}{}", large.0, large.1);
    match small.0 {
        0 => large_text,
        _ => format!("{large_text} {}{NBSP}{}", small.0, small.1),
    }
}

/// Three or four digits, thousands with commas, no idle zeros.
#[must_use]
pub fn number(value: f64) -> String {
    let size = value.abs();
    let decimals = if size >= 100.0 || value.fract() == 0.0 {
        0
    } else if size >= 10.0 {
        1
    } else {
        2
    };
    let text = format!("{value:.decimals$}");
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let fraction = fraction.trim_end_matches('0');
    let whole = with_commas(whole);
    if fraction.is_empty() {
        whole
    } else {
        format!("{whole}.{fraction}")
    }
}

fn with_commas(whole: &str) -> String {
    let digits = whole.trim_start_matches('-');
    let mut out = String::new();
    if digits.len() != whole.len() {
        out.push('-');
    }
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A figure with its unit: `985 ms/s`, `21 %`, `4.7 GiB`, `9 min 57 s`.
#[must_use]
pub fn figure(value: f64, unit: &str) -> String {
    if !value.is_finite() {
        return "not measured".to_owned();
    }
    match unit {
        "ratio" | "share" => format!("{}{NBSP}%", number(value * 100.0)),
        "ms" => duration(value),
        "s" => duration(value * 1000.0),
        "bytes" => bytes(value),
        "bytes/s" => format!("{}/s", bytes(value)),
        "times" => format!("{}{NBSP}×", number(value)),
        "records/s" => format!("{}/s", large(value)),
        "records" => large(value),
        "count" | "1" | "" => number(value),
        other => format!("{}{NBSP}{other}", number(value)),
    }
}

fn bytes(value: f64) -> String {
    let units = ["B", "KiB", "MiB", "GiB", "TiB"];
    let mut size = value;
    let mut unit = 0;
    while size.abs() >= 1024.0 && unit + 1 < units.len() {
        size /= 1024.0;
        unit += 1;
    }
    format!("{}{NBSP}{}", number(size), units[unit])
}

fn large(value: f64) -> String {
    if value.abs() >= 1e6 {
        format!("{}{NBSP}M", number(value / 1e6))
    } else {
        number(value)
    }
}

/// `02:46`, in UTC.
#[must_use]
pub fn clock(at_ms: i64) -> String {
    format_time(at_ms, "%H:%M")
}

/// `22 Nov 02:46`, in UTC.
#[must_use]
pub fn date_and_clock(at_ms: i64) -> String {
    format_time(at_ms, "%-d %b %H:%M")
}

fn format_time(at_ms: i64, format: &str) -> String {
    Timestamp::from_millisecond(at_ms)
        .map_or_else(|_| "–".to_owned(), |time| time.strftime(format).to_string())
}

/// With a full stop, if it does not end a sentence already. Its first word may be a vertex's name: it stays as it is.
#[must_use]
pub fn stopped(text: &str) -> String {
    let text = text.trim();
    let ends = text.is_empty() || text.ends_with(['.', '!', '?', '…']);
    if ends {
        text.to_owned()
    } else {
        format!("{text}.")
    }
}

/// With a capital letter and a full stop.
#[must_use]
pub fn sentence(text: &str) -> String {
    let text = stopped(text);
    let mut letters = text.chars();
    let first = letters.next().map(char::to_uppercase);
    first.into_iter().flatten().chain(letters).collect()
}

/// At most `limit` characters; what is cut is shown by an ellipsis. Control characters become spaces.
#[must_use]
pub fn clip(text: &str, limit: usize) -> String {
    let clean = text
        .chars()
        .map(|c| if c.is_control() && c != '\n' { ' ' } else { c });
    let mut out: String = clean.clone().take(limit).collect();
    if clean.count() > limit {
        out = out.chars().take(limit.saturating_sub(1)).collect();
        out.push('…');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(value: f64, unit: &str, expect: &str) {
        assert_eq!(figure(value, unit).replace(NBSP, " "), expect);
    }

    #[test]
    fn a_figure_is_said_in_its_unit() {
        check(985.0, "ms/s", "985 ms/s");
        check(0.214, "ratio", "21.4 %");
        check(4_461_000_000.0, "bytes", "4.15 GiB");
        check(597_000.0, "ms", "9 min 57 s");
        check(12_400.0, "records/s", "12,400/s");
        check(18_800_000.0, "records", "18.8 M");
        check(14.6, "times", "14.6 ×");
        check(f64::NAN, "ms/s", "not measured");
    }

    #[test]
    fn durations_have_two_parts_at_most() {
        let said = |ms: f64| duration(ms).replace(NBSP, " ");
        assert_eq!(said(12.0), "12 ms");
        assert_eq!(said(1900.0), "1.9 s");
        assert_eq!(said(19_000.0), "19 s");
        assert_eq!(said(5_160_000.0), "1 h 26 min");
        assert_eq!(said(964_800_000.0), "11 d 4 h");
        assert_eq!(said(3_600_000.0), "1 h");
    }

    #[test]
    fn a_vertex_name_at_the_begin_stays_as_flink_prints_it() {
        assert_eq!(stopped("sink-1 waits"), "sink-1 waits.");
        assert_eq!(sentence("it waits."), "It waits.");
        assert_eq!(sentence(""), "");
    }

    #[test]
    fn nothing_is_certain() {
        assert_eq!(percent(0.999), 99);
        assert_eq!(percent(f64::NAN), 0);
    }

    #[test]
    fn a_clipped_text_shows_that_it_was_cut() {
        assert_eq!(clip("abcdef", 4), "abc…");
        assert_eq!(clip("a\u{7}b", 4), "a b");
    }
}
