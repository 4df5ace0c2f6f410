//! What many watchers share.

use crate::clock::Clock;
use crate::coding::Coding;
use crate::config::CollectorConfig;
use crate::flink::{RestError, Transport};
use streamwarden_experience::PackError;

/// Connections, limits, templates and the clock. Cheap to clone.
#[derive(Clone)]
pub struct Shared {
    pub(crate) transport: Transport,
    pub(crate) coding: Coding,
    pub(crate) clock: Clock,
}

/// A watcher cannot be set up. That a cluster is away is no such error.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// The address is none, certificates cannot be read.
    #[error(transparent)]
    Rest(#[from] RestError),
    /// The built-in experience cannot be read.
    #[error("the built-in experience cannot be read")]
    Experience(#[from] PackError),
}

impl Shared {
    /// Connections as configured, the built-in templates, the machine's clock.
    ///
    /// # Errors
    /// [`SetupError`] if certificates or TLS cannot be set up.
    pub fn new(config: &CollectorConfig) -> Result<Self, SetupError> {
        Ok(Self::with_templates(config, Coding::builtin()?)?)
    }

    /// With these templates: those of another experience pack, or ones that were loaded before.
    ///
    /// # Errors
    /// [`RestError`] if certificates or TLS cannot be set up.
    pub fn with_templates(config: &CollectorConfig, coding: Coding) -> Result<Self, RestError> {
        Ok(Self {
            transport: Transport::new(config)?,
            coding,
            clock: Clock::system(),
        })
    }

    /// The same with another clock.
    #[must_use]
    pub fn with_clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }
}
