//! The services of a process: started together, ended together.

pub mod place;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use streamwarden_kafka_io::{KafkaConfig, topics};
use streamwarden_notifier::Knowledge;
use streamwarden_proto::scope::Scope;
use streamwarden_service_runtime::shutdown::Drained;
use streamwarden_service_runtime::{Shutdown, admin, health};

use crate::failure::Failure;
use crate::progress::while_waiting;
use crate::settings::Settings;

/// How often a starting process looks whether it is ready.
const READY_CHECK: Duration = Duration::from_millis(50);

/// Services that live and die together.
pub struct Line {
    /// Asks them to end.
    pub shutdown: Shutdown,
    failure: Arc<Mutex<Option<Failure>>>,
}

impl Line {
    /// Nothing runs yet; the endpoints for health and metrics do, if configured.
    ///
    /// # Errors
    /// [`Failure`] if signals or the endpoints' address cannot be had.
    pub async fn begin(settings: &Settings) -> Result<Self, Failure> {
        let grace = Duration::from_millis(settings.process.grace_period_ms);
        let shutdown = Shutdown::on_signals(grace).map_err(|error| {
            Failure::configuration(format!("signals cannot be handled: {error}"))
        })?;
        admin::serve(&settings.admin, &shutdown).await?;
        Ok(Self {
            shutdown,
            failure: Arc::default(),
        })
    }

    /// Starts a service. When it ends before it was asked to, all end.
    pub fn start<E>(
        &self,
        name: &'static str,
        service: impl Future<Output = Result<(), E>> + Send + 'static,
    ) where
        E: Into<Failure> + Send + 'static,
    {
        // Known as a part before it reports by itself: nothing is ready before it is.
        health::global().part(name);
        let (shutdown, failure) = (self.shutdown.clone(), Arc::clone(&self.failure));
        self.shutdown.spawn(name, async move {
            let failed = match service.await {
                Ok(()) if shutdown.is_requested() => return,
                Ok(()) => Failure::configuration(format!("the {name} ended by itself")),
                Err(error) => error.into(),
            };
            tracing::error!(service = name, error = failed.message, "service failed");
            failure
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .get_or_insert(failed);
            shutdown.fail();
        });
    }

    /// The three services behind the collector.
    pub fn start_judging(&self, settings: &Settings, kafka: &KafkaConfig, knowledge: Knowledge) {
        self.start_notifier(settings, kafka, knowledge);
        self.start_inference(settings, kafka);
        self.start_featurizer(settings, kafka);
    }

    /// The collector.
    pub fn start_collector(&self, settings: &Settings, kafka: &KafkaConfig) {
        let (config, shutdown) = (settings.collector.clone(), self.shutdown.clone());
        self.start(
            "collector",
            streamwarden_collector::run(config, kafka.clone(), shutdown),
        );
    }

    /// The featurizer.
    pub fn start_featurizer(&self, settings: &Settings, kafka: &KafkaConfig) {
        let (config, shutdown) = (settings.featurizer.clone(), self.shutdown.clone());
        self.start(
            "featurizer",
            streamwarden_featurizer::pipeline::run(config, kafka.clone(), shutdown),
        );
    }

    /// Inference, with the featurizer's schemas: a model of another one is refused at the start.
    pub fn start_inference(&self, settings: &Settings, kafka: &KafkaConfig) {
        let (config, shutdown) = (settings.inference.clone(), self.shutdown.clone());
        let run = streamwarden_inference::run_with_schemas;
        self.start(
            "inference",
            run(config, kafka.clone(), shutdown, fingerprints()),
        );
    }

    /// The notifier.
    pub fn start_notifier(&self, settings: &Settings, kafka: &KafkaConfig, knowledge: Knowledge) {
        let (config, shutdown) = (settings.notifier.clone(), self.shutdown.clone());
        let run = streamwarden_notifier::run;
        self.start("notifier", run(config, kafka.clone(), shutdown, knowledge));
    }

    /// Waits until every part is ready. False if it will never be.
    pub async fn ready(&self) -> bool {
        let waiting = || {
            let parts = health::global().waiting_for();
            let parts: Vec<String> = parts
                .into_iter()
                .map(|(part, reason)| format!("{part} ({reason})"))
                .collect();
            format!("waiting for {}", parts.join(", "))
        };
        let ready = async {
            while !health::global().waiting_for().is_empty() && !self.shutdown.is_requested() {
                tokio::time::sleep(READY_CHECK).await;
            }
        };
        while_waiting(waiting, ready).await;
        !self.shutdown.is_requested()
    }

    /// Waits until the end is asked for, ends everything, and gives the first failure.
    ///
    /// # Errors
    /// [`Failure`] of the service that failed first, or the names of those that did not end in time.
    pub async fn finish(self) -> Result<(), Failure> {
        self.shutdown.requested().await;
        let drained = self.shutdown.drain().await;
        let failure = self
            .failure
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        match (failure, drained) {
            (Some(failure), _) => Err(failure),
            (None, _) if self.shutdown.has_failed() => Err(Failure::configuration(
                "a part of the process failed; see the log above",
            )),
            (None, Drained::Overrun(tasks)) => Err(Failure::configuration(format!(
                "these did not end within the grace period: {}",
                tasks.join(", ")
            ))),
            (None, Drained::Clean) => Ok(()),
        }
    }
}

/// Makes sure that the brokers answer and the topics fit, before anything starts.
///
/// # Errors
/// [`Failure`] that says which of the two it is.
pub async fn ensure_topics(kafka: &KafkaConfig) -> Result<(), Failure> {
    let about = || format!("waiting for Kafka at {}", kafka.brokers);
    Ok(while_waiting(about, topics::ensure(kafka)).await?)
}

/// Fingerprints of the featurizer's schemas.
#[must_use]
pub fn fingerprints() -> streamwarden_inference::setup::Fingerprints {
    let fingerprint = |scope| (scope, streamwarden_featurizer::schema(scope).fingerprint());
    Scope::MODELLED.into_iter().map(fingerprint).collect()
}
