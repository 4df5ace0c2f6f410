//! `streamwarden run` beside a Flink that is away, talks nonsense, is slow, and comes back.

use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use serde_json::json;

use crate::process::{Running, program};
use crate::stand_in::{Answer, StandIn};

const OVERVIEW: &str = "/jobs/overview";

/// An address where nobody listens, until a stand-in does.
fn free_address() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap()
}

fn watching(flink: SocketAddr, data: &std::path::Path) -> Running {
    let mut command = program();
    command
        .args(["run", "--listen", "127.0.0.1:0", "--flink"])
        .arg(format!("http://{flink}"))
        .arg("--data")
        .arg(data)
        .env("STREAMWARDEN_COLLECTOR__REQUEST_TIMEOUT_MS", "500")
        .env("STREAMWARDEN_COLLECTOR__POLL_INTERVAL_MS", "1000")
        .env("STREAMWARDEN_COLLECTOR__BACKOFF_LIMIT_MS", "1000");
    Running::start(&mut command)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flink_that_is_away_talks_nonsense_or_is_slow_is_told_once_each_and_watched_when_it_comes()
 {
    let data = tempfile::tempdir().unwrap();
    let address = free_address();
    let running = watching(address, data.path());
    running.line_with("watching 127.0.0.1");
    running.line_with("cannot reach Flink for /jobs/overview");

    let flink = StandIn::serving_at("2.2.1", address).await;
    running.line_with("cluster answers again");

    flink.answer(OVERVIEW, Answer::Text(b"<html>login</html>".to_vec()));
    running.line_with("not what Flink answers");

    let late = Answer::Late(Duration::from_secs(60), Box::new(Answer::Json(json!({}))));
    flink.answer(OVERVIEW, late);
    running.line_with("Flink gave no answer to /jobs/overview in time");

    drop(flink);
    running.line_with("cannot reach Flink for /jobs/overview");

    let _flink = StandIn::serving_at("2.2.1", address).await;
    running.line_with("cluster answers again");

    running.signal("-INT");
    assert!(running.wait().success());
}
