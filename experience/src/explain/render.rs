//! Answers as an expert would comment them in a chat: what matters first, then evidence, then what to change.

use std::fmt::Write as _;

use streamwarden_proto::finding::Action;

use super::Answer;
use crate::template::simple_name;
use crate::words::capital;

/// Evidence lines shown.
const MAX_EVIDENCE: usize = 3;

/// Text of all answers, the verdict in full and the others in one line each.
#[must_use]
pub fn text(answers: &[Answer]) -> String {
    let mut out = String::new();
    if let Some((verdict, others)) = answers.split_first() {
        write_verdict(verdict, &mut out);
        write_others(others, &mut out);
    }
    out
}

fn write_verdict(answer: &Answer, out: &mut String) {
    line(out, &format!("{}.", answer.title.trim_end_matches('.')));
    if !answer.effect.is_empty() {
        line(
            out,
            &format!("{}.", capital(answer.effect.trim_end_matches('.'))),
        );
    }
    line(out, &headline(answer));
    if !answer.explanation.is_empty() {
        line(out, "");
        line(out, &answer.explanation);
    }
    write_cause(answer, out);
    write_actions(answer, out);
    for link in &answer.links {
        line(out, &format!("See {link}"));
    }
}

fn headline(answer: &Answer) -> String {
    let percent = (answer.confidence * 100.0).round().min(99.0);
    let times = if answer.count > 1 {
        format!(", seen {} times", answer.count)
    } else {
        String::new()
    };
    format!(
        "{} {} ({}), {percent:.0} % sure{times}",
        answer.code, answer.slug, answer.class
    )
}

fn write_cause(answer: &Answer, out: &mut String) {
    let Some(cause) = &answer.root_cause else {
        return;
    };
    line(out, "");
    line(out, "Where it shows:");
    let exception = simple_name(&cause.exception);
    let separator = if exception.is_empty() { "" } else { ": " };
    let message = cause.message.lines().next().unwrap_or_default();
    line(
        out,
        &format!(
            "  line {}  {}  {exception}{separator}{}",
            cause.line,
            cause.template,
            crate::log::cut(message, 240)
        ),
    );
    if let Some(frame) = &cause.frame {
        line(out, &format!("  thrown at {frame}"));
    }
    for evidence in answer.evidence.iter().take(MAX_EVIDENCE) {
        let first = evidence.text.lines().next().unwrap_or_default();
        if !first.is_empty() && !message.starts_with(first) {
            line(
                out,
                &format!("  line {}  {}", evidence.line, crate::log::cut(first, 200)),
            );
        }
    }
}

fn write_actions(answer: &Answer, out: &mut String) {
    if !answer.actions.is_empty() {
        line(out, "");
        line(out, "What to change:");
    }
    for (index, action) in answer.actions.iter().enumerate() {
        line(out, &format!("  {}. {}", index + 1, change(action)));
        line(out, &format!("     {}", action.why));
        if !action.computation.is_empty() {
            line(out, &format!("     {}", capital(&action.computation)));
        }
    }
    for avoid in &answer.avoid {
        line(out, &format!("  Do not {}: {}", avoid.what, avoid.why));
    }
}

fn change(action: &Action) -> String {
    match (&action.from, &action.to) {
        (Some(from), Some(to)) => format!("{}: {from} -> {to} {}", action.key, action.unit)
            .trim_end()
            .to_owned(),
        (None, Some(to)) => format!("{}: {to} {}", action.key, action.unit)
            .trim_end()
            .to_owned(),
        (_, None) => action.key.clone(),
    }
}

fn write_others(others: &[Answer], out: &mut String) {
    if others.is_empty() {
        return;
    }
    line(out, "");
    line(out, "Also in this log:");
    for answer in others {
        let at = answer
            .root_cause
            .as_ref()
            .map_or(String::new(), |cause| format!(", line {}", cause.line));
        line(
            out,
            &format!("  {} {}: {}{at}", answer.code, answer.slug, answer.title),
        );
    }
}

fn line(out: &mut String, text: &str) {
    // Writing to a String cannot fail.
    let _ = writeln!(out, "{text}");
}
