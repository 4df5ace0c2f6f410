//! JSON layouts: log4j2's JsonTemplateLayout and JsonLayout, logback's encoders, GELF, cloud loggers.

use serde_json::Value;
use streamwarden_proto::v1::LogLevel;

use super::{header, timestamp};

/// One event out of a JSON line.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct JsonEvent {
    pub(super) at_ms: Option<i64>,
    pub(super) level: LogLevel,
    pub(super) logger: String,
    pub(super) thread: String,
    pub(super) message: String,
    /// Stack trace as text.
    pub(super) trace: String,
}

const TIME: &[&str] = &[
    "@timestamp",
    "timestamp",
    "time",
    "timeMillis",
    "ts",
    "date",
    "asctime",
    "eventTime",
    "instant",
];
const LEVEL: &[&str] = &[
    "level",
    "log.level",
    "severity",
    "levelname",
    "loglevel",
    "lvl",
    "priority",
];
const LOGGER: &[&str] = &[
    "logger_name",
    "log.logger",
    "loggerName",
    "logger",
    "loggerFqcn",
    "category",
    "name",
];
const THREAD: &[&str] = &["thread_name", "process.thread.name", "thread", "threadName"];
const MESSAGE: &[&str] = &["message", "msg", "short_message", "log", "text"];
const TRACE: &[&str] = &[
    "stack_trace",
    "error.stack_trace",
    "stackTrace",
    "stacktrace",
    "exception",
    "full_message",
    "throwable",
    "exc_info",
    "error",
];

/// Reads a JSON line, if it is a log event.
pub(super) fn parse(line: &str, base_ms: i64) -> Option<JsonEvent> {
    let trimmed = line.trim();
    if !(trimmed.starts_with('{') && trimmed.ends_with('}')) {
        return None;
    }
    let value: Value = serde_json::from_str(trimmed).ok()?;
    let message = text(&value, MESSAGE)?;
    let mut event = JsonEvent {
        at_ms: time(&value, base_ms),
        level: level(&value),
        logger: text(&value, LOGGER).unwrap_or_default(),
        thread: text(&value, THREAD).unwrap_or_default(),
        message,
        trace: String::new(),
    };
    event.trace = trace(&value);
    Some(event)
}

/// A field by its own name, or by a dotted one through objects.
fn field<'v>(value: &'v Value, name: &str) -> Option<&'v Value> {
    value.get(name).or_else(|| {
        name.split('.')
            .try_fold(value, |inner, part| inner.get(part))
    })
}

fn text(value: &Value, names: &[&str]) -> Option<String> {
    names
        .iter()
        .find_map(|name| field(value, name)?.as_str().map(str::to_owned))
}

fn time(value: &Value, base_ms: i64) -> Option<i64> {
    let found = TIME.iter().find_map(|name| field(value, name))?;
    match found {
        Value::String(text) => timestamp::leading(text, base_ms).map(|(at, _)| at),
        Value::Number(number) => {
            let number = number.as_f64()?;
            // Seconds, as GELF has them, or milliseconds.
            let ms = if number < 1e11 { number * 1e3 } else { number };
            #[expect(
                clippy::cast_possible_truncation,
                reason = "milliseconds since 1970 fit"
            )]
            Some(ms as i64)
        }
        Value::Object(instant) => {
            let seconds = instant.get("epochSecond")?.as_i64()?;
            let nanos = instant
                .get("nanoOfSecond")
                .and_then(Value::as_i64)
                .unwrap_or(0);
            Some(seconds * 1_000 + nanos / 1_000_000)
        }
        _ => None,
    }
}

fn level(value: &Value) -> LogLevel {
    match LEVEL.iter().find_map(|name| field(value, name)) {
        Some(Value::String(name)) => header::level_of(name).unwrap_or_default(),
        Some(Value::Number(syslog)) => match syslog.as_i64() {
            Some(0..=2) => LogLevel::Fatal,
            Some(3) => LogLevel::Error,
            Some(4) => LogLevel::Warn,
            Some(5 | 6) => LogLevel::Info,
            _ => LogLevel::Debug,
        },
        _ => LogLevel::Unspecified,
    }
}

fn trace(value: &Value) -> String {
    if let Some(text) = text(value, TRACE) {
        return text;
    }
    let thrown = value
        .get("thrown")
        .or_else(|| value.get("exception"))
        .or_else(|| value.get("error"));
    let mut lines = String::new();
    if let Some(thrown) = thrown {
        write_thrown(thrown, "", 0, &mut lines);
    }
    lines
}

/// Causes deeper than this are left out.
const DEEPEST_CAUSE: usize = 32;

/// Writes log4j2's exception object as the text it stands for.
fn write_thrown(thrown: &Value, prefix: &str, depth: usize, lines: &mut String) {
    let part = |names: &[&str]| text(thrown, names).unwrap_or_default();
    let name = part(&["name", "class", "exception_class", "type"]);
    if name.is_empty() || depth > DEEPEST_CAUSE {
        return;
    }
    let message = part(&["message", "exception_message", "localizedMessage"]);
    let separator = if message.is_empty() { "" } else { ": " };
    lines.push_str(&format!("{prefix}{name}{separator}{message}\n"));
    match thrown
        .get("extendedStackTrace")
        .or_else(|| thrown.get("stackTrace"))
        .or_else(|| thrown.get("stacktrace"))
    {
        Some(Value::String(text)) => lines.push_str(text),
        Some(Value::Array(frames)) => frames.iter().for_each(|frame| write_frame(frame, lines)),
        _ => {}
    }
    if let Some(cause) = thrown.get("cause") {
        write_thrown(cause, "Caused by: ", depth + 1, lines);
    }
}

fn write_frame(frame: &Value, lines: &mut String) {
    if let Some(text) = frame.as_str() {
        lines.push_str(&format!("\tat {}\n", text.trim().trim_start_matches("at ")));
        return;
    }
    let part = |name: &str| frame.get(name).and_then(Value::as_str).unwrap_or_default();
    let line = frame.get("line").and_then(Value::as_i64).unwrap_or(0);
    lines.push_str(&format!(
        "\tat {}.{}({}:{line})\n",
        part("class"),
        part("method"),
        part("file")
    ));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layouts_of_several_makers_are_read() {
        let ecs = parse(r#"{"@timestamp":"2026-11-22T21:34:00.123Z","log.level":"ERROR","message":"m","process.thread.name":"t","log.logger":"a.B","error.stack_trace":"x.Y: z\n\tat a.b.C.d(E.java:1)"}"#, 0).unwrap();
        assert_eq!(
            (ecs.level, ecs.logger.as_str(), ecs.thread.as_str()),
            (LogLevel::Error, "a.B", "t")
        );
        assert!(ecs.trace.contains("x.Y: z"));
        let nested = parse(r#"{"instant":{"epochSecond":1,"nanoOfSecond":5000000},"level":"WARN","loggerName":"a.B","message":"m","thrown":{"name":"x.Y","message":"z","extendedStackTrace":[{"class":"a.B","method":"c","file":"D.java","line":7}],"cause":{"name":"x.Z"}}}"#, 0).unwrap();
        assert_eq!(nested.at_ms, Some(1005));
        assert_eq!(
            nested.trace,
            "x.Y: z\n\tat a.B.c(D.java:7)\nCaused by: x.Z\n"
        );
    }

    #[test]
    fn other_json_is_no_event() {
        assert_eq!(parse(r#"{"a":1}"#, 0), None);
        assert_eq!(parse("{broken", 0), None);
    }
}
