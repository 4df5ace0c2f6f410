//! Errors as one line.

use std::error::Error;

/// The error and all its causes in one line, outermost first. A cause whose text the line already ends with is not said twice.
#[must_use]
pub fn chain(error: &dyn Error) -> String {
    let mut line = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let text = cause.to_string();
        if !line.ends_with(&text) {
            line.push_str(": ");
            line.push_str(&text);
        }
        source = cause.source();
    }
    line.replace(['\n', '\r'], " ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io;

    #[derive(Debug, thiserror::Error)]
    #[error("the tape {0} cannot be read")]
    struct Outer(&'static str, #[source] io::Error);

    #[derive(Debug, thiserror::Error)]
    #[error("it failed: {0}")]
    struct Repeating(#[source] io::Error);

    #[test]
    fn causes_follow_their_effect_in_one_line() {
        let error = Outer("a.tape", io::Error::other("disk\nbroken"));
        assert_eq!(chain(&error), "the tape a.tape cannot be read: disk broken");
    }

    #[test]
    fn a_cause_that_was_already_said_is_not_repeated() {
        assert_eq!(chain(&Repeating(io::Error::other("no"))), "it failed: no");
    }
}
