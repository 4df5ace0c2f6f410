//! The one place where the collector asks the expert: codes, stack traces, redaction.

use std::sync::Arc;

use streamwarden_experience::{
    Experience, LogParser, PackError, ParserOptions, TemplateCoder, parse_throwable, redact,
    redact_config_value,
};
use streamwarden_proto::v1::{Throwable, ThrowableLink};

/// Gives messages their codes. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Coding {
    templates: Arc<TemplateCoder>,
}

impl Coding {
    /// With the templates that are built into the program.
    ///
    /// # Errors
    /// [`PackError`] if the built-in experience is broken.
    pub fn builtin() -> Result<Self, PackError> {
        Experience::builtin().map(|experience| Self::of(&experience))
    }

    /// With the templates of this experience.
    #[must_use]
    pub fn of(experience: &Experience) -> Self {
        Self {
            templates: Arc::clone(experience.templates()),
        }
    }

    /// An exception as Flink prints it, as a chain, redacted and coded.
    #[must_use]
    pub fn throwable(&self, stacktrace: &str) -> Throwable {
        parse_throwable(&self.templates, stacktrace).unwrap_or_else(|| self.wordless(stacktrace))
    }

    /// Flink reports some failures as a sentence without a class.
    fn wordless(&self, text: &str) -> Throwable {
        let message = redacted(text.lines().next().unwrap_or_default());
        let code = self.templates.code("", &message).code;
        Throwable {
            chain: vec![ThrowableLink {
                message,
                code,
                ..ThrowableLink::default()
            }],
        }
    }

    /// A reader of one log file. `now_ms` is the time of lines that carry none.
    #[must_use]
    pub fn parser(&self, now_ms: i64) -> LogParser {
        let options = ParserOptions {
            default_at_ms: now_ms,
            ..ParserOptions::default()
        };
        LogParser::new(Arc::clone(&self.templates), options)
    }
}

/// A text without secrets.
#[must_use]
pub fn redacted(text: &str) -> String {
    redact(text).into_owned()
}

/// The value of an option, hidden where the key says that it is a secret.
#[must_use]
pub fn config_value(key: &str, value: &str) -> String {
    redact_config_value(key, value).into_owned()
}
