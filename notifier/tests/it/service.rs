//! An engine with its store, its senders and its API, as the service starts them.

use std::sync::Arc;
use std::time::Duration;

use streamwarden_notifier::Knowledge;
use streamwarden_notifier::alerts::config::AlertingConfig;
use streamwarden_notifier::alerts::matcher::Route;
use streamwarden_notifier::api::auth::{Guard, KnownToken, Role};
use streamwarden_notifier::api::types::TapeNote;
use streamwarden_notifier::api::{Api, serve as serve_api};
use streamwarden_notifier::channels::config::{ChannelConfig, ChannelTarget, SecretOrText};
use streamwarden_notifier::channels::{NamedChannel, build};
use streamwarden_notifier::engine::Engine;
use streamwarden_notifier::store::{SqlStore, Store};
use streamwarden_service_runtime::{SecretText, Shutdown};
use tokio::net::TcpListener;

use crate::figures::an_hour;
use crate::slack::Slack;
use crate::support::{BEGAN_MS, HeldClock, opened, slow_sink};

/// Token of an operator.
pub(crate) const OPERATOR: &str = "operator-token";
/// Token of an administrator.
pub(crate) const ADMIN: &str = "admin-token";

pub(crate) struct Service {
    pub(crate) engine: Arc<Engine>,
    pub(crate) clock: HeldClock,
    pub(crate) shutdown: Shutdown,
    pub(crate) address: String,
}

pub(crate) fn slack_webhook(name: &str, url: &str) -> NamedChannel {
    to(
        name,
        ChannelTarget::SlackWebhook {
            url: SecretOrText::Text(url.to_owned()),
        },
    )
}

pub(crate) fn to(name: &str, target: ChannelTarget) -> NamedChannel {
    let config = ChannelConfig {
        name: name.to_owned(),
        to: target,
        route: Route::default(),
    };
    build(&config).unwrap()
}

impl Service {
    /// One that sends to this Slack by its webhook, in memory.
    pub(crate) async fn to_slack(slack: &Slack, at_ms: i64) -> Self {
        let channels = vec![slack_webhook("slack", &slack.webhook_url())];
        Self::start("sqlite::memory:", channels, &HeldClock::at(at_ms))
            .await
            .sending()
    }

    pub(crate) async fn start(
        database: &str,
        channels: Vec<NamedChannel>,
        clock: &HeldClock,
    ) -> Self {
        let store: Arc<dyn Store> = Arc::new(SqlStore::open(database).await.unwrap());
        Self::on(store, channels, clock).await
    }

    pub(crate) async fn on(
        store: Arc<dyn Store>,
        channels: Vec<NamedChannel>,
        clock: &HeldClock,
    ) -> Self {
        let knowledge = Knowledge {
            names: crate::figures::names(),
            tape: None::<TapeNote>,
            ..Knowledge::default()
        };
        let alerting = AlertingConfig::default();
        let url = "https://sw.example";
        let engine = Engine::start(store, channels, alerting, url, knowledge, clock.clock()).await;
        let engine = Arc::new(engine.unwrap());
        let shutdown = Shutdown::new(Duration::from_secs(5));
        let address = serve(&engine, &shutdown).await;
        Self {
            engine,
            clock: clock.clone(),
            shutdown,
            address,
        }
    }

    pub(crate) fn sending(self) -> Self {
        self.engine.start_sending(&self.shutdown);
        self
    }

    pub(crate) async fn take(&self, events: &[streamwarden_proto::cloud_event::FindingEvent]) {
        self.engine
            .on_findings(events, &self.shutdown)
            .await
            .unwrap();
    }

    /// A job runs for an hour, its sink gets slow, and it is told.
    pub(crate) async fn tell_of_a_slow_sink(&self) {
        self.engine.on_features(&an_hour("orders"));
        self.take(&[opened(&slow_sink("orders"), BEGAN_MS)]).await;
        self.pass_s(5).await;
    }

    pub(crate) async fn pass_s(&self, seconds: i64) {
        self.clock.pass_s(seconds);
        self.engine.on_tick(&self.shutdown).await.unwrap();
    }

    pub(crate) async fn stop(self) {
        self.shutdown.request();
        self.shutdown.drain().await;
    }
}

async fn serve(engine: &Arc<Engine>, shutdown: &Shutdown) -> String {
    let token = |name: &str, role, text: &str| KnownToken {
        name: name.into(),
        role,
        token: SecretText::new(text),
    };
    let tokens = vec![
        token("dana", Role::Operator, OPERATOR),
        token("root", Role::Admin, ADMIN),
    ];
    let guard = Guard::new(tokens, true, false);
    let api = Api::new(Arc::clone(engine), guard, shutdown.clone());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    shutdown.spawn("test page", async move {
        serve_api(listener, api).await.unwrap();
    });
    address
}
