//! What people said of findings, out of a file: lines of the topic `streamwarden.feedback`, or the answer of
//! `GET /api/v1/feedback`.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use streamwarden_proto::cloud_event::FeedbackEvent;
use streamwarden_proto::feedback::Feedback;

/// Why feedback cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FeedbackError {
    /// The file cannot be read.
    #[error("{} cannot be read", .path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A line is no feedback.
    #[error("line {line} of {} is no feedback", .path.display())]
    Line {
        /// Which file.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
}

/// One line, in each of its forms.
#[derive(Deserialize)]
#[serde(untagged)]
enum Line {
    Event(Box<FeedbackEvent>),
    Bare(Box<Feedback>),
    List { feedback: Vec<Feedback> },
}

/// Reads a file.
///
/// # Errors
/// [`FeedbackError`] that names the line.
pub fn read(path: &Path) -> Result<Vec<Feedback>, FeedbackError> {
    let text = fs::read_to_string(path).map_err(|source| FeedbackError::Read {
        path: path.to_owned(),
        source,
    })?;
    parse(&text).map_err(|(line, source)| FeedbackError::Line {
        path: path.to_owned(),
        line,
        source,
    })
}

fn parse(text: &str) -> Result<Vec<Feedback>, (usize, serde_json::Error)> {
    let mut all = Vec::new();
    for (at, line) in text.lines().enumerate() {
        if line.trim().is_empty() {
            continue;
        }
        match serde_json::from_str(line).map_err(|source| (at + 1, source))? {
            Line::Event(event) => all.push(event.data),
            Line::Bare(feedback) => all.push(*feedback),
            Line::List { feedback } => all.extend(feedback),
        }
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use streamwarden_proto::feedback::Verdict;

    fn said() -> Feedback {
        Feedback {
            finding_id: "f-1".into(),
            cluster_id: "c".into(),
            job_id: "j".into(),
            slug: "slow-sink".into(),
            verdict: Verdict::Right,
            actual_slug: None,
            comment: "yes\nindeed".into(),
            author: "dana".into(),
            at: "2026-11-22T03:00:00Z".into(),
            record_ids: vec!["r".into()],
        }
    }

    #[test]
    fn lines_of_the_topic_and_answers_of_the_api_are_read() {
        let json = |value: &serde_json::Value| value.to_string();
        let bare = serde_json::to_value(said()).unwrap();
        let event = serde_json::to_value(FeedbackEvent::of_feedback(said())).unwrap();
        let list = serde_json::json!({ "total": 2, "feedback": [bare, bare] });
        let text = format!("{}\n\n{}\n{}\n", json(&event), json(&bare), json(&list));
        assert_eq!(parse(&text).unwrap(), vec![said(); 4]);
    }

    #[test]
    fn a_line_that_is_no_feedback_is_named() {
        let good = serde_json::to_string(&said()).unwrap();
        let (line, _) = parse(&format!("{good}\n{{}}\n")).unwrap_err();
        assert_eq!(line, 2);
    }
}
