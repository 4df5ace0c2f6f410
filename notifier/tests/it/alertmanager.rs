//! A real Alertmanager, from Debian's package `prometheus-alertmanager`, gets the alerts and shows them.

use std::process::Command;

use serde_json::Value;
use streamwarden_notifier::channels::config::{ChannelTarget, SecretOrText};

use crate::process::{Running, free_port};
use crate::service::{Service, to};
use crate::support::{HeldClock, eventually, finding, opened, resolved};

/// A server that ends with the test.
struct Alertmanager {
    _process: Running,
    address: String,
    _directory: tempfile::TempDir,
}

fn start() -> Alertmanager {
    let directory = tempfile::tempdir().unwrap();
    let config = directory.path().join("alertmanager.yml");
    std::fs::write(
        &config,
        "route:\n  receiver: none\nreceivers:\n  - name: none\n",
    )
    .unwrap();
    let port = free_port();
    let mut command = Command::new("prometheus-alertmanager");
    command
        .arg(format!("--config.file={}", config.display()))
        .arg(format!("--storage.path={}", directory.path().display()))
        .arg(format!("--web.listen-address=127.0.0.1:{port}"))
        .arg("--cluster.listen-address=");
    Alertmanager {
        _process: Running::start(&mut command, "prometheus-alertmanager"),
        address: format!("http://127.0.0.1:{port}"),
        _directory: directory,
    }
}

async fn shown(address: &str) -> Option<Vec<Value>> {
    let response = reqwest::get(format!("{address}/api/v2/alerts"))
        .await
        .ok()?;
    response.json().await.ok()
}

#[tokio::test]
async fn alertmanager_shows_the_alert_and_lets_it_go() {
    let alertmanager = start();
    let address = alertmanager.address.clone();
    eventually("Alertmanager", || shown(&address)).await;
    let target = ChannelTarget::Alertmanager {
        url: SecretOrText::Text(address.clone()),
    };
    // Alertmanager goes by the machine's clock.
    let now_ms = (streamwarden_notifier::clock::system())();
    let clock = HeldClock::at(now_ms);
    let service = Service::start("sqlite::memory:", vec![to("am", target)], &clock)
        .await
        .sending();
    let class = streamwarden_proto::Class::BackpressureStall;
    let sink = finding("orders <b>&", "slow-sink", class, now_ms - 60_000);
    service.take(&[opened(&sink, now_ms)]).await;
    service.pass_s(5).await;
    let alert = eventually("the alert", || async { shown(&address).await?.pop() }).await;
    assert_eq!(alert["labels"]["alertname"], "slow-sink");
    assert_eq!(alert["labels"]["job"], "orders <b>&");
    assert_eq!(alert["annotations"]["change"], "sink.parallelism 4 → 8");
    service.take(&[resolved(&sink, now_ms + 1_000)]).await;
    let gone = || async { shown(&address).await.filter(Vec::is_empty).map(drop) };
    eventually("no alert any more", gone).await;
    service.stop().await;
}
