//! Where observations go.

use std::error::Error;
use std::future::Future;

use streamwarden_proto::v1::Observation;

/// Observations could not be handed over for good.
#[derive(Debug, thiserror::Error)]
#[error("observations could not be handed over")]
pub struct SinkError(#[source] pub Box<dyn Error + Send + Sync>);

impl SinkError {
    /// Wraps whatever went wrong.
    pub fn new(error: impl Error + Send + Sync + 'static) -> Self {
        Self(Box::new(error))
    }
}

/// Takes what a watcher saw: a topic, a tape, a featurizer in the same process.
///
/// A sink tries again by itself where that helps; an error ends the watching.
pub trait ObservationSink: Send + Sync {
    /// Takes the observations of one poll, in their order. Returns when they are safe.
    fn publish(
        &self,
        observations: Vec<Observation>,
    ) -> impl Future<Output = Result<(), SinkError>> + Send;
}

impl ObservationSink for tokio::sync::mpsc::Sender<Observation> {
    async fn publish(&self, observations: Vec<Observation>) -> Result<(), SinkError> {
        for observation in observations {
            self.send(observation).await.map_err(SinkError::new)?;
        }
        Ok(())
    }
}
