//! Experience packs: a folder of problems and templates, built in or read at start.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use include_dir::{Dir, include_dir};

use crate::analyzer::RuleIndex;
use crate::models;
use crate::problem::{Problem, validate};
use crate::template::TemplateCoder;
use crate::text::{TextModel, TextModelError};

static PROBLEMS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/problems");
static TEMPLATES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/templates");

/// What is wrong with a pack.
#[derive(Debug, thiserror::Error)]
pub enum PackError {
    /// A file or folder cannot be read.
    #[error("{path} of the experience pack cannot be read")]
    Read {
        /// What was read.
        path: PathBuf,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
    /// The text model of the folder is none.
    #[error("{path} of the experience pack is no text model")]
    TextModel {
        /// What was read.
        path: PathBuf,
        /// Why not.
        #[source]
        source: TextModelError,
    },
    /// All mistakes of all files, one a line.
    #[error("the experience pack has {} mistakes:\n{}", .0.len(), .0.join("\n"))]
    Mistakes(Vec<String>),
}

/// Problems, their rules compiled, and the templates of messages.
#[derive(Debug)]
pub struct Experience {
    problems: Vec<Problem>,
    by_name: HashMap<String, usize>,
    rules: RuleIndex,
    templates: Arc<TemplateCoder>,
    /// Read when the first failure comes that no rule knows; none if it cannot be read.
    text: OnceLock<Option<TextModel>>,
}

impl Experience {
    /// The pack that is built into the program. It is not validated at each start: a test does that.
    ///
    /// # Errors
    /// [`PackError::Mistakes`] if a file cannot be read at all.
    pub fn builtin() -> Result<Self, PackError> {
        let (parsed, mistakes) = parse(&builtin_problems());
        if !mistakes.is_empty() {
            return Err(PackError::Mistakes(mistakes));
        }
        Ok(Self::assemble(
            parsed,
            TemplateCoder::from_sorted(builtin_templates().into_values()),
        ))
    }

    /// The built-in pack, extended by the folder's `problems/*.toml` and `templates/*.tsv`: a problem with the slug
    /// of a built-in one replaces it, as its `models/text/model.onnx` does.
    ///
    /// # Errors
    /// [`PackError`] with every mistake of every file.
    pub fn load(folder: &Path) -> Result<Self, PackError> {
        let mut problems = owned(builtin_problems());
        let mut templates = owned(builtin_templates());
        for (name, text) in read_folder(&folder.join("problems"), "toml")? {
            problems.insert(name, text);
        }
        for (name, text) in read_folder(&folder.join("templates"), "tsv")? {
            templates.insert(name, text);
        }
        let mut pack = Self::from_files(&problems, &templates)?;
        if let Some(model) = read_text_model(&folder.join("models/text/model.onnx"))? {
            pack.text = OnceLock::from(Some(model));
        }
        Ok(pack)
    }

    /// A pack out of files' texts, by name without ending.
    ///
    /// # Errors
    /// [`PackError::Mistakes`] with every mistake of every file.
    pub fn from_files(
        problems: &BTreeMap<String, String>,
        templates: &BTreeMap<String, String>,
    ) -> Result<Self, PackError> {
        let (parsed, mut mistakes) = parse(problems);
        mistakes.extend(validate::mistakes(&parsed));
        if !mistakes.is_empty() {
            return Err(PackError::Mistakes(mistakes));
        }
        Ok(Self::assemble(
            parsed,
            TemplateCoder::from_texts(templates.values().map(String::as_str)),
        ))
    }

    fn assemble(mut problems: Vec<Problem>, templates: TemplateCoder) -> Self {
        problems.sort_by(|one, other| one.code.cmp(&other.code));
        let mut by_name = HashMap::new();
        for (index, problem) in problems.iter().enumerate() {
            by_name.insert(problem.slug.clone(), index);
            by_name.insert(problem.code.clone(), index);
        }
        Self {
            rules: RuleIndex::new(&problems),
            problems,
            by_name,
            templates: Arc::new(templates),
            text: OnceLock::new(),
        }
    }

    /// All problems, in the order of their codes.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// A problem by slug or code.
    #[must_use]
    pub fn problem(&self, slug_or_code: &str) -> Option<&Problem> {
        self.by_name
            .get(slug_or_code)
            .map(|index| &self.problems[*index])
    }

    /// What gives messages their codes; shared with log parsers.
    #[must_use]
    pub fn templates(&self) -> &Arc<TemplateCoder> {
        &self.templates
    }

    /// What judges failures that no rule knows, by their words.
    #[must_use]
    pub fn text_model(&self) -> Option<&TextModel> {
        let read = || TextModel::read(models::text()).ok();
        self.text.get_or_init(read).as_ref()
    }

    /// The problems' rules, compiled.
    #[must_use]
    pub(crate) fn rules(&self) -> &RuleIndex {
        &self.rules
    }

    /// Version of the pack: that of the program.
    #[must_use]
    pub fn version(&self) -> &'static str {
        env!("CARGO_PKG_VERSION")
    }
}

/// The problems of files' texts, and what could not be read.
fn parse(files: &BTreeMap<String, impl AsRef<str>>) -> (Vec<Problem>, Vec<String>) {
    let (mut parsed, mut mistakes) = (Vec::new(), Vec::new());
    for (name, text) in files {
        match toml::from_str::<Problem>(text.as_ref()) {
            Ok(problem) if problem.slug != *name => {
                mistakes.push(format!("{name}: the file's slug is {}", problem.slug));
            }
            Ok(problem) => parsed.push(problem),
            Err(error) => mistakes.push(format!("{name}: {}", error.to_string().trim())),
        }
    }
    (parsed, mistakes)
}

fn builtin_problems() -> BTreeMap<String, &'static str> {
    texts(&PROBLEMS, "toml")
}

fn builtin_templates() -> BTreeMap<String, &'static str> {
    texts(&TEMPLATES, "tsv")
}

fn owned(texts: BTreeMap<String, &str>) -> BTreeMap<String, String> {
    let owned = texts
        .into_iter()
        .map(|(name, text)| (name, text.to_owned()));
    owned.collect()
}

fn texts(dir: &'static Dir<'static>, ending: &str) -> BTreeMap<String, &'static str> {
    let files = dir
        .files()
        .filter(|file| file.path().extension().is_some_and(|e| e == ending));
    let named = files.filter_map(|file| {
        let name = file.path().file_stem()?.to_str()?;
        Some((name.to_owned(), file.contents_utf8()?))
    });
    named.collect()
}

fn read_text_model(path: &Path) -> Result<Option<TextModel>, PackError> {
    if !path.is_file() {
        return Ok(None);
    }
    let bytes = std::fs::read(path).map_err(|source| PackError::Read {
        path: path.to_owned(),
        source,
    })?;
    let model = TextModel::read(&bytes).map_err(|source| PackError::TextModel {
        path: path.to_owned(),
        source,
    })?;
    Ok(Some(model))
}

fn read_folder(folder: &Path, ending: &str) -> Result<BTreeMap<String, String>, PackError> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| PackError::Read { path, source }
    };
    let mut texts = BTreeMap::new();
    if !folder.is_dir() {
        return Ok(texts);
    }
    for entry in std::fs::read_dir(folder).map_err(failed(folder))? {
        let path = entry.map_err(failed(folder))?.path();
        if path.extension().is_some_and(|found| found == ending)
            && let Some(name) = path.file_stem().and_then(|stem| stem.to_str())
        {
            let text = std::fs::read_to_string(&path).map_err(failed(&path))?;
            texts.insert(name.to_owned(), text);
        }
    }
    Ok(texts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_builtin_pack_has_no_mistakes() {
        if let Err(error) =
            Experience::from_files(&owned(builtin_problems()), &owned(builtin_templates()))
        {
            panic!("{error}");
        }
    }

    #[test]
    fn all_mistakes_of_a_pack_are_told_at_once() {
        let bad = |slug: &str, extra: &str| {
            let head = format!(
                "code = \"SW9999\"\nslug = \"{slug}\"\nclass = \"heap_oom\"\nscope = \"job\"\n"
            );
            format!(
                "{head}severity = \"warning\"\ntitle = [\"{{nope}}\"]\neffect = [\"x\"]\nwhat = \"x\"\nwhy = \"x\"\n{extra}"
            )
        };
        let files = BTreeMap::from([
            ("one".to_owned(), bad("one", "")),
            ("two".to_owned(), bad("two", "explains = [\"three\"]\n")),
            ("odd".to_owned(), bad("odd", "surprise = 1\n")),
        ]);
        let Err(PackError::Mistakes(mistakes)) = Experience::from_files(&files, &BTreeMap::new())
        else {
            panic!("the pack was accepted")
        };
        let all = mistakes.join("\n");
        for part in [
            "surprise",
            "{nope}",
            "there is no problem three",
            "code SW9999 is used 2 times",
        ] {
            assert!(all.contains(part), "{part} is not in\n{all}");
        }
    }
}
