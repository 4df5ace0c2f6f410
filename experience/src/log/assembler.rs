//! Puts the lines of one process together into events.

use std::borrow::Cow;

use streamwarden_proto::v1::{LogEvent, LogLevel};

use super::header::{self, Header};
use super::json::{self, JsonEvent};
use super::trace::{self, TraceBuilder, TraceLine};
use super::{MAX_TEXT_BYTES, ParserOptions, append_line, cut};
use crate::redact::redact;
use crate::template::TemplateCoder;

/// Text lines after this many belong to no event: a dump, not a message.
const MAX_CONTINUATIONS: usize = 200;

/// The events of one process that still grow.
#[derive(Debug, Default)]
pub(super) struct Assembler {
    current: Option<Pending>,
    /// An event whose stack trace was interrupted by another line; the rest may still come.
    interrupted: Option<Pending>,
    last_at_ms: Option<i64>,
}

#[derive(Debug)]
struct Pending {
    event: LogEvent,
    trace: TraceBuilder,
    /// The line had a header; bare text has none.
    headed: bool,
    /// A thread with its frames: not an exception, so its lines are text.
    dump: bool,
    continuations: usize,
}

impl Assembler {
    pub(super) fn line(
        &mut self,
        body: &str,
        prefix_at_ms: Option<i64>,
        line_number: u64,
        coder: &TemplateCoder,
        options: &ParserOptions,
        out: &mut Vec<LogEvent>,
    ) {
        let base_ms = self
            .last_at_ms
            .or(prefix_at_ms)
            .unwrap_or(options.default_at_ms);
        if body.starts_with('{')
            && let Some(event) = json::parse(body, base_ms)
        {
            self.start(
                Pending::from_json(&event, prefix_at_ms.unwrap_or(base_ms), line_number),
                coder,
                options,
                out,
            );
            return;
        }
        if let Some(header) = header::parse(body, base_ms) {
            self.last_at_ms = header.at_ms.or(self.last_at_ms);
            let at_ms = header.at_ms.or(prefix_at_ms).unwrap_or(base_ms);
            self.start(
                Pending::from_header(&header, at_ms, line_number),
                coder,
                options,
                out,
            );
            return;
        }
        self.continuation(
            body,
            prefix_at_ms.unwrap_or(base_ms),
            line_number,
            coder,
            options,
            out,
        );
    }

    fn start(
        &mut self,
        next: Pending,
        coder: &TemplateCoder,
        options: &ParserOptions,
        out: &mut Vec<LogEvent>,
    ) {
        let Some(before) = self.current.replace(next) else {
            return;
        };
        if before.trace.is_empty() {
            before.emit(coder, options, out);
            return;
        }
        if let Some(older) = self.interrupted.replace(before) {
            older.emit(coder, options, out);
        }
    }

    fn continuation(
        &mut self,
        body: &str,
        at_ms: i64,
        line_number: u64,
        coder: &TemplateCoder,
        options: &ParserOptions,
        out: &mut Vec<LogEvent>,
    ) {
        let kind = trace::classify(body);
        let within = matches!(
            kind,
            TraceLine::Frame(_) | TraceLine::More | TraceLine::Cause(_) | TraceLine::Suppressed(_)
        );
        if within && let Some(pending) = self.owner_of_trace_line() {
            pending.trace_line(kind, body);
            return;
        }
        match &mut self.current {
            Some(current) if current.takes(kind, body) => current.continue_with(kind, body),
            _ => self.start(
                Pending::bare(kind, body, at_ms, line_number),
                coder,
                options,
                out,
            ),
        }
    }

    /// Which event a frame or cause belongs to: the current one, unless that has no exception and an older one has.
    fn owner_of_trace_line(&mut self) -> Option<&mut Pending> {
        let current_fits = self.current.as_ref().is_some_and(Pending::may_have_trace);
        match (current_fits, &mut self.interrupted) {
            (false, Some(interrupted)) => Some(interrupted),
            _ => self.current.as_mut(),
        }
    }

    pub(super) fn flush(
        &mut self,
        coder: &TemplateCoder,
        options: &ParserOptions,
        out: &mut Vec<LogEvent>,
    ) {
        for pending in [self.interrupted.take(), self.current.take()]
            .into_iter()
            .flatten()
        {
            pending.emit(coder, options, out);
        }
    }
}

impl Pending {
    fn new(event: LogEvent, headed: bool) -> Self {
        Self {
            event,
            trace: TraceBuilder::default(),
            headed,
            dump: false,
            continuations: 0,
        }
    }

    fn from_header(header: &Header<'_>, at_ms: i64, line: u64) -> Self {
        let event = LogEvent {
            at_ms,
            level: header.level.into(),
            logger: header.logger.to_owned(),
            thread: cut(header.thread, 256).to_owned(),
            text: cut(header.message, MAX_TEXT_BYTES).to_owned(),
            line,
            ..LogEvent::default()
        };
        Self::new(event, true)
    }

    fn from_json(json: &JsonEvent, base_ms: i64, line: u64) -> Self {
        let event = LogEvent {
            at_ms: json.at_ms.unwrap_or(base_ms),
            level: json.level.into(),
            logger: cut(&json.logger, 256).to_owned(),
            thread: cut(&json.thread, 256).to_owned(),
            text: cut(&json.message, MAX_TEXT_BYTES).to_owned(),
            line,
            ..LogEvent::default()
        };
        let mut pending = Self::new(event, true);
        json.trace
            .lines()
            .for_each(|line| pending.trace.any_line(line));
        pending
    }

    fn bare(kind: TraceLine<'_>, body: &str, at_ms: i64, line: u64) -> Self {
        let mut pending = Self::new(
            LogEvent {
                at_ms,
                line,
                ..LogEvent::default()
            },
            false,
        );
        pending.dump = trace::is_thread(body);
        match kind {
            TraceLine::Text => cut(body, MAX_TEXT_BYTES)
                .trim_end()
                .clone_into(&mut pending.event.text),
            _ => pending.trace.line(kind, body),
        }
        pending
    }

    /// Whether a frame may follow: there is an exception, or the text names one, or it is bare text.
    fn may_have_trace(&self) -> bool {
        !self.trace.is_empty()
            || !self.headed
            || trace::exception_inside(&self.event.text).is_some()
    }

    /// Whether a line that starts no event by itself belongs to this one.
    fn takes(&self, kind: TraceLine<'_>, body: &str) -> bool {
        if self.headed {
            return self.continuations < MAX_CONTINUATIONS || !matches!(kind, TraceLine::Text);
        }
        if self.dump {
            return matches!(kind, TraceLine::Frame(_) | TraceLine::More)
                || kind == TraceLine::Text && trace::is_part_of_thread(body);
        }
        let new_trace = body.starts_with("Exception in thread");
        match kind {
            TraceLine::Head(_) => {
                // A second trace in a row is another event, unless it was quoted by the first one.
                !new_trace
                    && !self.trace.in_frames()
                    && (self.trace.is_empty() || self.event.text.is_empty())
            }
            TraceLine::Text => {
                !self.trace.is_empty()
                    && !body.trim().is_empty()
                    && self.continuations < MAX_CONTINUATIONS
            }
            _ => true,
        }
    }

    fn continue_with(&mut self, kind: TraceLine<'_>, body: &str) {
        self.continuations += 1;
        match kind {
            TraceLine::Text if self.trace.is_empty() && !self.dump => {
                append_line(&mut self.event.text, body, MAX_TEXT_BYTES);
            }
            _ => self.trace_line(kind, body),
        }
    }

    fn trace_line(&mut self, kind: TraceLine<'_>, body: &str) {
        if self.dump {
            append_line(&mut self.event.text, body, MAX_TEXT_BYTES);
            return;
        }
        let headless = self.trace.is_empty() && !matches!(kind, TraceLine::Head(_));
        if headless {
            if let Some(head) = trace::exception_inside(&self.event.text) {
                self.trace.head(head, false);
            } else if !self.headed {
                self.trace.any_line(&self.event.text);
            }
        }
        self.trace.line(kind, body);
    }

    fn emit(mut self, coder: &TemplateCoder, options: &ParserOptions, out: &mut Vec<LogEvent>) {
        let event = &mut self.event;
        event.throwable = self.trace.finish(coder);
        if event.throwable.is_none() && event.text.trim().is_empty() {
            return;
        }
        if !self.headed && event.throwable.is_some() {
            event.level = LogLevel::Error.into();
        }
        let serious = event.level >= i32::from(LogLevel::Warn) || event.throwable.is_some();
        if !serious && !options.keep_all {
            return;
        }
        if let Cow::Owned(hidden) = redact(&event.text) {
            event.text = hidden;
        }
        if serious || options.code_all {
            code(event, coder, options.arguments);
        }
        out.push(self.event);
    }
}

fn code(event: &mut LogEvent, coder: &TemplateCoder, arguments: bool) {
    let first = event
        .throwable
        .as_ref()
        .and_then(|throwable| throwable.chain.first());
    let (owner, message) = match first {
        Some(first) if event.text.is_empty() => (&first.exception, &first.message),
        _ => (&event.logger, &event.text),
    };
    if !arguments {
        event.code = coder.code_only(owner, message);
        return;
    }
    let coded = coder.code(owner, message);
    event.code = coded.code;
    event.arguments = coded.arguments;
    for argument in &mut event.arguments {
        let end = cut(argument, 256).len();
        argument.truncate(end);
    }
}
