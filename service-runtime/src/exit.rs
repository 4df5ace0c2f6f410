//! What the exit codes mean.

use std::process::ExitCode;

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Done.
    Done = 0,
    /// Done, and there are critical findings (only where that was asked for).
    CriticalFindings = 1,
    /// The command line is wrong.
    Usage = 2,
    /// The configuration, a model or a place to write to is wrong; or the service could not go on.
    Configuration = 3,
    /// What was named cannot be reached.
    Unreachable = 4,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}
