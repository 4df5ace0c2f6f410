//! Ties the pure parts together: state machine, view, store, live events.
//!
//! Steps are stored in the order in which the state machine made them: one at a time, and again until the store takes
//! it. So memory and store never part ways for longer than the store is away.

pub mod live;
mod people;
mod scene;

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use streamwarden_proto::cloud_event::FindingEvent;
use streamwarden_proto::scope::Scope;
use streamwarden_proto::v1::context_record;
use streamwarden_proto::{FeatureEvent, Record};
use streamwarden_service_runtime::{Shutdown, chain};

use crate::alerts::AlertMachine;
use crate::alerts::alert::Alert;
use crate::alerts::config::AlertingConfig;
use crate::alerts::intent::Step;
use crate::api::types::{ModelList, ProblemList, TapeNote};
use crate::channels::NamedChannel;
use crate::clock::Clock;
use crate::dispatch::Dispatcher;
use crate::metrics::Metrics;
use crate::store::{Store, StoreError};
use crate::turns::Turns;
use crate::view::kept::KeptRows;
use crate::view::{FeatureNames, FleetView};
use live::Live;
use scene::EngineScene;

pub use people::PersonError;

/// Pause before a step is stored again.
const STORE_PAUSE: Duration = Duration::from_secs(1);

/// What the notifier knows from elsewhere: whoever starts it hands it over.
#[derive(Debug, Clone, Default)]
pub struct Knowledge {
    /// Names of the values in feature records.
    pub names: FeatureNames,
    /// The catalogue of problems.
    pub catalogue: ProblemList,
    /// The models that judge.
    pub models: ModelList,
    /// The tape that is played; nothing while clusters are live.
    pub tape: Option<TapeNote>,
    /// Becomes true when all of the tape has been played.
    pub tape_ended: Arc<AtomicBool>,
}

/// State machine, view, store and live events.
pub struct Engine {
    state: Mutex<State>,
    /// Held from making a step to storing it.
    steps: tokio::sync::Mutex<()>,
    /// Where everything is kept.
    pub store: Arc<dyn Store>,
    /// Channels as configured.
    pub channels: Vec<NamedChannel>,
    /// Whoever watches live.
    pub live: Live,
    /// What the notifier knows from elsewhere.
    pub knowledge: Knowledge,
    /// The process's clock.
    pub clock: Clock,
    /// When this process started.
    pub started_ms: i64,
    /// Counters and gauges.
    pub metrics: Metrics,
    dispatcher: OnceLock<Dispatcher>,
    public_url: String,
    unreadable: AtomicU64,
}

/// What changes together.
pub struct State {
    /// Open alerts, silences.
    pub machine: AlertMachine,
    /// Clusters and jobs.
    pub view: FleetView,
    /// Rows of the list of jobs.
    pub rows: KeptRows,
    /// Problems seen before: newest begin, how often.
    past: HashMap<String, (i64, u32)>,
}

/// A step cannot be stored, and the process is to end.
#[derive(Debug, thiserror::Error)]
#[error("alerts could not be stored before the end")]
pub struct NotStored {
    /// Why.
    #[source]
    pub source: StoreError,
}

impl Engine {
    /// Takes up what an earlier process left in the store.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be read.
    pub async fn start(
        store: Arc<dyn Store>,
        channels: Vec<NamedChannel>,
        alerting: AlertingConfig,
        public_url: &str,
        knowledge: Knowledge,
        clock: Clock,
    ) -> Result<Self, StoreError> {
        let now_ms = clock();
        let remembered = store.load(now_ms).await?;
        let past = store.past().await?;
        let mut view = FleetView::new(knowledge.names.clone());
        for alert in &remembered.alerts {
            let finding = &alert.finding;
            view.ensure_job(&finding.cluster_id, &finding.job_id, &finding.job_name);
        }
        let routes = channels.iter().map(NamedChannel::route).collect();
        let mut machine = AlertMachine::new(alerting, routes);
        machine.restore(remembered, now_ms);
        let count = |count: i64| u32::try_from(count).unwrap_or(u32::MAX);
        let past = past
            .into_iter()
            .map(|(key, began, times)| (key, (began, count(times))));
        Ok(Self {
            state: Mutex::new(State {
                machine,
                view,
                rows: KeptRows::default(),
                past: past.collect(),
            }),
            steps: tokio::sync::Mutex::new(()),
            store,
            channels,
            live: Live::default(),
            knowledge,
            started_ms: now_ms,
            clock,
            metrics: Metrics::registered(),
            dispatcher: OnceLock::new(),
            public_url: public_url.trim_end_matches('/').to_owned(),
            unreadable: AtomicU64::new(0),
        })
    }

    /// Starts sending what is in the outbox.
    pub fn start_sending(&self, shutdown: &Shutdown) {
        let alone = Turns::alone();
        let dispatcher =
            Dispatcher::start(&self.channels, &self.store, &self.clock, &alone, shutdown);
        self.send_by(dispatcher);
    }

    /// Wakes these senders when there is something to be sent.
    pub(crate) fn send_by(&self, dispatcher: Dispatcher) {
        // A second call would wake a second set of senders; the first one stays.
        drop(self.dispatcher.set(dispatcher));
    }

    /// State machine and view, for reading. Hold it shortly.
    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The time by which ages are judged: the clock's, or the tape's while one is played.
    #[must_use]
    pub fn shown_now_ms(&self) -> i64 {
        let newest = self
            .knowledge
            .tape
            .as_ref()
            .and_then(|_| self.state().view.newest_ms());
        newest.unwrap_or_else(|| (self.clock)())
    }

    /// The tape that is played, and whether it is over.
    #[must_use]
    pub fn tape(&self) -> Option<TapeNote> {
        let mut tape = self.knowledge.tape.clone()?;
        tape.ended = self.knowledge.tape_ended.load(Ordering::Relaxed);
        Some(tape)
    }

    /// The page's address.
    #[must_use]
    pub fn public_url(&self) -> &str {
        &self.public_url
    }

    /// A record could not be read.
    pub fn count_unreadable(&self) {
        self.unreadable.fetch_add(1, Ordering::Relaxed);
    }

    /// Records that could not be read since the start.
    #[must_use]
    pub fn unreadable(&self) -> u64 {
        self.unreadable.load(Ordering::Relaxed)
    }

    /// Takes findings' events; returns when they are stored.
    ///
    /// # Errors
    /// [`NotStored`] if the process is to end before the store took them.
    pub async fn on_findings(
        &self,
        events: &[FindingEvent],
        shutdown: &Shutdown,
    ) -> Result<(), NotStored> {
        let now_ms = (self.clock)();
        let make = |state: &mut State, public_url: &str| {
            let mut step = Step::default();
            for event in events {
                let finding = &event.data;
                state
                    .view
                    .ensure_job(&finding.cluster_id, &finding.job_id, &finding.job_name);
                step.append(state.with_scene(public_url, |machine, scene| {
                    machine.on_event(event, scene, now_ms)
                }));
            }
            step
        };
        self.step(make, shutdown).await
    }

    /// Takes records of the topic of features.
    pub fn on_features(&self, events: &[FeatureEvent]) {
        let mut state = self.state();
        for event in events {
            state.view.push(event);
            match event {
                FeatureEvent::Features(record) => {
                    let of_job = record
                        .subject
                        .as_ref()
                        .is_some_and(|subject| Scope::try_from(subject.scope()) == Ok(Scope::Job));
                    let job_id = if of_job { record.job_id.as_str() } else { "" };
                    state
                        .machine
                        .on_window(&record.cluster_id, job_id, record.window_end_ms);
                }
                FeatureEvent::Context(record) => {
                    if let Some(context_record::Kind::Cluster(cluster)) = &record.kind
                        && cluster.reachable
                    {
                        state
                            .machine
                            .on_window(&record.cluster_id, "", event.timestamp_ms());
                    }
                }
                FeatureEvent::Error(_) => {}
            }
        }
    }

    /// Time went on.
    ///
    /// # Errors
    /// [`NotStored`] if the process is to end before the store took what followed.
    pub async fn on_tick(&self, shutdown: &Shutdown) -> Result<(), NotStored> {
        let now_ms = (self.clock)();
        let make = |state: &mut State, public_url: &str| {
            state.with_scene(public_url, |machine, scene| machine.on_tick(scene, now_ms))
        };
        self.step(make, shutdown).await
    }

    /// Makes a step and stores it, again and again until the store takes it.
    async fn step(
        &self,
        make: impl FnOnce(&mut State, &str) -> Step + Send,
        shutdown: &Shutdown,
    ) -> Result<(), NotStored> {
        let _order = self.steps.lock().await;
        let step = {
            let mut state = self.state();
            let step = make(&mut state, &self.public_url);
            state.after(&step);
            step
        };
        if !step.is_empty() {
            while let Err(source) = self.store.commit(&step, (self.clock)()).await {
                tracing::error!(
                    error = chain(&source),
                    "alerts cannot be stored; trying again"
                );
                tokio::select! {
                    () = shutdown.requested() => return Err(NotStored { source }),
                    () = tokio::time::sleep(STORE_PAUSE) => {}
                }
            }
        }
        self.tell(&step);
        Ok(())
    }

    fn tell(&self, step: &Step) {
        if let Some(dispatcher) = self.dispatcher.get() {
            dispatcher.wake(step.intents.iter().map(|intent| intent.channel.as_str()));
        }
        for change in &step.changes {
            self.live.finding(change);
        }
        if !step.changes.is_empty() || !step.intents.is_empty() {
            self.live.status();
        }
    }
}

impl State {
    fn with_scene<T>(
        &mut self,
        public_url: &str,
        act: impl FnOnce(&mut AlertMachine, &EngineScene<'_>) -> T,
    ) -> T {
        let scene = EngineScene {
            view: &self.view,
            past: &self.past,
            public_url,
        };
        act(&mut self.machine, &scene)
    }

    /// Lets the view and the memory of the past follow a step.
    fn after(&mut self, step: &Step) {
        for change in &step.changes {
            let finding = &change.finding;
            self.view.touch(&finding.cluster_id, &finding.job_id);
        }
        let ended = step.alerts.iter().filter(|alert| !alert.is_open());
        for alert in ended {
            self.remember(alert);
        }
    }

    fn remember(&mut self, alert: &Alert) {
        let past = self
            .past
            .entry(alert.fingerprint.clone())
            .or_insert((alert.began_ms, 0));
        past.0 = past.0.max(alert.began_ms);
        past.1 += 1;
    }
}
