//! How soon the overview of 1,000 jobs is answered while 50 people look at it and windows come in.
//!
//! Not a matter of one call: a real server on a local port, 50 connections, JSON packed as browsers ask for it. Tells
//! the percentiles and fails above the target.

#![allow(
    clippy::unwrap_used,
    reason = "a bench ends where something is missing"
)]

#[path = "../tests/it/figures.rs"]
#[allow(dead_code, reason = "what only tests ask for")]
mod figures;
#[path = "../tests/it/support.rs"]
#[allow(dead_code, reason = "what only tests ask for")]
mod support;

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use streamwarden_notifier::Knowledge;
use streamwarden_notifier::alerts::config::AlertingConfig;
use streamwarden_notifier::api::auth::Guard;
use streamwarden_notifier::api::{Api, serve};
use streamwarden_notifier::engine::Engine;
use streamwarden_notifier::store::{SqlStore, Store};
use streamwarden_proto::FeatureEvent;
use streamwarden_proto::scope::Scope;
use streamwarden_service_runtime::Shutdown;
use tokio::net::TcpListener;
use tokio::time::{MissedTickBehavior, interval, sleep};

use support::{BEGAN_MS, HeldClock, opened, slow_sink};

const JOBS: usize = 1_000;
const SICK: usize = 40;
const VIEWERS: usize = 50;
const LASTS: Duration = Duration::from_secs(15);
const TARGET: Duration = Duration::from_millis(50);

fn name_of(job: usize) -> String {
    format!("job-{job}")
}

/// The next window of a job.
fn window(job: usize, at_ms: i64) -> Vec<FeatureEvent> {
    let name = name_of(job);
    let busy = if job < SICK { 985.0 } else { 420.0 };
    vec![
        figures::features(
            Scope::Job,
            &name,
            &format!("id-{name}"),
            at_ms,
            &[12_400.0, busy, 1900.0],
        ),
        figures::features(
            Scope::Vertex,
            &name,
            "v-sink",
            at_ms,
            &[busy, busy, 0.0, 15.0, 7800.0],
        ),
    ]
}

async fn fleet() -> Arc<Engine> {
    let store: Arc<dyn Store> = Arc::new(SqlStore::open("sqlite::memory:").await.unwrap());
    let knowledge = Knowledge {
        names: figures::names(),
        ..Knowledge::default()
    };
    let clock = HeldClock::at(BEGAN_MS + 60_000).clock();
    let alerting = AlertingConfig::default();
    let engine = Engine::start(store, Vec::new(), alerting, "", knowledge, clock).await;
    let engine = engine.unwrap();
    let shutdown = Shutdown::new(Duration::ZERO);
    for job in 0..JOBS {
        engine.on_features(&figures::an_hour(&name_of(job)));
    }
    let events: Vec<_> = (0..SICK)
        .map(|job| opened(&slow_sink(&name_of(job)), BEGAN_MS))
        .collect();
    engine.on_findings(&events, &shutdown).await.unwrap();
    Arc::new(engine)
}

/// Windows of all jobs come every 10 s, spread over the time as in a real fleet.
async fn feed(engine: Arc<Engine>, ended: Arc<AtomicBool>) {
    let mut tenths = interval(Duration::from_millis(100));
    let (mut job, mut at_ms) = (0, BEGAN_MS + 70_000);
    while !ended.load(Ordering::Relaxed) {
        tenths.tick().await;
        for _ in 0..JOBS / 100 {
            engine.on_features(&window(job, at_ms));
            job += 1;
            if job == JOBS {
                (job, at_ms) = (0, at_ms + 10_000);
            }
        }
    }
}

/// One person: asks again and again, with a pause or as soon as there is an answer; tells how long each answer took.
async fn viewer(address: String, pause: Option<Duration>, begins: Duration) -> Vec<Duration> {
    let client = reqwest::Client::builder().no_gzip().build().unwrap();
    let mut took = Vec::new();
    sleep(begins).await;
    let mut pauses = pause.map(|pause| {
        let mut pauses = interval(pause);
        pauses.set_missed_tick_behavior(MissedTickBehavior::Delay);
        pauses
    });
    let began = Instant::now();
    while began.elapsed() < LASTS {
        if let Some(pauses) = &mut pauses {
            pauses.tick().await;
        }
        let asked = Instant::now();
        let request = client.get(&address).header("accept-encoding", "gzip");
        let answer = request.send().await.unwrap();
        assert!(answer.status().is_success());
        let bytes = answer.bytes().await.unwrap();
        took.push(asked.elapsed());
        assert!(bytes.len() > 10_000);
    }
    took
}

async fn looked_at(address: &str, pause: Option<Duration>) -> Vec<Duration> {
    let apart = pause.unwrap_or_default() / u32::try_from(VIEWERS).unwrap();
    let viewers = (0..VIEWERS).map(|number| {
        let begins = apart * u32::try_from(number).unwrap();
        tokio::spawn(viewer(address.to_owned(), pause, begins))
    });
    let viewers: Vec<_> = viewers.collect();
    let mut took = Vec::new();
    for viewer in viewers {
        took.extend(viewer.await.unwrap());
    }
    took.sort();
    took
}

fn percentile(sorted: &[Duration], percent: usize) -> Duration {
    sorted[(sorted.len() - 1) * percent / 100]
}

fn say(line: &str) {
    // A closed pipe is nobody's loss.
    let _ = writeln!(std::io::stdout(), "{line}");
}

async fn measure() {
    let engine = fleet().await;
    let shutdown = Shutdown::new(Duration::ZERO);
    let guard = Guard::new(Vec::new(), true, false);
    let api = Api::new(Arc::clone(&engine), guard, shutdown);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}/api/v1/jobs", listener.local_addr().unwrap());
    tokio::spawn(async move { serve(listener, api).await.unwrap() });
    let ended = Arc::new(AtomicBool::new(false));
    let fed = tokio::spawn(feed(engine, Arc::clone(&ended)));
    // A page that has no stream asks every 10 s; these ask ten times as often.
    let paced = looked_at(&address, Some(Duration::from_secs(1))).await;
    let endless = looked_at(&address, None).await;
    ended.store(true, Ordering::Relaxed);
    fed.await.unwrap();
    for (how, took) in [
        ("each once a second", &paced),
        ("all of them always", &endless),
    ] {
        say(&format!(
            "overview: {JOBS} jobs, {VIEWERS} viewers, {how}: {} answers, p50 {:?}, p99 {:?}, longest {:?}",
            took.len(),
            percentile(took, 50),
            percentile(took, 99),
            percentile(took, 100)
        ));
    }
    assert!(percentile(&paced, 99) < TARGET, "slower than {TARGET:?}");
}

fn main() {
    // `cargo test` asks benches for their tests; there are none.
    if std::env::args().any(|argument| argument == "--test" || argument == "--list") {
        return;
    }
    let threads = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build();
    threads.unwrap().block_on(measure());
}
