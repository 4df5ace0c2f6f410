//! Joins the lines of a stack trace into an exception with its chain of causes.

use streamwarden_proto::v1::{Throwable, ThrowableLink};

use super::{MAX_MESSAGE_BYTES, append_line, cut};
use crate::redact::redact;
use crate::template::TemplateCoder;

/// Frames kept of each exception.
const MAX_FRAMES: usize = 12;
/// Exceptions kept of a chain: the first ones, and a moving window of the last ones.
const FIRST_LINKS: usize = 16;
const LAST_LINKS: usize = 32;
/// Exceptions taken out of the last one's message.
const MAX_UNWRAPPED: usize = 4;
const MAX_CLASS_BYTES: usize = 256;
const MAX_FRAME_BYTES: usize = 300;

/// What a line is within a stack trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TraceLine<'l> {
    /// `at a.B.c(D.java:1)`
    Frame(&'l str),
    /// `... 12 more`
    More,
    /// `Caused by: a.B: message`
    Cause(&'l str),
    /// `Suppressed: a.B: message`
    Suppressed(&'l str),
    /// `a.B: message` at the start of a trace, or `Exception in thread "x" a.B: message`
    Head(&'l str),
    /// Anything else.
    Text,
}

/// Tells what a line is.
#[must_use]
pub fn classify(line: &str) -> TraceLine<'_> {
    let trimmed = line.trim_start();
    let indented = trimmed.len() < line.len();
    if let Some(frame) = trimmed.strip_prefix("at ")
        && is_frame(frame)
    {
        return TraceLine::Frame(frame.trim_end());
    }
    if let Some(head) = trimmed
        .strip_prefix("Caused by: ")
        .or_else(|| trimmed.strip_prefix("Wrapped by: "))
    {
        return TraceLine::Cause(head);
    }
    if let Some(head) = trimmed.strip_prefix("Suppressed: ") {
        return TraceLine::Suppressed(head);
    }
    if let Some(more) = trimmed.strip_prefix("... ")
        && (more.ends_with(" more") || more.contains(" common frames omitted"))
    {
        return TraceLine::More;
    }
    if let Some(named) = trimmed.strip_prefix("Exception in thread \"")
        && let Some((_, head)) = named.split_once("\" ")
    {
        return TraceLine::Head(head);
    }
    if !indented && exception_class(trimmed).is_some() {
        return TraceLine::Head(trimmed);
    }
    TraceLine::Text
}

/// The first line of a thread in a dump: its name in quotation marks, perhaps behind a time, and its state or number.
#[must_use]
pub fn is_thread(line: &str) -> bool {
    let head = cut(line, MAX_FRAME_BYTES);
    let Some((before, named)) = head.split_once('"') else {
        return false;
    };
    let Some((_, behind)) = named.split_once("\" ") else {
        return false;
    };
    let marks = [
        "Id=", "nid=", "tid=", "RUNNABLE", "WAITING", "BLOCKED", "prio=",
    ];
    let only_time = !before
        .bytes()
        .any(|byte| byte.is_ascii_alphabetic() && byte != b'T');
    only_time && marks.iter().any(|mark| behind.contains(mark))
}

/// What stands between the frames of a thread.
#[must_use]
pub fn is_part_of_thread(line: &str) -> bool {
    let trimmed = line.trim_start();
    trimmed.len() < line.len()
        && (trimmed.starts_with("- ") || trimmed.starts_with("java.lang.Thread.State"))
}

/// A frame names a method and, in brackets, where it is.
fn is_frame(text: &str) -> bool {
    let head = cut(text, MAX_FRAME_BYTES);
    head.find('(').is_some_and(|open| {
        open > 2 && head[..open].contains('.') && !head[..open].trim().contains(' ')
    })
}

/// The class at the start of `a.b.FooException: message`, if it is a qualified name that an exception would have.
#[must_use]
pub fn exception_class(text: &str) -> Option<&str> {
    let class = qualified_class(text)?;
    let name = crate::template::simple_name(class);
    let named = [
        "Exception",
        "Error",
        "Throwable",
        "Failure",
        "Fault",
        "Abort",
        "Interrupt",
        "Signal",
    ];
    named
        .iter()
        .any(|word| name.contains(word))
        .then_some(class)
}

/// A qualified class name that is the whole text or ends in a colon.
fn qualified_class(text: &str) -> Option<&str> {
    let head = cut(text, MAX_CLASS_BYTES);
    let end = head
        .find(|letter: char| !(letter.is_alphanumeric() || matches!(letter, '.' | '_' | '$' | '-')))
        .unwrap_or(head.len());
    let class = &head[..end];
    let rest = &text[end..];
    let ends = rest.is_empty()
        || rest.starts_with(": ")
        || rest.trim() == ":"
        || rest.starts_with(":\t")
        || rest.trim().is_empty();
    let simple = class.rsplit('.').next()?;
    let qualified = class.contains('.') && !class.starts_with('.') && !class.ends_with('.');
    (ends && qualified && simple.starts_with(|letter: char| letter.is_uppercase())).then_some(class)
}

/// The last exception named inside a text, with its message: for traces whose first line is part of a log message.
#[must_use]
pub fn exception_inside(text: &str) -> Option<&str> {
    let line = text.lines().rfind(|line| !line.trim().is_empty())?;
    let starts = std::iter::once(0).chain(line.match_indices(' ').map(|(at, _)| at + 1));
    let mut tries = 0;
    for at in starts {
        tries += 1;
        if tries > 200 {
            break;
        }
        if exception_class(&line[at..]).is_some() {
            return Some(&line[at..]);
        }
    }
    None
}

/// Grows an exception line by line.
#[derive(Debug, Default)]
pub struct TraceBuilder {
    first: Vec<ThrowableLink>,
    last: std::collections::VecDeque<ThrowableLink>,
    /// Frames came since the last head: text does not belong to its message any more.
    in_frames: bool,
    lines_in: usize,
    /// Text before the first head, kept for a trace without head.
    loose_text: String,
}

impl TraceBuilder {
    /// Whether nothing has been read.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.first.is_empty()
    }

    /// Whether frames were the last thing that came.
    #[must_use]
    pub fn in_frames(&self) -> bool {
        self.in_frames
    }

    /// Takes a line of text that is known to be a stack trace.
    pub fn any_line(&mut self, line: &str) {
        match classify(line) {
            TraceLine::Text if self.is_empty() && qualified_class(line).is_some() => {
                self.head(line, false);
            }
            TraceLine::Text if self.is_empty() => {
                append_line(&mut self.loose_text, line, MAX_MESSAGE_BYTES);
            }
            kind => self.line(kind, line),
        }
    }

    /// Takes a line that was classified.
    pub fn line(&mut self, kind: TraceLine<'_>, line: &str) {
        match kind {
            TraceLine::Frame(frame) => self.frame(frame),
            TraceLine::More => self.in_frames = true,
            TraceLine::Cause(head) => {
                // A cause that is indented belongs to a suppressed exception.
                let suppressed = line.starts_with([' ', '\t'])
                    && self.current().is_some_and(|link| link.suppressed);
                self.head(head, suppressed);
            }
            TraceLine::Suppressed(head) => self.head(head, true),
            TraceLine::Head(head) => self.head(head, false),
            TraceLine::Text => self.text(line),
        }
        self.lines_in += 1;
    }

    /// Starts an exception.
    pub fn head(&mut self, head: &str, suppressed: bool) {
        let head = head
            .strip_prefix("[CIRCULAR REFERENCE:")
            .unwrap_or(head)
            .trim();
        let (class, message) = split_head(head);
        self.in_frames = false;
        self.push(ThrowableLink {
            exception: cut(class, MAX_CLASS_BYTES).to_owned(),
            message: cut(message, MAX_MESSAGE_BYTES).to_owned(),
            suppressed,
            ..ThrowableLink::default()
        });
    }

    fn push(&mut self, link: ThrowableLink) {
        if self.first.len() < FIRST_LINKS {
            self.first.push(link);
            return;
        }
        if self.last.len() == LAST_LINKS {
            self.last.pop_front();
        }
        self.last.push_back(link);
    }

    fn current(&mut self) -> Option<&mut ThrowableLink> {
        match self.last.back_mut() {
            Some(link) => Some(link),
            None => self.first.last_mut(),
        }
    }

    fn frame(&mut self, frame: &str) {
        if self.is_empty() {
            let loose = std::mem::take(&mut self.loose_text);
            match exception_inside(&loose) {
                Some(head) => self.head(head, false),
                None => self.push(ThrowableLink {
                    message: loose,
                    ..ThrowableLink::default()
                }),
            }
        }
        self.in_frames = true;
        if let Some(link) = self.current()
            && link.frames.len() < MAX_FRAMES
        {
            link.frames.push(clean_frame(frame));
        }
    }

    fn text(&mut self, line: &str) {
        if self.in_frames {
            return;
        }
        if let Some(link) = self.current() {
            append_line(&mut link.message, line, MAX_MESSAGE_BYTES);
        }
    }

    /// The exception, redacted and coded; none if nothing was read.
    #[must_use]
    pub fn finish(mut self, coder: &TemplateCoder) -> Option<Throwable> {
        if self.is_empty() && !self.loose_text.is_empty() {
            let loose = std::mem::take(&mut self.loose_text);
            let head = exception_inside(&loose)?.to_owned();
            self.head(&head, false);
        }
        if self.is_empty() {
            return None;
        }
        let mut chain = self.first;
        chain.extend(self.last);
        unwrap_last(&mut chain);
        for link in &mut chain {
            seal(link, coder);
        }
        Some(Throwable { chain })
    }
}

/// Class and message of `a.B: message`. Flink's serialised exceptions carry the real class in their message.
fn split_head(head: &str) -> (&str, &str) {
    let (class, message) = match head.split_once(": ") {
        Some((class, message)) if !class.contains(' ') => (class, message),
        Some(_) => ("", head),
        None => match head.strip_suffix(':') {
            Some(class) => (class, ""),
            None if head.contains(' ') => ("", head),
            None => (head, ""),
        },
    };
    let serialised = class.ends_with("SerializedThrowable");
    match exception_class(message) {
        Some(_) if serialised => split_head(message),
        _ => (class, message),
    }
}

/// Without module, jar and line noise: `a.B.c(D.java:1)`.
fn clean_frame(frame: &str) -> String {
    let frame = cut(frame, MAX_FRAME_BYTES);
    let end = frame.find(')').map_or(frame.len(), |at| at + 1);
    let frame = &frame[..end];
    let open = frame.find('(').unwrap_or(frame.len());
    let start = frame[..open].rfind('/').map_or(0, |at| at + 1);
    frame[start..].to_owned()
}

/// An exception whose cause was lost on the way still names it in its message: `CompletionException: a.b.C: message`.
fn unwrap_last(chain: &mut Vec<ThrowableLink>) {
    for _ in 0..MAX_UNWRAPPED {
        let Some(last) = chain.iter().rfind(|link| !link.suppressed) else {
            return;
        };
        let Some(class) = exception_class(&last.message) else {
            return;
        };
        let message = last.message[class.len()..]
            .trim_start_matches(':')
            .trim_start()
            .to_owned();
        let inner = ThrowableLink {
            exception: class.to_owned(),
            message,
            ..ThrowableLink::default()
        };
        chain.push(inner);
    }
}

fn seal(link: &mut ThrowableLink, coder: &TemplateCoder) {
    if let std::borrow::Cow::Owned(hidden) = redact(&link.message) {
        link.message = hidden;
    }
    let end = link.message.trim_end().len();
    link.message.truncate(end);
    link.code = coder.code(&link.exception, &link.message).code;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::parse_throwable;

    const TRACE: &str = "org.apache.flink.runtime.JobException: Recovery is suppressed by NoRestartBackoffTimeStrategy\n\
        \tat org.apache.flink.runtime.executiongraph.failover.ExecutionFailureHandler.handleFailure(ExecutionFailureHandler.java:180)\n\
        \tat java.base/java.lang.Thread.run(Thread.java:840) [?:?]\n\
        Caused by: java.lang.RuntimeException: outer\n\tsecond line\n\
        \tat com.example.Job$1.map(Job.java:7) ~[job.jar:?]\n\
        \tSuppressed: java.io.IOException: while closing\n\
        \t\tat a.b.C.close(C.java:1)\n\
        \tCaused by: a.b.InnerException\n\
        Caused by: org.apache.flink.util.SerializedThrowable: java.net.ConnectException: Connection refused\n\
        \t... 3 more\n";

    #[test]
    fn the_chain_is_unwrapped() {
        let chain = parse_throwable(&TemplateCoder::default(), TRACE)
            .unwrap()
            .chain;
        let names: Vec<_> = chain
            .iter()
            .map(|link| (link.exception.as_str(), link.suppressed))
            .collect();
        assert_eq!(
            names,
            [
                ("org.apache.flink.runtime.JobException", false),
                ("java.lang.RuntimeException", false),
                ("java.io.IOException", true),
                ("a.b.InnerException", true),
                ("java.net.ConnectException", false),
            ]
        );
        assert_eq!(chain[1].message, "outer\n\tsecond line");
        assert_eq!(chain[1].frames, ["com.example.Job$1.map(Job.java:7)"]);
        assert_eq!(chain[0].frames[1], "java.lang.Thread.run(Thread.java:840)");
    }

    #[test]
    fn a_million_causes_keep_the_first_and_the_last() {
        let mut builder = TraceBuilder::default();
        builder.any_line("a.FirstException: x");
        for index in 0..1_000_000 {
            builder.line(
                TraceLine::Cause(if index == 999_999 {
                    "a.LastException: y"
                } else {
                    "a.B: z"
                }),
                "Caused by",
            );
        }
        let chain = builder.finish(&TemplateCoder::default()).unwrap().chain;
        assert_eq!(chain.first().unwrap().exception, "a.FirstException");
        assert_eq!(chain.last().unwrap().exception, "a.LastException");
        assert!(chain.len() <= FIRST_LINKS + LAST_LINKS);
    }

    #[test]
    fn prose_is_no_exception() {
        for text in [
            "Error: something",
            "see com.example.Foo for details",
            "java.lang.String is final",
            "e.g. Exception handling",
        ] {
            assert_eq!(exception_class(text), None, "{text}");
        }
    }
}
