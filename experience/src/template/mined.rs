//! Templates mined from the constant strings of jars and sources: who says it, and the text with its places.
//!
//! A file has one template a line: owner (simple class name), tab, text with `{}` at its places. Templates are found
//! by owner and first word, so a look-up costs the same however many templates there are.

use std::collections::HashMap;
use std::sync::OnceLock;

use super::{Coded, code_of, normal_form, simple_name};

const MOST_ARGUMENTS: usize = 16;
/// With less constant text than this, a template says nothing.
const LEAST_CONSTANT_BYTES: usize = 8;

/// One mined template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MinedTemplate {
    owner: Box<str>,
    template: Box<str>,
}

impl MinedTemplate {
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
    pub fn code(&self) -> String {
        code_of(&self.owner, &self.template)
    }

    fn constant_bytes(&self) -> usize {
        self.template.split("{}").map(str::len).sum()
    }

    /// What stands at the places, if the message fits.
    fn arguments<'m>(&self, message: &'m str) -> Option<Vec<&'m str>> {
        let mut parts = self.template.split("{}");
        let mut rest = message.strip_prefix(parts.next()?)?;
        let mut arguments = Vec::new();
        let mut parts = parts.peekable();
        while let Some(part) = parts.next() {
            let last = parts.peek().is_none();
            let at = match (last, part.is_empty()) {
                (true, true) => rest.len(),
                (true, false) if !rest.ends_with(part) => return None,
                (true, false) => rest.len() - part.len(),
                (false, true) => 0,
                (false, false) => rest.find(part)?,
            };
            arguments.push(&rest[..at]);
            rest = &rest[at + part.len()..];
        }
        rest.is_empty().then_some(arguments)
    }
}

/// Gives messages their codes.
#[derive(Debug, Default)]
pub struct TemplateCoder {
    templates: Vec<MinedTemplate>,
    /// By owner, then by first word; the empty word has those that begin with a place.
    by_owner: HashMap<Box<str>, HashMap<Box<str>, Vec<u32>>>,
    /// Made when a code is looked up for the first time: hashing all templates would cost every start.
    by_code: OnceLock<HashMap<String, u32>>,
}

impl TemplateCoder {
    /// Reads the texts of template files. Lines that are no templates are left out: they are data of other versions.
    pub fn from_texts<'t>(texts: impl IntoIterator<Item = &'t String>) -> Self {
        let mut coder = Self::default();
        for line in texts.into_iter().flat_map(|text| text.lines()) {
            if let Some((owner, template)) = line.split_once('\t') {
                coder.add(owner, template);
            }
        }
        coder
    }

    fn add(&mut self, owner: &str, template: &str) {
        let mined = MinedTemplate {
            owner: owner.into(),
            template: template.into(),
        };
        if mined.constant_bytes() < LEAST_CONSTANT_BYTES {
            return;
        }
        let index = u32::try_from(self.templates.len()).unwrap_or(u32::MAX);
        let start = constant_first_word(template).unwrap_or_default();
        let of_owner = match self.by_owner.get_mut(owner) {
            Some(of_owner) => of_owner,
            None => self.by_owner.entry(owner.into()).or_default(),
        };
        of_owner.entry(start.into()).or_default().push(index);
        self.templates.push(mined);
    }

    /// Number of mined templates.
    #[must_use]
    pub fn len(&self) -> usize {
        self.templates.len()
    }

    /// Whether there are no mined templates.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.templates.is_empty()
    }

    /// The mined template of a code.
    #[must_use]
    pub fn template(&self, code: &str) -> Option<&MinedTemplate> {
        let by_code = self.by_code.get_or_init(|| {
            let indexed = (0_u32..).zip(&self.templates);
            indexed
                .map(|(index, template)| (template.code(), index))
                .collect()
        });
        by_code
            .get(code)
            .and_then(|index| self.templates.get(*index as usize))
    }

    /// Code, template and arguments of a message that a logger wrote or an exception carries.
    #[must_use]
    pub fn code(&self, owner: &str, message: &str) -> Coded {
        let owner = simple_name(owner);
        let line = message
            .trim_start()
            .lines()
            .next()
            .unwrap_or_default()
            .trim_end();
        if let Some((mined, arguments)) = self.best(owner, line) {
            let arguments = arguments
                .into_iter()
                .take(MOST_ARGUMENTS)
                .map(str::to_owned)
                .collect();
            return Coded {
                code: mined.code(),
                template: mined.template.to_string(),
                arguments,
            };
        }
        let form = normal_form(message);
        Coded {
            code: code_of(owner, &form.template),
            template: form.template,
            arguments: form.arguments,
        }
    }

    /// The template with the most constant text that the message fits.
    fn best<'m>(&self, owner: &str, message: &'m str) -> Option<(&MinedTemplate, Vec<&'m str>)> {
        let of_owner = self.by_owner.get(owner)?;
        let first = message.split(' ').next().unwrap_or_default();
        let mut best: Option<(&MinedTemplate, Vec<&str>)> = None;
        for start in [first, ""] {
            for index in of_owner.get(start).into_iter().flatten() {
                let Some(template) = self.templates.get(*index as usize) else {
                    continue;
                };
                let longer = best
                    .as_ref()
                    .is_none_or(|(b, _)| template.constant_bytes() > b.constant_bytes());
                if longer && let Some(arguments) = template.arguments(message) {
                    best = Some((template, arguments));
                }
            }
            if first.is_empty() {
                break;
            }
        }
        best
    }
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
        TemplateCoder::from_texts([&text.to_owned()])
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
