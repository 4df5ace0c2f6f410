//! Templates mined from the constant strings of jars and sources: who says it, and the text with its places.
//!
//! A file has one template a line: owner (simple class name), tab, text with `{}` at its places. An owner's templates
//! are read when the owner speaks for the first time, and found by their first word, so that neither the start nor a
//! look-up costs more the more templates there are.

use std::collections::HashMap;
use std::sync::{OnceLock, PoisonError, RwLock};

use super::normal_form::{first_line, template_of};
use super::sorted::SortedLines;
use super::{Coded, code_of, normal_form, simple_name};

const MOST_ARGUMENTS: usize = 16;
/// With less constant text than this, a template says nothing.
const LEAST_CONSTANT_BYTES: usize = 8;
/// Texts up to this length are searched in the plain way.
const SHORT_BYTES: usize = 256;
/// Owners remembered, those without templates among them; a log names a few hundred.
const MOST_OWNERS: usize = 20_000;

/// One mined template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MinedTemplate {
    owner: Box<str>,
    template: Box<str>,
    code: Box<str>,
    constant_bytes: usize,
}

impl MinedTemplate {
    /// None if it has too little constant text to say anything.
    fn new(owner: &str, template: &str) -> Option<Self> {
        let constant_bytes = template.split("{}").map(str::len).sum();
        (constant_bytes >= LEAST_CONSTANT_BYTES).then(|| Self {
            owner: owner.into(),
            template: template.into(),
            code: code_of(owner, template).into(),
            constant_bytes,
        })
    }

    /// Class that logs or throws it.
    #[must_use]
    pub fn owner(&self) -> &str {
        &self.owner
    }

    /// Text with `{}` at its places.
    #[must_use]
    pub fn template(&self) -> &str {
        &self.template
    }

    /// Its code.
    #[must_use]
    pub fn code(&self) -> &str {
        &self.code
    }

    /// Notes what stands at the places, if the message fits; what it notes otherwise means nothing.
    fn fits<'m>(&self, message: &'m str, arguments: &mut Vec<&'m str>) -> bool {
        arguments.clear();
        let mut parts = self.template.split("{}");
        let first = parts.next().unwrap_or_default();
        let Some(mut rest) = message.strip_prefix(first) else {
            return false;
        };
        let mut parts = parts.peekable();
        while let Some(part) = parts.next() {
            let last = parts.peek().is_none();
            let at = match (last, part.is_empty()) {
                (true, true) => rest.len(),
                (true, false) if !rest.ends_with(part) => return false,
                (true, false) => rest.len() - part.len(),
                (false, true) => 0,
                (false, false) => match find(rest, part) {
                    Some(at) => at,
                    None => return false,
                },
            };
            arguments.push(&rest[..at]);
            rest = &rest[at + part.len()..];
        }
        rest.is_empty()
    }
}

/// The templates of one owner.
#[derive(Debug, Default)]
struct OfOwner {
    templates: Vec<MinedTemplate>,
    /// By first word; the empty word has those that begin with a place.
    by_start: HashMap<Box<str>, Vec<usize>>,
}

impl OfOwner {
    fn new<'t>(owner: &str, templates: impl Iterator<Item = &'t str>) -> Option<Self> {
        let mut this = Self::default();
        for mined in templates.filter_map(|template| MinedTemplate::new(owner, template)) {
            let start = constant_first_word(&mined.template).unwrap_or_default();
            let of_start = this.by_start.entry(start.into()).or_default();
            of_start.push(this.templates.len());
            this.templates.push(mined);
        }
        (!this.templates.is_empty()).then_some(this)
    }

    /// The template with the most constant text that the message fits, and what stands at its places.
    fn best<'m>(&self, message: &'m str) -> Option<(&MinedTemplate, Vec<&'m str>)> {
        let end = memchr::memchr(b' ', message.as_bytes()).unwrap_or(message.len());
        let first = &message[..end];
        let mut best: Option<&MinedTemplate> = None;
        let (mut arguments, mut tried) = (Vec::new(), Vec::new());
        let starts = if first.is_empty() { 1 } else { 2 };
        for start in &[first, ""][..starts] {
            for index in self.by_start.get(*start).into_iter().flatten() {
                let template = &self.templates[*index];
                let longer = best.is_none_or(|b| template.constant_bytes > b.constant_bytes);
                if longer && template.fits(message, &mut tried) {
                    best = Some(template);
                    std::mem::swap(&mut arguments, &mut tried);
                }
            }
        }
        best.map(|template| (template, arguments))
    }
}

/// Gives messages their codes.
#[derive(Debug, Default)]
pub struct TemplateCoder {
    shelves: Vec<SortedLines>,
    /// Read when needed; without templates for an owner that has none.
    owners: RwLock<HashMap<Box<str>, Option<OfOwner>>>,
    /// Made when a code is looked up for the first time.
    by_code: OnceLock<HashMap<Box<str>, MinedTemplate>>,
}

impl TemplateCoder {
    /// Reads the texts of template files. Lines that are no templates are left out: they are data of other versions.
    pub fn from_texts<'t>(texts: impl IntoIterator<Item = &'t str>) -> Self {
        let shelves = texts.into_iter().map(SortedLines::sort).collect();
        Self {
            shelves,
            ..Self::default()
        }
    }

    /// Of texts whose lines are sorted by their bytes already.
    pub fn from_sorted(texts: impl IntoIterator<Item = &'static str>) -> Self {
        let shelves = texts.into_iter().map(SortedLines::sorted).collect();
        Self {
            shelves,
            ..Self::default()
        }
    }

    /// All mined templates, file by file.
    fn all(&self) -> impl Iterator<Item = MinedTemplate> {
        let lines = self.shelves.iter().flat_map(SortedLines::iter);
        lines.filter_map(|(owner, template)| MinedTemplate::new(owner, template))
    }

    /// Number of mined templates; counts them.
    #[must_use]
    pub fn len(&self) -> usize {
        self.all().count()
    }

    /// Whether there are no mined templates.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.all().next().is_none()
    }

    /// The mined template of a code. The first call reads all templates.
    #[must_use]
    pub fn template(&self, code: &str) -> Option<&MinedTemplate> {
        let by_code = self.by_code.get_or_init(|| {
            let coded = self.all().map(|mined| (mined.code.clone(), mined));
            coded.collect()
        });
        by_code.get(code)
    }

    /// Code, template and arguments of a message that a logger wrote or an exception carries.
    #[must_use]
    pub fn code(&self, owner: &str, message: &str) -> Coded {
        let owner = simple_name(owner);
        let mined = self.best(owner, first_line(message), |mined, arguments| Coded {
            code: mined.code.to_string(),
            template: mined.template.to_string(),
            arguments: arguments
                .into_iter()
                .take(MOST_ARGUMENTS)
                .map(str::to_owned)
                .collect(),
        });
        mined.unwrap_or_else(|| {
            let form = normal_form(message);
            Coded {
                code: code_of(owner, &form.template),
                template: form.template,
                arguments: form.arguments,
            }
        })
    }

    /// The code alone.
    #[must_use]
    pub fn code_only(&self, owner: &str, message: &str) -> String {
        let owner = simple_name(owner);
        let mined = self.best(owner, first_line(message), |mined, _| {
            mined.code.to_string()
        });
        mined.unwrap_or_else(|| code_of(owner, &template_of(message)))
    }

    /// Whether a message of this owner was mined.
    #[must_use]
    pub fn is_mined(&self, owner: &str, message: &str) -> bool {
        let mined = self.best(simple_name(owner), first_line(message), |_, _| ());
        mined.is_some()
    }

    /// What `take` makes of the template with the most constant text that the message fits.
    fn best<'m, T>(
        &self,
        owner: &str,
        message: &'m str,
        take: impl FnOnce(&MinedTemplate, Vec<&'m str>) -> T,
    ) -> Option<T> {
        let known = self.owners.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(templates) = known.get(owner) {
            return of_owner(templates.as_ref(), message, take);
        }
        drop(known);
        let lines = self.shelves.iter().flat_map(|one| one.of_owner(owner));
        let read = OfOwner::new(owner, lines);
        let mut known = self.owners.write().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST_OWNERS {
            known.clear();
        }
        let read = known.entry(owner.into()).or_insert(read);
        of_owner(read.as_ref(), message, take)
    }
}

/// Where a part starts. Most texts are so short that to prepare a search takes longer than to search.
fn find(text: &str, part: &str) -> Option<usize> {
    if text.len() > SHORT_BYTES {
        return text.find(part);
    }
    let (text, part) = (text.as_bytes(), part.as_bytes());
    let mut starts = memchr::memchr_iter(*part.first()?, text);
    starts.find(|at| text[*at..].starts_with(part))
}

fn of_owner<'m, T>(
    templates: Option<&OfOwner>,
    message: &'m str,
    take: impl FnOnce(&MinedTemplate, Vec<&'m str>) -> T,
) -> Option<T> {
    let (mined, arguments) = templates?.best(message)?;
    Some(take(mined, arguments))
}

/// The first word of a template, if no place is in it.
fn constant_first_word(template: &str) -> Option<&str> {
    let word = template.split(' ').next()?;
    let whole = word.len() < template.len() || !template.contains("{}");
    (whole && !word.contains("{}")).then_some(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn coder(text: &str) -> TemplateCoder {
        TemplateCoder::from_texts([text])
    }

    #[test]
    fn a_mined_template_knows_places_that_look_constant() {
        let coder = coder("TimeoutException\tTopic {} not present in metadata after {} ms.\n");
        let orders = coder.code(
            "org.apache.kafka.common.errors.TimeoutException",
            "Topic orders not present in metadata after 60000 ms.",
        );
        let clicks = coder.code(
            "o.a.k.c.e.TimeoutException",
            "Topic clicks not present in metadata after 1 ms.",
        );
        assert_eq!(orders.code, clicks.code);
        assert_eq!(orders.arguments, ["orders", "60000"]);
        assert_eq!(
            coder.template(&orders.code).unwrap().owner(),
            "TimeoutException"
        );
    }

    #[test]
    fn a_message_that_does_not_fit_to_its_end_gets_its_own_code() {
        let coder = coder("X\tTopic {} is gone for ever.\n");
        assert_ne!(
            coder.code("X", "Topic a is gone for ever.").code,
            coder.code("X", "Topic a is gone for ever and a day").code
        );
    }
}
