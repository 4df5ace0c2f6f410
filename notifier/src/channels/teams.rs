//! Microsoft Teams: an adaptive card to a workflow's address.

use std::time::Duration;

use futures::future::BoxFuture;
use reqwest::header::HeaderMap;
use serde_json::{Value, json};

use crate::channels::http::{Client, accepted};
use crate::channels::{Channel, Delivery, Receipt, SendError};
use crate::message::words::clip;
use crate::message::{Message, Span};

/// Teams throttles at four requests a second.
const PAUSE: Duration = Duration::from_millis(300);
/// A card with everything around it stays below Teams' 28 KB.
const TEXT_LIMIT: usize = 2000;

/// Microsoft Teams.
pub struct Teams {
    client: Client,
}

impl Teams {
    pub(super) fn new(client: Client) -> Self {
        Self { client }
    }
}

fn card(message: &Message, possible_repeat: bool) -> Value {
    let mut body = vec![json!({
        "type": "TextBlock", "size": "large", "weight": "bolder", "wrap": true,
        "text": escape(&clip(&message.headline, 200)),
    })];
    for section in &message.sections {
        let items = section
            .items
            .iter()
            .map(|item| format!("- {}", spans(item)));
        let lines = section.lines.iter().map(|line| spans(line)).chain(items);
        let lines = lines.chain(section.after.iter().map(|line| spans(line)));
        let text = lines.collect::<Vec<_>>().join("\n\n");
        body.push(json!({ "type": "TextBlock", "wrap": true, "text": clip(&text, TEXT_LIMIT) }));
    }
    let repeat = possible_repeat.then_some("may be a repeat: it was interrupted while it was sent");
    let small: Vec<&str> = message
        .small_print
        .iter()
        .map(String::as_str)
        .chain(repeat)
        .collect();
    body.push(json!({
        "type": "TextBlock", "isSubtle": true, "size": "small", "wrap": true,
        "text": escape(&small.join(" · ")),
    }));
    let action = |button: &crate::message::Button| json!({ "type": "Action.OpenUrl", "title": button.label, "url": button.url });
    let actions: Vec<Value> = message.buttons.iter().map(action).collect();
    let content = json!({
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard", "version": "1.4", "body": body, "actions": actions,
    });
    let attachment =
        json!({ "contentType": "application/vnd.microsoft.card.adaptive", "content": content });
    json!({ "type": "message", "attachments": [attachment] })
}

fn spans(spans: &[Span]) -> String {
    let show = |span: &Span| match span {
        Span::Plain(text) | Span::Code(text) => escape(text),
        Span::Bold(text) if text.trim().is_empty() => String::new(),
        Span::Bold(text) => format!("**{}**", escape(text.trim())),
    };
    spans.iter().map(show).collect()
}

/// A card's text is a kind of Markdown; what comes from outside must not be.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for letter in text.chars() {
        if matches!(letter, '\\' | '*' | '_' | '[' | ']' | '`' | '#' | '<' | '>') {
            out.push('\\');
        }
        out.push(letter);
    }
    out.replace(['\n', '\r'], " ")
}

impl Channel for Teams {
    fn kind(&self) -> &'static str {
        "teams"
    }

    fn target(&self) -> String {
        self.client.shown()
    }

    fn pause(&self) -> Duration {
        PAUSE
    }

    fn send<'a>(&'a self, delivery: &'a Delivery<'a>) -> BoxFuture<'a, Result<Receipt, SendError>> {
        Box::pin(async move {
            let body = card(&delivery.intent.message, delivery.possible_repeat).to_string();
            let url = self.client.url();
            accepted(
                self.client
                    .post(url, HeaderMap::new(), body.into_bytes())
                    .await?,
            )?;
            Ok(Receipt::default())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_become_a_link() {
        assert_eq!(
            escape("[x](http://evil)\n*b*"),
            "\\[x\\](http://evil) \\*b\\*"
        );
    }
}
