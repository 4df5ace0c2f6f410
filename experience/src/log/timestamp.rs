//! Times at the start of a line, in the formats that log layouts use. Without an offset they count as UTC.

const DAY_MS: i64 = 86_400_000;
const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// Reads a time at the start of `text`; returns it and the number of bytes it takes. `base_ms` gives the day
/// where only a time of day is written.
#[must_use]
pub fn leading(text: &str, base_ms: i64) -> Option<(i64, usize)> {
    let bytes = text.as_bytes();
    if !bytes.first()?.is_ascii_digit() {
        return None;
    }
    let (days, after_date) = match date(bytes) {
        Some((days, length)) => (days, date_time_gap(bytes, length)?),
        None => (base_ms.div_euclid(DAY_MS), 0),
    };
    if let Some((time_ms, length)) = time_of_day(bytes.get(after_date..)?) {
        return Some((days * DAY_MS + time_ms, after_date + length));
    }
    epoch_ms(bytes)
}

fn epoch_ms(bytes: &[u8]) -> Option<(i64, usize)> {
    let length = bytes
        .iter()
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    let separated = bytes
        .get(length)
        .is_none_or(|byte| matches!(byte, b' ' | b'\t' | b']'));
    (length == 13 && separated)
        .then(|| number(bytes, 0, 13))
        .flatten()
        .map(|ms| (ms, 13))
}

/// One blank or a `T` between date and time.
fn date_time_gap(bytes: &[u8], at: usize) -> Option<usize> {
    matches!(bytes.get(at)?, b' ' | b'T' | b'_' | b':').then_some(at + 1)
}

/// Days since 1970 and length of `2026-11-22`, `2026/11/22`, `26/11/22`, `22 Nov 2026`, `22-Nov-2026`, `20261122`.
fn date(bytes: &[u8]) -> Option<(i64, usize)> {
    let separator = *bytes.get(4)?;
    if matches!(separator, b'-' | b'/' | b'.') && bytes.get(7) == Some(&separator) {
        return Some((
            days(
                number(bytes, 0, 4)?,
                number(bytes, 5, 2)?,
                number(bytes, 8, 2)?,
            )?,
            10,
        ));
    }
    if bytes.get(2) == Some(&b'/') && bytes.get(5) == Some(&b'/') {
        return Some((
            days(
                2000 + number(bytes, 0, 2)?,
                number(bytes, 3, 2)?,
                number(bytes, 6, 2)?,
            )?,
            8,
        ));
    }
    let gap = *bytes.get(2)?;
    if matches!(gap, b' ' | b'-' | b'/') && bytes.get(6) == Some(&gap) {
        let month = month(bytes.get(3..6)?)?;
        return Some((days(number(bytes, 7, 4)?, month, number(bytes, 0, 2)?)?, 11));
    }
    None
}

/// Reads `Nov 22 21:34:00` at the start of a line, in the year in which it lies nearest to `base_ms`; returns it and the
/// number of bytes it takes. Without a base there is no year, and so no time.
pub(super) fn without_year(bytes: &[u8], base_ms: i64) -> Option<(Option<i64>, usize)> {
    const LENGTH: usize = 15;
    let month = month(bytes.get(..3)?)?;
    if bytes.get(3) != Some(&b' ') || bytes.get(6) != Some(&b' ') {
        return None;
    }
    let day = match bytes.get(4)? {
        b' ' => number(bytes, 5, 1)?,
        _ => number(bytes, 4, 2)?,
    };
    let (time_ms, _) = time_of_day(bytes.get(7..LENGTH)?)?;
    if base_ms == 0 {
        return Some((None, LENGTH));
    }
    let base_year = year_of(base_ms);
    let in_year = |year| Some(days(year, month, day)? * DAY_MS + time_ms);
    let nearest = (base_year - 1..=base_year + 1)
        .filter_map(in_year)
        .min_by_key(|at_ms| (at_ms - base_ms).abs());
    Some((nearest, LENGTH))
}

/// The year within which a moment lies, give or take a day around its ends.
fn year_of(at_ms: i64) -> i64 {
    const MEAN_YEAR_MS: i64 = 31_556_952_000;
    1970 + at_ms.div_euclid(MEAN_YEAR_MS)
}

/// Number of a month by its first three letters.
fn month(name: &[u8]) -> Option<i64> {
    let index = MONTHS.iter().position(|month| month.as_bytes() == name)?;
    i64::try_from(index + 1).ok()
}

/// Milliseconds since midnight (minus the offset, if there is one) and length of `21:34:00[.,]123Z`.
pub(super) fn time_of_day(bytes: &[u8]) -> Option<(i64, usize)> {
    if bytes.get(2) != Some(&b':') || bytes.get(5) != Some(&b':') {
        return None;
    }
    let (hour, minute, second) = (
        number(bytes, 0, 2)?,
        number(bytes, 3, 2)?,
        number(bytes, 6, 2)?,
    );
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let mut ms = (hour * 3_600 + minute * 60 + second) * 1_000;
    let mut length = 8;
    if matches!(bytes.get(8), Some(b'.' | b',' | b':')) {
        let digits = bytes[9..]
            .iter()
            .take_while(|byte| byte.is_ascii_digit())
            .count();
        if digits > 0 {
            ms += fraction_ms(&bytes[9..9 + digits.min(9)]);
            length = 9 + digits;
        }
    }
    let (offset_ms, offset_length) = offset(&bytes[length..]);
    Some((ms - offset_ms, length + offset_length))
}

fn fraction_ms(digits: &[u8]) -> i64 {
    let mut ms = 0;
    for index in 0..3 {
        ms = ms * 10 + digits.get(index).map_or(0, |digit| i64::from(digit - b'0'));
    }
    ms
}

fn offset(bytes: &[u8]) -> (i64, usize) {
    let sign = match bytes.first() {
        Some(b'Z') => return (0, 1),
        Some(b'+') => 1,
        Some(b'-') => -1,
        _ => return (0, 0),
    };
    let colon = usize::from(bytes.get(3) == Some(&b':'));
    match (number(bytes, 1, 2), number(bytes, 3 + colon, 2)) {
        (Some(hours), Some(minutes)) => (sign * (hours * 60 + minutes) * 60_000, 5 + colon),
        _ => (0, 0),
    }
}

fn number(bytes: &[u8], at: usize, length: usize) -> Option<i64> {
    let digits = bytes.get(at..at + length)?;
    let mut value = 0_i64;
    for digit in digits {
        if !digit.is_ascii_digit() {
            return None;
        }
        value = value * 10 + i64::from(digit - b'0');
    }
    Some(value)
}

/// Days since 1970-01-01 of a day of the Gregorian calendar.
pub(super) fn days(year: i64, month: i64, day: i64) -> Option<i64> {
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let shifted_year = if month <= 2 { year - 1 } else { year };
    let era = shifted_year.div_euclid(400);
    let year_of_era = shifted_year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    Some(era * 146_097 + day_of_era - 719_468)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_formats_name_the_same_moment() {
        let at = 1_795_383_240_123;
        for text in [
            "2026-11-22 21:34:00,123 INFO",
            "2026-11-22T21:34:00.123Z",
            "2026-11-22T21:34:00.123456789Z",
            "2026-11-22T22:34:00.123+01:00",
            "2026-11-22T22:34:00.123+0100",
            "2026/11/22 21:34:00.123",
            "26/11/22 21:34:00,123",
            "22 Nov 2026 21:34:00,123",
            "22-Nov-2026 21:34:00.123",
            "21:34:00.123 [main]",
            "1795383240123 INFO",
        ] {
            assert_eq!(leading(text, at).map(|found| found.0), Some(at), "{text}");
        }
    }

    #[test]
    fn a_line_without_a_year_was_written_in_the_nearest_one() {
        let new_year = days(2027, 1, 1).unwrap() * DAY_MS;
        let read = |text: &str, base_ms| without_year(text.as_bytes(), base_ms).map(|read| read.0);
        let (before, after) = ("Dec 31 23:59:58 h", "Jan  1 00:00:02 h");
        for base_ms in [new_year - 5_000, new_year + 5_000] {
            assert_eq!(read(before, base_ms), Some(Some(new_year - 2_000)));
            assert_eq!(read(after, base_ms), Some(Some(new_year + 2_000)));
        }
        assert_eq!(read(after, 0), Some(None), "nobody knows when");
        assert_eq!(read("January 1 00:00:02", new_year), None);
    }

    #[test]
    fn other_numbers_are_no_times() {
        for text in [
            "12 records",
            "127.0.0.1:80",
            "2026",
            "99:99:99",
            "",
            "2026-13-01 00:00:00",
        ] {
            assert_eq!(leading(text, 0), None, "{text}");
        }
    }
}
