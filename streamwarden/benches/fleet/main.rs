//! A thousand jobs through all services, on a real Kafka and a real PostgreSQL: `make bench`.
//!
//! A stand-in answers for Flink. Measured are processor and memory of each service for 10, 100 and 1,000 jobs that are
//! polled every 10 s, whether lag grows, the time from a failure to its message while all that goes on, and what a second
//! instance adds. `STREAMWARDEN_BINARY` names the program to measure, `STREAMWARDEN_FLEET_JOBS` other numbers of jobs
//! (`10,100`), `STREAMWARDEN_FLEET_SECONDS` another time for each.

#![allow(
    clippy::unwrap_used,
    reason = "a bench ends where something is missing"
)]

#[path = "../../tests/chaos/broker.rs"]
#[allow(dead_code, reason = "shared with the tests")]
mod broker;
#[path = "../../tests/chaos/database.rs"]
#[allow(dead_code, reason = "shared with the tests")]
mod database;
mod flink;
mod inbox;
mod processes;
mod scale;
mod steady;

use std::io::Write;

use broker::Broker;
use database::Database;
use flink::Flink;
use inbox::Inbox;

const PARTITIONS: i32 = 12;
const DEFAULT_JOBS: &str = "10,100,1000";
const DEFAULT_SECONDS: u64 = 120;

/// What everything runs on.
pub(crate) struct Ground {
    pub(crate) broker: Broker,
    pub(crate) database: Database,
    pub(crate) flink: Flink,
    pub(crate) inbox: Inbox,
}

impl Ground {
    /// One configuration for all services; topics of their own.
    pub(crate) fn configuration(&self, prefix: &str, jobs: usize) -> String {
        let mut text = format!(
            "[kafka]\nbrokers = \"{}\"\ntopic_prefix = \"{prefix}\"\npartitions = {PARTITIONS}\nreplication = 1\n\
             [telemetry]\nlevel = \"warn\"\n\
             [notifier]\nlisten = \"127.0.0.1:0\"\ndatabase = \"{}\"\n\
             [notifier.alerting]\ncritical_wait_s = 0\ndigest_from = 100000\nsingles_per_minute = 100000\n\
             [[notifier.channels]]\nname = \"bench\"\nto.webhook.url = \"{}\"\n",
            self.broker.address,
            self.database.url(),
            self.inbox.url
        );
        for job in 0..jobs {
            let cluster = format!(
                "[[collector.clusters]]\nid = \"{prefix}-{job}\"\nurl = \"{}\"\n",
                self.flink.url(job)
            );
            text.push_str(&cluster);
        }
        text
    }
}

/// A line of the report.
pub(crate) fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}").unwrap();
    out.flush().unwrap();
}

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(run());
}

async fn run() {
    let jobs = std::env::var("STREAMWARDEN_FLEET_JOBS").unwrap_or_else(|_| DEFAULT_JOBS.to_owned());
    let jobs: Vec<usize> = jobs.split(',').map(|text| text.parse().unwrap()).collect();
    let seconds = std::env::var("STREAMWARDEN_FLEET_SECONDS").ok();
    let seconds = seconds.map_or(DEFAULT_SECONDS, |text| text.parse().unwrap());
    let ground = Ground {
        broker: Broker::start(),
        database: Database::start(),
        flink: Flink::start().await,
        inbox: Inbox::start().await,
    };
    let most = jobs.iter().copied().max().unwrap_or_default();
    say(
        "| jobs | who | processor, of a core | ms a job and poll | memory MB |\n|---|---|---|---|---|",
    );
    for count in &jobs {
        steady::measure(&ground, *count, seconds).await;
    }
    scale::measure(&ground, &format!("bench{most}")).await;
}
