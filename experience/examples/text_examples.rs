//! Writes what the text model is trained on, one example a line: kind, group, class, weight, features.
//! `cargo run --release -p streamwarden-experience --example text_examples -- PHRASES CALM_LOG CALM_TEMPLATES > examples.tsv`
//!
//! A fourth argument leaves looked-at logs out whose names begin with it, for measuring on them. Examples are the rules and sentences of the problem files, mined templates that a rule knows (the group is the library),
//! an expert's phrases, what a real cluster logs while nothing is wrong, and the looked-at logs. `tests/held-out` is not read.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use streamwarden_experience::analyzer::ranking::LogRanking;
use streamwarden_experience::problem::{Problem, Rule};
use streamwarden_experience::text::{Features, features, of_event};
use streamwarden_experience::{Experience, LogParser, ParserOptions};
use streamwarden_proto::v1::{LogEvent, LogLevel, Throwable, ThrowableLink};

/// Messages of a rule that become examples by themselves.
const MOST_OF_A_RULE: usize = 40;

struct Example<'e> {
    kind: &'static str,
    group: &'e str,
    class: &'e str,
    weight: f64,
    features: Features,
}

type Out<'o> = dyn FnMut(&Example<'_>) -> io::Result<()> + 'o;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let phrases = arguments.next().ok_or("name the file of phrases")?;
    let calm_log = arguments.next().ok_or("name the log of a calm cluster")?;
    let calm_templates = arguments.next().ok_or("name the file of calm templates")?;
    let left_out = arguments.next();
    let experience = Experience::builtin()?;
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut out = BufWriter::new(io::stdout().lock());
    let mut write = |example: &Example<'_>| {
        let numbers: Vec<String> = example.features.iter().map(|n| n.to_string()).collect();
        writeln!(
            out,
            "{}\t{}\t{}\t{}\t{}",
            example.kind,
            example.group,
            example.class,
            example.weight,
            numbers.join(",")
        )
    };
    let libraries = libraries(&root.join("templates"))?;
    for problem in experience.problems() {
        of_problem(problem, &libraries, &mut write)?;
    }
    of_templates(&experience, &libraries, &mut write)?;
    let phrases = fs::read_to_string(phrases)?;
    of_phrases(&experience, &phrases, &mut write)?;
    of_calm_log(&experience, &fs::read(calm_log)?, &mut write)?;
    let calm_templates = fs::read_to_string(calm_templates)?;
    of_calm_templates(&experience, &calm_templates, &phrases, &mut write)?;
    for looked_at in ["tests/corpus", "tests/fresh"] {
        of_corpus(
            &experience,
            &root.join(looked_at),
            left_out.as_deref(),
            &mut write,
        )?;
    }
    Ok(())
}

fn link(exception: &str, message: &str, frames: &[String]) -> ThrowableLink {
    ThrowableLink {
        exception: exception.to_owned(),
        message: message.to_owned(),
        frames: frames.to_vec(),
        ..ThrowableLink::default()
    }
}

/// Text of the templates of each library.
type Libraries = BTreeMap<String, String>;

fn libraries(folder: &Path) -> io::Result<Libraries> {
    let paths = files(folder)?.into_iter();
    paths
        .map(|path| Ok((stem(&path), fs::read_to_string(&path)?)))
        .collect()
}

/// The group of a rule are the libraries that its texts are out of: to leave a library out is to leave those out, too.
fn of_problem(problem: &Problem, libraries: &Libraries, write: &mut Out<'_>) -> io::Result<()> {
    let class = problem.class.to_string();
    let mut example = |kind, group: &str, weight, features| {
        write(&Example {
            kind,
            group,
            class: &class,
            weight,
            features,
        })
    };
    for rule in &problem.rules {
        let texts: Vec<&String> = rule.message.iter().chain(&rule.message_all).collect();
        let of = |text: &str| texts.iter().any(|part| text.contains(part.as_str()));
        let from: Vec<&str> = libraries
            .iter()
            .filter(|(_, text)| of(text))
            .map(|(name, _)| name.as_str())
            .collect();
        for features in of_rule(rule) {
            example("rule", &from.join(","), rule.confidence, features)?;
        }
    }
    for text in [&problem.what, &problem.why] {
        for sentence in text.split(['.', ';']) {
            example("sentence", "", 0.3, features("", sentence, &[]))?;
        }
    }
    Ok(())
}

fn of_rule(rule: &Rule) -> Vec<Features> {
    let all = rule.message_all.join(" ");
    let messages: Vec<String> = match rule.message.as_slice() {
        [] => vec![all],
        some => some.iter().map(|one| format!("{one} {all}")).collect(),
    };
    let logger = rule.logger.first().map_or("", String::as_str);
    let frames: Vec<String> = rule.frame.iter().chain(&rule.with).cloned().collect();
    let mut found = Vec::new();
    for message in &messages {
        if rule.exception.is_empty() {
            found.push(features(logger, message, &[]));
            found.push(features("", "", &[link("", message, &frames)]));
        }
        for class in &rule.exception {
            found.push(features(logger, "", &[link(class, message, &frames)]));
        }
    }
    found.truncate(MOST_OF_A_RULE);
    found
}

/// Templates that a rule knows, read alone.
fn of_templates(
    experience: &Experience,
    libraries: &Libraries,
    write: &mut Out<'_>,
) -> io::Result<()> {
    for (group, text) in libraries {
        for line in text.lines() {
            let Some((owner, template)) = line.split_once('\t') else {
                continue;
            };
            let message = template.replace("{}", "x1");
            let thrown = owner.ends_with("Exception") || owner.ends_with("Error");
            let event = LogEvent {
                level: LogLevel::Error.into(),
                logger: if thrown {
                    String::new()
                } else {
                    owner.to_owned()
                },
                text: if thrown {
                    String::new()
                } else {
                    message.clone()
                },
                throwable: thrown.then(|| Throwable {
                    chain: vec![link(owner, &message, &[])],
                }),
                ..LogEvent::default()
            };
            let Some(found) = experience.analyze_event(&event) else {
                continue;
            };
            write(&Example {
                kind: "template",
                group,
                class: &found.problem.class.to_string(),
                weight: found.confidence,
                features: of_event(&event),
            })?;
        }
    }
    Ok(())
}

/// `class<TAB>exception<TAB>message<TAB>frames` a line; the last two or three may be missing. `\n` in a message ends a line.
fn of_phrases(experience: &Experience, text: &str, write: &mut Out<'_>) -> io::Result<()> {
    let lines = text
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    for line in lines {
        let mut parts = line.split('\t');
        let mut next = || parts.next().unwrap_or_default();
        let (class, exception, message, frames) = (next(), next(), next(), next());
        let message = message.replace("\\n", "\n");
        let frames: Vec<String> = frames.split(' ').map(str::to_owned).collect();
        let mut forms = vec![features("", "", &[link(exception, &message, &frames)])];
        if exception.is_empty() {
            forms.push(of_lines(experience, &message));
        }
        for features in forms {
            let example = Example {
                kind: "phrase",
                group: class,
                class,
                weight: 1.0,
                features,
            };
            write(&example)?;
        }
    }
    Ok(())
}

/// Lines as they stand in a log, perhaps with level and logger.
fn of_lines(experience: &Experience, text: &str) -> Features {
    let events = parsed(experience, text.as_bytes());
    let mut texts: Vec<&str> = events.iter().map(|event| event.text.as_str()).collect();
    if events.iter().any(|event| event.throwable.is_some()) {
        texts = vec![text];
    }
    let logger = events.first().map_or("", |event| event.logger.as_str());
    features(logger, &texts.join("\n"), &[])
}

fn parsed(experience: &Experience, log: &[u8]) -> Vec<LogEvent> {
    let coder = std::sync::Arc::clone(experience.templates());
    let mut parser = LogParser::new(coder, ParserOptions::default());
    let mut events = Vec::new();
    parser.push(log, &mut events);
    parser.finish(&mut events);
    events
}

/// What a real cluster says while nothing is wrong, each message once.
fn of_calm_log(experience: &Experience, log: &[u8], write: &mut Out<'_>) -> io::Result<()> {
    let mut seen = BTreeSet::new();
    for event in parsed(experience, log) {
        let calm = event.level() < LogLevel::Warn && event.throwable.is_none();
        if calm && experience.analyze_event(&event).is_none() && seen.insert(event.code.clone()) {
            write(&Example {
                kind: "calm",
                group: "",
                class: "healthy",
                weight: 1.0,
                features: of_event(&event),
            })?;
        }
    }
    Ok(())
}

/// What libraries call information, as `mine/mine.py --calm` writes it: library, class, template. What an expert's phrase
/// says of one goes before.
fn of_calm_templates(
    experience: &Experience,
    text: &str,
    phrases: &str,
    write: &mut Out<'_>,
) -> io::Result<()> {
    for line in text.lines() {
        let mut parts = line.split('\t');
        let (Some(group), Some(owner), Some(template)) = (parts.next(), parts.next(), parts.next())
        else {
            continue;
        };
        let event = LogEvent {
            level: LogLevel::Warn.into(),
            logger: owner.to_owned(),
            text: template.replace("{}", "x1"),
            ..LogEvent::default()
        };
        let said = phrases.contains(&format!("{owner} - {}", event.text));
        if !said && experience.analyze_event(&event).is_none() {
            write(&Example {
                kind: "calm",
                group,
                class: "healthy",
                weight: 1.0,
                features: of_event(&event),
            })?;
        }
    }
    Ok(())
}

/// The first fault of each log of the corpus as the ranking sees it, or what it says where nothing failed.
fn of_corpus(
    experience: &Experience,
    folder: &Path,
    left_out: Option<&str>,
    write: &mut Out<'_>,
) -> io::Result<()> {
    for class in files(folder)? {
        for path in files(&class)? {
            if left_out.is_some_and(|prefix| stem(&path).starts_with(prefix)) {
                continue;
            }
            let log = fs::read(&path)?;
            let mut ranking = LogRanking::new(experience);
            for event in parsed(experience, &log) {
                ranking.push(&event);
            }
            let passage = ranking.passage();
            let lines = memchr::memchr_iter(b'\n', &log).count();
            let incidents = ranking.ranked(lines as u64);
            let first = incidents.first().map(|incident| incident.first.clone());
            if let Some(event) = first.or(passage) {
                write(&Example {
                    kind: "corpus",
                    group: &stem(&path),
                    class: &stem(&class),
                    weight: 1.0,
                    features: of_event(&event),
                })?;
            }
        }
    }
    Ok(())
}

fn stem(path: &Path) -> String {
    let stem = path.file_stem().unwrap_or_default();
    stem.to_string_lossy().into_owned()
}

fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder)?.map(|entry| Ok(entry?.path()));
    let mut paths = entries.collect::<io::Result<Vec<_>>>()?;
    paths.sort();
    Ok(paths)
}
