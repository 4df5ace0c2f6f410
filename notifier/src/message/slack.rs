//! Slack's Block Kit: blocks within Slack's limits, text that cannot become mark-up.
//!
//! Limits: 50 blocks, 150 characters in a header, 3,000 in a section, 75 in a button, 3,000 in its address,
//! 10 elements in a context.

use serde_json::{Value, json};

use crate::message::words::clip;
use crate::message::{Button, Message, Section, Span, Tone};

const HEADER_LIMIT: usize = 150;
const SECTION_LIMIT: usize = 3000;
const BUTTON_LIMIT: usize = 75;
const URL_LIMIT: usize = 3000;
const CONTEXT_LIMIT: usize = 2000;
/// Slack allows more; nobody reads more.
const FALLBACK_LIMIT: usize = 1500;
const BLOCKS_LIMIT: usize = 50;

/// The message as Slack takes it: `text` for notifications, `blocks` for the channel.
#[must_use]
pub fn payload(message: &Message, possible_repeat: bool, buttons: Buttons) -> Value {
    let text = escape(&clip(&message.lock_screen, FALLBACK_LIMIT));
    json!({ "text": text, "blocks": blocks(message, possible_repeat, buttons) })
}

/// What Slack's buttons do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Buttons {
    /// All lead to the page.
    Links,
    /// What can be done at once is told to us by Slack.
    Pressed,
}

fn blocks(message: &Message, possible_repeat: bool, buttons: Buttons) -> Vec<Value> {
    let headline = format!("{} {}", symbol(message.tone), message.headline);
    let mut blocks = vec![json!({
        "type": "header",
        // Plain text is not parsed for mark-up.
        "text": { "type": "plain_text", "text": clip(&headline, HEADER_LIMIT), "emoji": true },
    })];
    blocks.extend(message.sections.iter().flat_map(section));
    if !message.buttons.is_empty() {
        let elements = message.buttons.iter().take(5);
        let elements: Vec<Value> = elements.map(|shown| button(shown, buttons)).collect();
        blocks.push(json!({ "type": "actions", "elements": elements }));
    }
    let small_print = small_print(message, possible_repeat);
    if !small_print.is_empty() {
        let element = json!({ "type": "mrkdwn", "text": small_print });
        blocks.push(json!({ "type": "context", "elements": [element] }));
    }
    blocks.truncate(BLOCKS_LIMIT);
    blocks
}

fn small_print(message: &Message, possible_repeat: bool) -> String {
    let repeat = possible_repeat.then_some("may be a repeat: it was interrupted while it was sent");
    let parts = message.small_print.iter().map(String::as_str).chain(repeat);
    let text = parts.collect::<Vec<_>>().join(" · ");
    fit(&escape(&text), CONTEXT_LIMIT)
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

/// One block, or more where the text is longer than a block may be: cut between lines, never inside mark-up.
fn section(section: &Section) -> Vec<Value> {
    let lines = section.lines.iter().map(|line| spans(line));
    let items = section
        .items
        .iter()
        .map(|item| format!("• {}", spans(item)));
    let after = section.after.iter().map(|line| spans(line));
    let mut texts: Vec<String> = Vec::new();
    for line in lines.chain(items).chain(after) {
        let line = fit(&line, SECTION_LIMIT);
        match texts.last_mut() {
            Some(text) if text.chars().count() + 1 + line.chars().count() <= SECTION_LIMIT => {
                text.push('\n');
                text.push_str(&line);
            }
            _ => texts.push(line),
        }
    }
    let filled = texts.into_iter().filter(|text| !text.is_empty());
    filled
        .map(|text| json!({ "type": "section", "text": { "type": "mrkdwn", "text": text } }))
        .collect()
}

fn spans(spans: &[Span]) -> String {
    spans.iter().map(span).collect()
}

fn span(span: &Span) -> String {
    match span {
        Span::Plain(text) => escape(text),
        // Mark-up must not span lines, and its own sign inside would end it.
        Span::Bold(text) => wrapped("*", &escape(&one_line(text))),
        // Copied from the message, it must be exact: only what Slack itself decodes is changed.
        Span::Code(text) => wrapped("`", &entities(&one_line(text)).replace('`', "ˋ")),
    }
}

fn wrapped(sign: &str, text: &str) -> String {
    let text = text.trim();
    if text.is_empty() {
        String::new()
    } else {
        format!("{sign}{text}{sign}")
    }
}

fn one_line(text: &str) -> String {
    text.replace(['\n', '\r'], " ")
}

/// `&`, `<` and `>` as Slack asks for, and signs of mark-up broken where they could begin any, so that a job's name can
/// neither mention a channel, nor make a link, nor become bold.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    let mut inside_word = false;
    for letter in entities(text).chars() {
        out.push(letter);
        let begins = matches!(letter, '*' | '_' | '~') && !inside_word;
        if begins || letter == '`' {
            // A zero-width space behind it keeps the sign readable and idle.
            out.push('\u{200b}');
        }
        inside_word = letter.is_alphanumeric();
    }
    out
}

fn entities(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

/// Cuts between entities: `&amp;` is whole or not there.
fn fit(text: &str, limit: usize) -> String {
    if text.chars().count() <= limit {
        return text.to_owned();
    }
    let mut cut: String = text.chars().take(limit - 1).collect();
    if let Some(entity) = cut.rfind('&').filter(|at| !cut[*at..].contains(';')) {
        cut.truncate(entity);
    }
    cut.push('…');
    cut
}

fn button(button: &Button, buttons: Buttons) -> Value {
    let text = json!({ "type": "plain_text", "text": clip(&button.label, BUTTON_LIMIT) });
    let mut element = json!({ "type": "button", "text": text });
    match (&button.press, buttons) {
        (Some(press), Buttons::Pressed) => {
            element["action_id"] = json!(press.deed.as_str());
            element["value"] = json!(press.finding_id);
        }
        _ => {
            let url: String = button.url.chars().take(URL_LIMIT).collect();
            element["url"] = json!(url);
        }
    }
    if button.primary {
        element["style"] = json!("primary");
    }
    element
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::{bold, code, plain};

    fn message(sections: Vec<Section>, headline: &str) -> Message {
        Message {
            tone: Tone::Critical,
            headline: headline.into(),
            lock_screen: headline.into(),
            sections,
            buttons: Vec::new(),
            small_print: vec!["SW1101 slow-sink".into()],
            chart: None,
        }
    }

    fn line(spans: Vec<Span>) -> Vec<Section> {
        vec![Section::lines(vec![spans])]
    }

    #[test]
    fn a_name_can_neither_mention_a_channel_nor_become_mark_up() {
        let evil = "<!channel> *x* `y` <http://evil|click> &amp;";
        let payload = payload(
            &message(line(vec![plain(evil), bold(evil)]), evil),
            false,
            Buttons::Links,
        );
        let section = payload["blocks"][1]["text"]["text"].as_str().unwrap();
        assert!(
            !section.contains('<') && !section.contains("*x*"),
            "{section}"
        );
        assert!(section.contains("&lt;!channel&gt;"), "{section}");
        assert_eq!(span(&code("a`b<c")), "`aˋb&lt;c`");
        assert!(section.contains("&amp;amp;"), "{section}");
        let text = payload["text"].as_str().unwrap();
        assert!(!text.contains('<'), "{text}");
    }

    #[test]
    fn long_texts_stay_within_slacks_limits() {
        let long = "&".repeat(5000);
        let payload = payload(
            &message(line(vec![plain(long.clone()), bold(long.clone())]), &long),
            false,
            Buttons::Links,
        );
        for block in payload["blocks"].as_array().unwrap() {
            let limit = if block["type"] == "header" {
                HEADER_LIMIT
            } else {
                SECTION_LIMIT
            };
            if let Some(text) = block["text"]["text"].as_str() {
                assert!(text.chars().count() <= limit);
                assert!(!text.trim_end_matches('…').ends_with("&am"));
            }
        }
    }

    #[test]
    fn a_possible_repeat_says_so() {
        let payload = payload(&message(line(vec![plain("x")]), "h"), true, Buttons::Links);
        let text = payload["blocks"][2]["elements"][0]["text"]
            .as_str()
            .unwrap();
        assert!(text.contains("may be a repeat"), "{text}");
    }
}
