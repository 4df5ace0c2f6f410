//! Secrets come from files or the environment and are never printed.

use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// Where a secret is to be found: `{ file = "/run/secrets/kafka" }` or `{ env = "KAFKA_PASSWORD" }`.
///
/// The configuration holds only the place, so that it can be printed, stored and compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Secret {
    /// Content of a file, without the line end after it.
    File(PathBuf),
    /// Value of an environment variable.
    Env(String),
}

/// A secret that was read. `Debug` and `Display` show stars.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretText(String);

/// A secret cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// The file cannot be read.
    #[error("the secret file {path} cannot be read")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The environment variable is not set.
    #[error("the environment variable {0}, which should hold a secret, is not set")]
    Env(String),
    /// There is nothing in it.
    #[error("the secret from {0} is empty")]
    Empty(String),
}

impl Secret {
    /// Reads it. Call it when it is used, not once at the start: a rotated file is then seen.
    ///
    /// # Errors
    /// [`SecretError`] if it is not there or empty.
    pub fn read(&self) -> Result<SecretText, SecretError> {
        let text = match self {
            Self::File(path) => {
                std::fs::read_to_string(path).map_err(|source| SecretError::File {
                    path: path.clone(),
                    source,
                })?
            }
            Self::Env(name) => std::env::var(name).map_err(|_| SecretError::Env(name.clone()))?,
        };
        let text = text.trim_end_matches(['\n', '\r']);
        if text.is_empty() {
            return Err(SecretError::Empty(self.place()));
        }
        Ok(SecretText(text.to_owned()))
    }

    fn place(&self) -> String {
        match self {
            Self::File(path) => format!("the file {}", path.display()),
            Self::Env(name) => format!("the environment variable {name}"),
        }
    }
}

impl SecretText {
    /// Wraps a text that came from elsewhere (a test, a prompt).
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The secret itself, for the one place that needs it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl fmt::Display for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_that_was_read_does_not_print_itself() {
        let secret = SecretText::new("hunter2");
        assert_eq!(format!("{secret} {secret:?}"), "*** ***");
        assert_eq!(secret.expose(), "hunter2");
    }

    #[test]
    fn a_missing_place_is_named() {
        let missing = Secret::Env("STREAMWARDEN_NO_SUCH_SECRET".into());
        let text = missing.read().unwrap_err().to_string();
        assert!(text.contains("STREAMWARDEN_NO_SUCH_SECRET"), "{text}");
    }

    #[test]
    fn the_line_end_of_a_secret_file_is_no_part_of_the_secret() {
        let path = std::env::temp_dir().join(format!("streamwarden-secret-{}", std::process::id()));
        std::fs::write(&path, "s3cret\n").unwrap();
        let read = Secret::File(path.clone()).read().unwrap();
        std::fs::remove_file(path).unwrap();
        assert_eq!(read.expose(), "s3cret");
    }
}
