//! The normal form of a message: places instead of what varies.
//!
//! One pass over the first line. A token becomes a place when it holds a digit, is a URL, a path, a host or a qualified
//! class name, stands in quotes or behind `=`, or is the state of a task; a [task's name](task_name) is one place whatever
//! its words are. Neighbouring places become one, so that lists of any length look alike.

mod task_name;

/// Longer messages are cut: their beginning tells them apart.
const LONGEST_BYTES: usize = 400;
/// A quoted text longer than this is prose, not a value.
const LONGEST_QUOTE_BYTES: usize = 200;
const MOST_ARGUMENTS: usize = 16;
/// Endings of host names that have no digit and no port.
const HOST_ENDINGS: &[&str] = &[
    ".com",
    ".net",
    ".org",
    ".io",
    ".local",
    ".internal",
    ".svc",
    ".cluster",
    ".cloud",
    ".dev",
    ".lan",
    ".intra",
    ".corp",
    ".home",
    ".de",
    ".eu",
    ".uk",
    ".us",
    ".cn",
    ".jp",
    ".fr",
];

/// States of tasks and jobs: what was left and what was entered are arguments.
const STATES: &[&str] = &[
    "CREATED",
    "SCHEDULED",
    "DEPLOYING",
    "INITIALIZING",
    "RUNNING",
    "FINISHED",
    "FAILING",
    "FAILED",
    "CANCELING",
    "CANCELLING",
    "CANCELED",
    "CANCELLED",
    "RESTARTING",
    "RECONCILING",
    "SUSPENDED",
];

/// A message split into what is constant and what varies.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NormalForm {
    /// Constant text with `{}` at the places.
    pub template: String,
    /// What stood at the places.
    pub arguments: Vec<String>,
}

/// A normal form in the making.
struct Form {
    template: String,
    /// `None` if nobody wants to know what stood at the places.
    arguments: Option<Vec<String>>,
}

impl Form {
    fn place(&mut self, value: &str) {
        let arguments = self.arguments.as_mut();
        if let Some(joined) = joined_with_last_place(&self.template) {
            if let Some(last) = arguments.and_then(|arguments| arguments.last_mut()) {
                last.push_str(&self.template[joined..]);
                last.push_str(value);
            }
            self.template.truncate(joined);
            return;
        }
        self.template.push_str("{}");
        if let Some(arguments) = arguments.filter(|arguments| arguments.len() < MOST_ARGUMENTS) {
            arguments.push(value.to_owned());
        }
    }
}

/// Where the gap starts, if only list punctuation stands between the last place and the end.
fn joined_with_last_place(template: &str) -> Option<usize> {
    let gap = template.trim_end_matches([' ', ',', ':', ';', '-']);
    gap.ends_with("{}").then_some(gap.len())
}

/// Computes the normal form of a message's first line.
#[must_use]
pub fn normal_form(message: &str) -> NormalForm {
    let form = computed(message, Some(Vec::new()));
    NormalForm {
        template: form.template,
        arguments: form.arguments.unwrap_or_default(),
    }
}

/// The constant text alone.
pub(super) fn template_of(message: &str) -> String {
    computed(message, None).template
}

fn computed(message: &str, arguments: Option<Vec<String>>) -> Form {
    let text = beginning(first_line(message));
    let mut form = Form {
        template: String::with_capacity(text.len()),
        arguments,
    };
    let mut at = 0;
    while at < text.len() {
        let task = task_name::find(text, at);
        let until = task.as_ref().map_or(text.len(), |task| task.start);
        while at < until {
            at = step(text, at, &mut form);
        }
        if let Some(task) = task.filter(|task| task.start >= at) {
            form.place(&text[task.clone()]);
            at = task.end;
        }
    }
    let end = form.template.trim_end().len();
    form.template.truncate(end);
    form
}

/// The first line that says something.
pub(super) fn first_line(message: &str) -> &str {
    let line = message.trim_start();
    let end = memchr::memchr(b'\n', line.as_bytes()).unwrap_or(line.len());
    line[..end].trim_end()
}

/// As much of a line as tells it apart.
fn beginning(line: &str) -> &str {
    let mut end = line.len().min(LONGEST_BYTES);
    while !line.is_char_boundary(end) {
        end -= 1;
    }
    &line[..end]
}

/// Takes one token, quoted text or separator from `at`; returns where the next one starts.
fn step(text: &str, at: usize, form: &mut Form) -> usize {
    let bytes = text.as_bytes();
    let byte = bytes[at];
    if matches!(byte, b'\'' | b'"' | b'`')
        && let Some(end) = closing_quote(bytes, at)
    {
        form.template.push(char::from(byte));
        form.place(&text[at + 1..end]);
        form.template.push(char::from(byte));
        return end + 1;
    }
    let end = token_end(bytes, at);
    if end == at {
        let letter = text[at..].chars().next().unwrap_or(' ');
        push_separator(letter, &mut form.template);
        return at + letter.len_utf8();
    }
    let token = &text[at..end];
    let (core, tail) = split_tail(token);
    let value_of_key = at > 0 && bytes[at - 1] == b'=';
    if value_of_key || is_variable(core) {
        form.place(core);
    } else {
        form.template.push_str(core);
    }
    form.template.push_str(tail);
    end
}

/// White space of any width counts as one blank.
fn push_separator(letter: char, template: &mut String) {
    if !letter.is_whitespace() {
        template.push(letter);
    } else if !template.ends_with(' ') && !template.is_empty() {
        template.push(' ');
    }
}

fn closing_quote(bytes: &[u8], at: usize) -> Option<usize> {
    let opens = at == 0 || !bytes[at - 1].is_ascii_alphanumeric();
    if !opens {
        return None;
    }
    let limit = bytes.len().min(at + 1 + LONGEST_QUOTE_BYTES);
    let inside = &bytes[at + 1..limit];
    let found = memchr::memchr_iter(bytes[at], inside).find(|end| {
        let next = bytes.get(at + 1 + end + 1);
        next.is_none_or(|next| !next.is_ascii_alphanumeric())
    })?;
    Some(at + 1 + found)
}

fn token_end(bytes: &[u8], at: usize) -> usize {
    let ends = |byte: &u8| {
        byte.is_ascii_whitespace()
            || matches!(
                byte,
                b',' | b';'
                    | b'('
                    | b')'
                    | b'['
                    | b']'
                    | b'{'
                    | b'}'
                    | b'<'
                    | b'>'
                    | b'='
                    | b'|'
                    | b'"'
                    | b'\''
                    | b'`'
            )
    };
    bytes[at..]
        .iter()
        .position(ends)
        .map_or(bytes.len(), |length| at + length)
}

/// Punctuation at the end of a word is constant text.
fn split_tail(token: &str) -> (&str, &str) {
    let core = token.trim_end_matches(['.', ':', '!', '?']);
    if core.is_empty() {
        return (token, "");
    }
    token.split_at(core.len())
}

fn is_variable(token: &str) -> bool {
    let bytes = token.as_bytes();
    bytes.iter().any(u8::is_ascii_digit)
        || token.contains("://")
        || token.contains('@') && token.len() > 1
        || token.contains('\\')
        || is_path(token)
        || is_long_hex(bytes)
        || is_host(token)
        || is_class_name(token)
        || STATES.contains(&token)
}

fn is_path(token: &str) -> bool {
    let rooted = token.starts_with('/') && token.len() > 1 || token.starts_with("file:/");
    rooted || token.bytes().filter(|byte| *byte == b'/').count() > 1
}

fn is_long_hex(bytes: &[u8]) -> bool {
    bytes.len() >= 8 && bytes.iter().all(u8::is_ascii_hexdigit)
}

fn is_host(token: &str) -> bool {
    let name = token.split(':').next().unwrap_or(token);
    name == "localhost"
        || name.contains('.') && HOST_ENDINGS.iter().any(|ending| name.ends_with(ending))
}

/// `com.example.Sink`, also with a method behind it; `execution.checkpointing.dir` is an option and stays.
fn is_class_name(token: &str) -> bool {
    let mut parts = 0;
    let mut upper = false;
    for part in token.split(['.', '$']) {
        let Some(first) = part.bytes().next() else {
            return false;
        };
        let plain = part
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        if !plain {
            return false;
        }
        upper |= first.is_ascii_uppercase();
        parts += 1;
    }
    parts > 2 && upper
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(message: &str, template: &str, arguments: &[&str]) {
        let form = normal_form(message);
        assert_eq!(form.template, template);
        assert_eq!(form.arguments, arguments);
    }

    #[test]
    fn what_varies_becomes_a_place() {
        check(
            "Completed checkpoint 12 for job 4fab (77 bytes)",
            "Completed checkpoint {} for job {} ({} bytes)",
            &["12", "4fab", "77"],
        );
        check(
            "Could not open /tmp/a: denied.",
            "Could not open {}: denied.",
            &["/tmp/a"],
        );
        check(
            "Could not find table 'orders'. Don't panic.",
            "Could not find table '{}'. Don't panic.",
            &["orders"],
        );
        check(
            "Topic=orders, broker kafka.example.com",
            "Topic={}, broker {}",
            &["orders", "kafka.example.com"],
        );
        check(
            "at 2026-11-22 21:34:00,123 it ended",
            "at {} it ended",
            &["2026-11-22 21:34:00,123"],
        );
        check(
            "Class com.acme.Order is no POJO",
            "Class {} is no POJO",
            &["com.acme.Order"],
        );
        check(
            "set execution.checkpointing.dir first",
            "set execution.checkpointing.dir first",
            &[],
        );
    }

    #[test]
    fn the_name_of_a_task_is_one_place() {
        let form = |task: &str| {
            normal_form(&format!("Freeing resources for {task} (0c80f7e50ab54b30)")).template
        };
        let one = form("Source: orders[1] -> Map (1/2)#0");
        assert_eq!(one, "Freeing resources for {} ({})");
        assert_eq!(one, form("check the mail (3/3)#12"));
        check(
            "check mail (3/3)#0 (c80f7e50) switched from RUNNING to FAILED.",
            "{} ({}) switched from {} to {}.",
            &["check mail (3/3)#0", "c80f7e50", "RUNNING", "FAILED"],
        );
        check(
            "Closing coordinator for source Source: orders.",
            "Closing coordinator for source {}.",
            &["Source: orders"],
        );
        check("Retrying request (1/3)", "Retrying request ({})", &["1/3"]);
    }

    #[test]
    fn lists_of_any_length_look_alike() {
        let short = normal_form("brokers [a:1, b:2] are away").template;
        assert_eq!(
            short,
            normal_form("brokers [a:1, b:2, c:3, d:4] are away").template
        );
    }
}
