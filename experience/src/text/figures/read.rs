//! Words and figures of a line. What holds a digit but is no figure (an id, a time, a port, an address) is neither.

/// A figure with the unit that makes it one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Figure {
    /// With `K`, `M`, `G`, `T` multiplied out.
    pub(super) value: f64,
    pub(super) percent: bool,
    /// Of a metric in milliseconds of each second.
    pub(super) of_second: bool,
    /// How long something took: only how it goes on is telling.
    pub(super) duration: bool,
}

/// A piece of a line.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token<'t> {
    Word(&'t str),
    Figure(Figure),
    /// The end of a clause.
    End,
}

/// Units behind a figure and what they multiply it with.
const UNITS: &[(&str, f64)] = &[
    ("", 1.0),
    ("%", 1.0),
    ("k", 1e3),
    ("K", 1e3),
    ("M", 1e6),
    ("m", 1.0),
    ("G", 1e9),
    ("T", 1e12),
    ("B", 1.0),
    ("b", 1.0),
    ("KB", 1e3),
    ("kB", 1e3),
    ("MB", 1e6),
    ("GB", 1e9),
    ("TB", 1e12),
    ("KiB", 1e3),
    ("MiB", 1e6),
    ("GiB", 1e9),
    ("TiB", 1e12),
    ("Ki", 1e3),
    ("Mi", 1e6),
    ("Gi", 1e9),
    ("ms", 1.0),
    ("s", 1.0),
    ("min", 1.0),
    ("h", 1.0),
    ("d", 1.0),
    ("x", 1.0),
    ("/s", 1.0),
    ("k/s", 1e3),
    ("M/s", 1e6),
    ("MB/s", 1e6),
    ("/min", 1.0),
];

/// Units of time.
const DURATIONS: &[&str] = &["ms", "s", "min", "h", "d"];

/// Longest figure: `-9223372036854775808`, with commas.
const LONGEST_FIGURE_BYTES: usize = 30;

/// The pieces of a line.
pub(super) fn tokens(line: &str) -> Vec<Token<'_>> {
    let separates = |letter: char| {
        letter.is_whitespace()
            || matches!(
                letter,
                '=' | '('
                    | ')'
                    | '['
                    | ']'
                    | '{'
                    | '}'
                    | '<'
                    | '>'
                    | '"'
                    | '\''
                    | '`'
                    | '|'
                    | ';'
                    | '→'
                    | '~'
            )
    };
    let mut found: Vec<Token<'_>> = Vec::new();
    let mut rest = line;
    let mut last_word = "";
    while !rest.is_empty() {
        let end = rest.find(separates).unwrap_or(rest.len());
        let piece = &rest[..end];
        let next = rest[end..].chars().next();
        // A key of its own, as the subtask in `3=9844` or `3: 9844`, is no figure.
        let is_key = next == Some('=') || piece.ends_with(':');
        take_piece(piece, is_key, &mut last_word, &mut found);
        if matches!(next, Some(';' | '|')) {
            found.push(Token::End);
        }
        rest = &rest[end + next.map_or(0, char::len_utf8)..];
    }
    found
}

fn take_piece<'t>(
    piece: &'t str,
    is_key: bool,
    last_word: &mut &'t str,
    found: &mut Vec<Token<'t>>,
) {
    let core = piece.trim_end_matches([',', '.', ':', '!', '?']);
    if core.is_empty() {
        return;
    }
    if !core.bytes().any(|byte| byte.is_ascii_digit()) {
        unit_or_word(core, last_word, found);
        return;
    }
    if is_key && number(core).is_some() {
        return;
    }
    // `busy:100%`
    let (word, value) = match core.split_once(':') {
        Some((word, value))
            if word
                .bytes()
                .all(|byte| byte.is_ascii_alphabetic() || byte == b'_') =>
        {
            (word, value)
        }
        _ => ("", core),
    };
    // `12,20,31` is a list, `1,204,118` one figure.
    let parts: Vec<Option<Figure>> = match number(value) {
        Some(figure) => vec![Some(figure)],
        None => value.split(',').map(number).collect(),
    };
    if parts.iter().any(Option::is_none) {
        return;
    }
    if !word.is_empty() {
        *last_word = word;
        found.push(Token::Word(word));
    }
    let of_second = last_word.contains("MsPerSecond") || last_word.contains("msPerSecond");
    found.extend(parts.into_iter().flatten().map(|figure| {
        Token::Figure(Figure {
            of_second,
            ..figure
        })
    }));
}

/// A unit that stands apart belongs to the figure before it.
fn unit_or_word<'t>(core: &'t str, last_word: &mut &'t str, found: &mut Vec<Token<'t>>) {
    if let Some(Token::Figure(figure)) = found.last_mut() {
        if matches!(core, "%" | "percent" | "pct") {
            figure.percent = true;
            return;
        }
        if let Some((_, times)) = UNITS.iter().find(|(unit, _)| *unit == core) {
            figure.value *= times;
            figure.duration |= DURATIONS.contains(&core);
            return;
        }
    }
    if core.bytes().any(|byte| byte.is_ascii_alphabetic()) {
        *last_word = core;
        found.push(Token::Word(core));
    }
}

/// A figure and nothing else: `-12`, `1,204,118`, `41.2GB`, `+15800/s`, `98%`.
fn number(text: &str) -> Option<Figure> {
    if text.len() > LONGEST_FIGURE_BYTES {
        return None;
    }
    let unsigned = text.trim_start_matches(['+', '-']);
    let digits = unsigned
        .find(|letter: char| !(letter.is_ascii_digit() || matches!(letter, '.' | ',')))
        .unwrap_or(unsigned.len());
    let (figure, unit) = unsigned.split_at(digits);
    let (_, times) = UNITS.iter().find(|(known, _)| *known == unit)?;
    let grouped = figure.split(',').skip(1).all(|group| {
        group
            .split('.')
            .next()
            .is_some_and(|group| group.len() == 3)
    });
    if !grouped || figure.is_empty() {
        return None;
    }
    let value: f64 = figure.replace(',', "").parse().ok()?;
    let sign = if text.starts_with('-') { -1.0 } else { 1.0 };
    Some(Figure {
        value: sign * value * times,
        percent: unit == "%",
        of_second: false,
        duration: DURATIONS.contains(&unit),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(line: &str) -> Vec<f64> {
        let figures = tokens(line).into_iter().filter_map(|token| match token {
            Token::Figure(figure) => Some(figure.value),
            _ => None,
        });
        figures.collect()
    }

    #[test]
    fn figures_are_read_with_their_units() {
        assert_eq!(values("lag=+15800/s of 1,204,118"), [15800.0, 1_204_118.0]);
        assert_eq!(values("41.2 GB, 310 M keys"), [41.2e9, 310e6]);
        assert_eq!(values("12,20,31"), [12.0, 20.0, 31.0]);
        assert_eq!(values("0=118 1=121"), [118.0, 121.0]);
        assert_eq!(
            values("watermark=-9223372036854775808"),
            [-9_223_372_036_854_775_808.0]
        );
    }

    #[test]
    fn percent_is_seen_behind_the_figure_and_as_a_word() {
        for line in ["98%", "98 %", "98 percent", "busy:98%"] {
            let found = tokens(line)
                .into_iter()
                .any(|token| matches!(token, Token::Figure(figure) if figure.percent));
            assert!(found, "{line}");
        }
    }
}
