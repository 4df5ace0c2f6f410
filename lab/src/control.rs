//! The control file that a job's processes read again every 200 ms.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::scenario::{Settings, plain};

/// A job's control file.
#[derive(Debug, Clone)]
pub struct ControlFile {
    path: PathBuf,
    base: Settings,
}

impl ControlFile {
    /// Writes the file as it is while all is well.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn create(path: PathBuf, base: &Settings) -> io::Result<Self> {
        let file = Self {
            path,
            base: base.clone(),
        };
        file.reset()?;
        Ok(file)
    }

    /// Lays changes over the base.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn set(&self, changes: &Settings) -> io::Result<()> {
        let mut settings = self.base.clone();
        settings.extend(changes.clone());
        write_at_once(&self.path, &render(&settings))
    }

    /// Takes all changes away.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn reset(&self) -> io::Result<()> {
        self.set(&Settings::new())
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

fn render(settings: &Settings) -> String {
    settings
        .iter()
        .map(|(key, value)| format!("{key}={}\n", plain(value)))
        .collect()
}

/// A reader sees the old file or the new one, never half of it.
fn write_at_once(path: &Path, text: &str) -> io::Result<()> {
    let next = path.with_extension("next");
    fs::write(&next, text)?;
    fs::rename(&next, path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use toml::Value;

    #[test]
    fn changes_lie_over_the_base_and_go_away_again() {
        let folder = tempfile::tempdir().unwrap();
        let base = Settings::from([("a.rate".to_owned(), Value::Integer(10))]);
        let file = ControlFile::create(folder.path().join("control"), &base).unwrap();
        let changes = Settings::from([
            ("a.rate".to_owned(), Value::Integer(20)),
            ("b.exception".to_owned(), Value::String("state".to_owned())),
        ]);
        file.set(&changes).unwrap();
        let read = || fs::read_to_string(file.path()).unwrap();
        assert_eq!(read(), "a.rate=20\nb.exception=state\n");
        file.reset().unwrap();
        assert_eq!(read(), "a.rate=10\n");
    }
}
