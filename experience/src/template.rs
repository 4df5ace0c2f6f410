//! Template codes: the same message has the same code whatever its numbers, hosts, paths, ids and times are.
//!
//! A message that fits a mined template (`templates/*.tsv`) gets that template's code, any other the code of its own
//! [normal form](normal_form). The owner is the logger or the exception's class without its package, because packages
//! change (shading, Akka to Pekko) and logback shortens them.

use streamwarden_proto::ids::short_hash;

mod mined;
pub mod normal_form;
mod sorted;

pub use mined::{MinedTemplate, TemplateCoder};
pub use normal_form::normal_form;

/// A message with its code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coded {
    /// `E-5F3A9C01`.
    pub code: String,
    /// Constant text with `{}` at the places.
    pub template: String,
    /// What stood at the places.
    pub arguments: Vec<String>,
}

/// Code of a message's normal form, without mined templates.
#[must_use]
pub fn template_code(owner: &str, message: &str) -> (String, Vec<String>) {
    let form = normal_form(message);
    (code_of(simple_name(owner), &form.template), form.arguments)
}

/// Code of an owner's template.
#[must_use]
pub fn code_of(simple_owner: &str, template: &str) -> String {
    let hash = short_hash(&[simple_owner, template], 4);
    format!("E-{}", hash.to_ascii_uppercase())
}

/// A class name without package, outer class and lambda numbers: `Task` of `o.a.f.runtime.taskmanager.Task`.
#[must_use]
pub fn simple_name(class: &str) -> &str {
    let name = class.rsplit('.').next().unwrap_or(class);
    let name = name.trim_end_matches(|letter: char| letter == '$' || letter.is_ascii_digit());
    match name.rsplit('$').find(|part| !part.is_empty()) {
        Some(last) if class.contains('$') => last,
        _ => class.rsplit('.').next().unwrap_or(class),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_owner_counts_without_its_package() {
        let (code, _) = template_code("org.apache.flink.runtime.taskmanager.Task", "switched");
        assert_eq!(code, template_code("o.a.f.r.t.Task", "switched").0);
        assert_ne!(code, template_code("o.a.f.r.t.Other", "switched").0);
        assert!(code.starts_with("E-") && code.len() == 10);
    }

    #[test]
    fn simple_names_are_found() {
        assert_eq!(simple_name("a.b.Outer$Inner"), "Inner");
        assert_eq!(simple_name("a.b.Outer$1"), "Outer");
        assert_eq!(
            simple_name("FlinkKafkaConsumer011"),
            "FlinkKafkaConsumer011"
        );
        assert_eq!(simple_name(""), "");
    }
}
