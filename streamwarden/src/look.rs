//! A look at clusters without a broker: observations in, features and findings out.

use std::sync::Arc;

use streamwarden_experience::Experience;
use streamwarden_featurizer::Featurizer;
use streamwarden_inference::{Diagnosis, JobHealth, setup};
use streamwarden_proto::cloud_event::FindingEvent;
use streamwarden_proto::v1::Observation;
use streamwarden_proto::{FeatureEvent, Finding};
use streamwarden_service_runtime::Exit;

use crate::failure::Failure;
use crate::line::fingerprints;
use crate::settings::Settings;

/// Featurizer and judgement in a row.
pub struct Look {
    featurizer: Featurizer,
    diagnosis: Diagnosis,
}

/// What observations led to.
#[derive(Debug, Default, PartialEq)]
pub struct Seen {
    /// Features, errors and context, in order.
    pub features: Vec<FeatureEvent>,
    /// Findings opened, updated, resolved, in order.
    pub findings: Vec<FindingEvent>,
}

impl Look {
    /// Loads experience and models as the services do.
    ///
    /// # Errors
    /// [`Failure`] that names the file that does not fit.
    pub fn new(settings: &Settings) -> Result<Self, Failure> {
        let experience = experience(settings)?;
        let featurizer = Featurizer::new(settings.featurizer.clone(), Arc::clone(&experience));
        let diagnosis = setup::diagnosis(&settings.inference, experience, &fingerprints())
            .map_err(|error| Failure::caused(Exit::Configuration, &error))?;
        Ok(Self {
            featurizer,
            diagnosis,
        })
    }

    /// Takes observations in their order.
    pub fn push(&mut self, observations: &[Observation]) -> Seen {
        let mut seen = Seen::default();
        for observation in observations {
            let features = self.featurizer.push(observation);
            seen.findings
                .extend(self.diagnosis.push_all(&features).events);
            seen.features.extend(features);
        }
        seen
    }

    /// Every job that is known, with what is open.
    #[must_use]
    pub fn health(&self) -> Vec<JobHealth> {
        self.diagnosis.health()
    }

    /// All that is open.
    #[must_use]
    pub fn open_findings(&self) -> Vec<&Finding> {
        self.diagnosis.open_findings()
    }
}

/// The experience pack as configured.
///
/// # Errors
/// [`Failure`] with every mistake in it.
pub fn experience(settings: &Settings) -> Result<Arc<Experience>, Failure> {
    setup::experience(&settings.inference)
        .map_err(|error| Failure::caused(Exit::Configuration, &error))
}
