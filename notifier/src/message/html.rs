//! The message as HTML for mail programs: what came from outside is escaped, styles stand on the elements.

use crate::message::{Message, Section, Span, Tone};

const BODY: &str = "margin:0;padding:16px;background:#f4f5f6;color:#14181c;\
                    font:15px/22px -apple-system,'Segoe UI',Inter,Arial,sans-serif";
const CARD: &str = "max-width:560px;margin:0 auto;padding:20px 24px;background:#ffffff;\
                    border:1px solid #dbdfe3;border-radius:8px";
const CODE: &str = "font:13px Menlo,Consolas,monospace;background:#eceff1;padding:1px 4px";
const SMALL: &str = "color:#5a646e;font-size:12.5px;line-height:18px;margin:16px 0 0";

/// A whole document. `picture` is the address of the chart.
#[must_use]
pub fn render(message: &Message, at: &str, picture: Option<&str>, possible_repeat: bool) -> String {
    let mut body = format!(
        "<h1 style=\"font-size:20px;line-height:28px;margin:0 0 12px;color:{}\">{}</h1>",
        colour(message.tone),
        escape(&message.headline)
    );
    for (at, part) in message.sections.iter().enumerate() {
        body.push_str(&section(part));
        if at == 0 {
            body.push_str(&chart(message, picture));
        }
    }
    let links = message.buttons.iter().map(|button| {
        let style = if button.primary {
            "background:#0b6670;color:#ffffff"
        } else {
            "border:1px solid #7f8993;color:#0b6670"
        };
        format!(
            "<a style=\"display:inline-block;padding:8px 14px;margin:4px 8px 4px 0;border-radius:6px;\
             text-decoration:none;{style}\" href=\"{}\">{}</a>",
            escape(&button.url),
            escape(&button.label)
        )
    });
    let links: String = links.collect();
    let repeat = possible_repeat.then_some("may be a repeat: it was interrupted while it was sent");
    let small = message.small_print.iter().map(String::as_str).chain(repeat);
    let said = format!("said at {at}");
    let small: Vec<String> = small.chain([said.as_str()]).map(escape).collect();
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>{}</title></head>\
         <body style=\"{BODY}\"><div style=\"{CARD}\">{body}<p style=\"margin:16px 0 0\">{links}</p>\
         <p style=\"{SMALL}\">{}</p></div></body></html>",
        escape(&message.headline),
        small.join(" · ")
    )
}

fn chart(message: &Message, picture: Option<&str>) -> String {
    let (Some(chart), Some(source)) = (&message.chart, picture) else {
        return String::new();
    };
    let words = escape(&chart.words());
    format!(
        "<p style=\"margin:12px 0 0\"><img src=\"{}\" width=\"520\" height=\"120\" alt=\"{words}\" \
         style=\"max-width:100%;height:auto\"><br><span style=\"color:#5a646e;font-size:12.5px\">{words}</span></p>",
        escape(source)
    )
}

fn section(section: &Section) -> String {
    let lines = |lines: &[Vec<Span>]| -> String {
        let shown = lines.iter().map(|line| spans(line));
        shown
            .map(|line| format!("<p style=\"margin:8px 0 0\">{line}</p>"))
            .collect()
    };
    let items: String = section
        .items
        .iter()
        .map(|item| format!("<li>{}</li>", spans(item)))
        .collect();
    let list = if items.is_empty() {
        String::new()
    } else {
        format!("<ul style=\"margin:4px 0 0;padding-left:20px\">{items}</ul>")
    };
    format!(
        "<div style=\"margin:12px 0 0\">{}{list}{}</div>",
        lines(&section.lines),
        lines(&section.after)
    )
}

fn spans(spans: &[Span]) -> String {
    let show = |span: &Span| match span {
        Span::Plain(text) => escape(text),
        Span::Bold(text) => format!("<strong>{}</strong>", escape(text)),
        Span::Code(text) => format!("<code style=\"{CODE}\">{}</code>", escape(text)),
    };
    spans.iter().map(show).collect()
}

fn colour(tone: Tone) -> &'static str {
    match tone {
        Tone::Critical => "#b3261e",
        Tone::Warning => "#825000",
        Tone::Advice | Tone::Resolved | Tone::Test => "#14181c",
    }
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            letter => out.push(letter),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::{Button, bold, code, plain};

    #[test]
    fn a_name_cannot_become_an_element_or_an_attribute() {
        let evil = "\"><script>alert('x')</script>&";
        let message = Message {
            tone: Tone::Warning,
            headline: evil.into(),
            lock_screen: String::new(),
            sections: vec![Section::lines(vec![vec![
                plain(evil),
                bold(evil),
                code(evil),
            ]])],
            buttons: vec![Button::link(evil, evil, true)],
            small_print: vec![evil.into()],
            chart: None,
        };
        let html = render(&message, "02:47 UTC", None, false);
        assert!(
            !html.contains("<script") && !html.contains("href=\"\">"),
            "{html}"
        );
        assert_eq!(html.matches("&lt;script&gt;").count(), 8, "{html}");
    }
}
