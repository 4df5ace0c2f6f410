//! The message as text for a terminal: as Slack would show it.

use std::fmt::Write;

use crate::message::{Message, Section, Span, Tone};

/// Width of the rule above and below.
const WIDTH: usize = 78;

/// Shown with colours and weights, or without.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// ANSI sequences, for a terminal.
    Ansi,
    /// None, for a file or a pipe.
    Bare,
}

/// The message as lines of text, with a line end after each.
#[must_use]
pub fn render(message: &Message, clock: &str, style: Style, possible_repeat: bool) -> String {
    let mut out = String::new();
    let rule = "─".repeat(WIDTH);
    let _ = writeln!(out, "{}", dim(&rule, style));
    let title = format!("{} {}", symbol(message.tone), clean(&message.headline));
    let colour = colour(message.tone);
    let _ = writeln!(
        out,
        "{}  {}",
        paint(&title, colour, style),
        dim(clock, style)
    );
    for section in &message.sections {
        section_lines(&mut out, section, style);
    }
    // One link is enough where nothing can be pressed.
    for button in message.buttons.iter().take(1) {
        let _ = writeln!(
            out,
            "  {}",
            dim(&format!("{}: {}", button.label, clean(&button.url)), style)
        );
    }
    let repeat = possible_repeat.then_some("may be a repeat: it was interrupted while it was sent");
    let small: Vec<_> = message
        .small_print
        .iter()
        .map(String::as_str)
        .chain(repeat)
        .collect();
    if !small.is_empty() {
        let _ = writeln!(out, "  {}", dim(&clean(&small.join(" · ")), style));
    }
    let _ = writeln!(out, "{}", dim(&rule, style));
    out
}

fn section_lines(out: &mut String, section: &Section, style: Style) {
    for line in &section.lines {
        let _ = writeln!(out, "  {}", spans(line, style));
    }
    for item in &section.items {
        let _ = writeln!(out, "   • {}", spans(item, style));
    }
    for line in &section.after {
        let _ = writeln!(out, "  {}", spans(line, style));
    }
}

fn spans(spans: &[Span], style: Style) -> String {
    let show = |span: &Span| match span {
        Span::Plain(text) => clean(text),
        Span::Bold(text) => paint(&clean(text), "1", style),
        Span::Code(text) if style == Style::Bare => format!("`{}`", clean(text)),
        Span::Code(text) => paint(&clean(text), "36", style),
    };
    spans.iter().map(show).collect()
}

/// A name from outside must not move the cursor or change colours.
fn clean(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}

fn symbol(tone: Tone) -> &'static str {
    match tone {
        Tone::Critical => "🔴",
        Tone::Warning => "🟠",
        Tone::Advice => "🔵",
        Tone::Resolved => "✅",
        Tone::Test => "🔔",
    }
}

fn colour(tone: Tone) -> &'static str {
    match tone {
        Tone::Critical => "1;31",
        Tone::Warning => "1;33",
        Tone::Advice | Tone::Test => "1;36",
        Tone::Resolved => "1",
    }
}

fn paint(text: &str, code: &str, style: Style) -> String {
    match style {
        Style::Ansi => format!("\u{1b}[{code}m{text}\u{1b}[0m"),
        Style::Bare => text.to_owned(),
    }
}

fn dim(text: &str, style: Style) -> String {
    paint(text, "2", style)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::{bold, plain};

    #[test]
    fn a_name_cannot_move_the_cursor() {
        let message = Message {
            tone: Tone::Warning,
            headline: "a\u{1b}[2Jb".into(),
            lock_screen: String::new(),
            sections: vec![Section::lines(vec![vec![plain("x\u{7}"), bold("\r\ny")]])],
            buttons: Vec::new(),
            small_print: vec!["z\u{1b}c".into()],
            chart: None,
        };
        let text = render(&message, "02:47", Style::Bare, false);
        assert!(!text.contains(['\u{1b}', '\u{7}', '\r']), "{text:?}");
    }
}
