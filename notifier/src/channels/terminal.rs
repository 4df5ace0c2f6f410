//! Standard output: the message as Slack would show it.

use std::io::{IsTerminal, Write};
use std::sync::{Mutex, PoisonError};

use futures::future::BoxFuture;

use crate::channels::{Channel, Delivery, Receipt, SendError};
use crate::message::text::{Style, render};
use crate::message::words::clock;

/// A terminal, or whatever takes text.
pub struct Terminal {
    out: Mutex<Box<dyn Write + Send>>,
    style: Style,
}

impl Terminal {
    /// Standard output; with colours if it is a terminal.
    #[must_use]
    pub fn standard_output() -> Self {
        let style = if std::io::stdout().is_terminal() {
            Style::Ansi
        } else {
            Style::Bare
        };
        Self::new(Box::new(std::io::stdout()), style)
    }

    /// Whatever takes text.
    #[must_use]
    pub fn new(out: Box<dyn Write + Send>, style: Style) -> Self {
        Self {
            out: Mutex::new(out),
            style,
        }
    }

    fn print(&self, text: &str) -> std::io::Result<()> {
        let mut out = self.out.lock().unwrap_or_else(PoisonError::into_inner);
        out.write_all(text.as_bytes())?;
        out.flush()
    }
}

impl Channel for Terminal {
    fn kind(&self) -> &'static str {
        "terminal"
    }

    fn target(&self) -> String {
        "standard output".to_owned()
    }

    fn send<'a>(&'a self, delivery: &'a Delivery<'a>) -> BoxFuture<'a, Result<Receipt, SendError>> {
        Box::pin(async move {
            let intent = delivery.intent;
            let at = format!("{} UTC", clock(intent.at_ms));
            let text = render(&intent.message, &at, self.style, delivery.possible_repeat);
            // A closed pipe stays closed: nobody reads it any more.
            let printed = self.print(&text);
            printed.map_err(|error| SendError::never(format!("standard output: {error}")))?;
            Ok(Receipt::default())
        })
    }
}
