//! `streamwarden feedback` against a real notifier.

use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use streamwarden_notifier::Knowledge;
use streamwarden_notifier::alerts::config::AlertingConfig;
use streamwarden_notifier::api::auth::{Guard, KnownToken, Role};
use streamwarden_notifier::api::{Api, serve};
use streamwarden_notifier::clock;
use streamwarden_notifier::engine::Engine;
use streamwarden_notifier::store::{SqlStore, Store};
use streamwarden_proto::cloud_event::FindingEvent;
use streamwarden_service_runtime::{SecretText, Shutdown};
use tokio::net::TcpListener;

use crate::process::{output, program};

const TOKEN: &str = "operator-token";

struct Notifier {
    engine: Arc<Engine>,
    shutdown: Shutdown,
    address: String,
    finding_id: String,
}

/// A notifier with an open finding: the committed sample of the public topic.
async fn notifier() -> Notifier {
    let store: Arc<dyn Store> = Arc::new(SqlStore::open("sqlite::memory:").await.unwrap());
    let knowledge = Knowledge::default();
    let alerting = AlertingConfig::default();
    let engine = Engine::start(store, Vec::new(), alerting, "", knowledge, clock::system()).await;
    let engine = Arc::new(engine.unwrap());
    let shutdown = Shutdown::new(Duration::from_secs(5));
    let sample = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../proto/samples/v1/finding-event.json"
    );
    let event: FindingEvent =
        serde_json::from_str(&std::fs::read_to_string(sample).unwrap()).unwrap();
    let finding_id = event.data.finding_id.clone();
    engine.on_findings(&[event], &shutdown).await.unwrap();
    let token = KnownToken {
        name: "dana".into(),
        role: Role::Operator,
        token: SecretText::new(TOKEN),
    };
    let guard = Guard::new(vec![token], true, false);
    let api = Api::new(Arc::clone(&engine), guard, shutdown.clone());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { serve(listener, api).await.unwrap() });
    Notifier {
        engine,
        shutdown,
        address,
        finding_id,
    }
}

impl Notifier {
    /// What the command says, which runs as a process of its own.
    async fn feedback(&self, arguments: &[&str], token: &str) -> (i32, String, String) {
        let mut command: Command = program();
        command.arg("feedback").args(arguments);
        command.args(["--page", &self.address]);
        command.env("STREAMWARDEN_TOKEN", token);
        let said = tokio::task::spawn_blocking(move || output(&mut command));
        said.await.unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_verdict_from_the_command_line_is_kept_for_training() {
    let notifier = notifier().await;
    let id = notifier.finding_id.clone();
    let arguments = [id.as_str(), "wrong", "--actual", "hot-key"];
    let (code, stdout, stderr) = notifier.feedback(&arguments, TOKEN).await;
    assert_eq!(code, 0, "{stderr}");
    assert!(stdout.starts_with("noted: "), "{stdout}");
    assert!(stdout.contains(" was wrong"), "{stdout}");
    let (code, stdout, stderr) = notifier
        .feedback(&[&id, "right", "--format", "json"], TOKEN)
        .await;
    assert_eq!(code, 0, "{stderr}");
    let kept: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(
        (&kept["verdict"], &kept["author"]),
        (&"right".into(), &"dana".into())
    );
    let all = notifier.engine.store.feedback_since(0).await.unwrap();
    assert_eq!(all.len(), 2);
    assert_eq!(all[0].actual_slug.as_deref(), Some("hot-key"));
    notifier.shutdown.request();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_token_an_unknown_finding_and_a_page_that_is_away_are_one_clear_line_each() {
    let notifier = notifier().await;
    let id = notifier.finding_id.clone();
    let (code, stdout, stderr) = notifier.feedback(&[&id, "right"], "guess").await;
    assert_eq!((code, stdout.as_str()), (3, ""));
    assert!(stderr.contains("this token is not known"), "{stderr}");
    assert!(!stderr.contains("guess"), "{stderr}");
    let (code, _, stderr) = notifier.feedback(&["f-unknown", "right"], TOKEN).await;
    assert_eq!(code, 3);
    assert!(stderr.contains("there is no finding"), "{stderr}");
    let mut away = program();
    away.args(["feedback", &id, "right", "--page", "http://127.0.0.1:9"]);
    let (code, _, stderr) = output(&mut away);
    assert_eq!(code, 4);
    assert!(stderr.contains("http://127.0.0.1:9"), "{stderr}");
    notifier.shutdown.request();
}
