//! REST answers a second, from the socket to the encoded record.
//!
//! The stand-in serves recorded answers from memory on a thread of its own; the watcher has one thread to itself, so that the figure
//! is one of one core.

#[path = "../tests/it/stand_in.rs"]
#[allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    reason = "shared with the tests"
)]
mod stand_in;

use std::hint::black_box;
use std::sync::Arc;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use streamwarden_collector::{ClusterTarget, ClusterWatcher, CollectorConfig, LogConfig, Shared};
use streamwarden_proto::Record;

fn poll(criterion: &mut Criterion) {
    let serving = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("runtime");
    let stand_in = serving.block_on(stand_in::StandIn::serving("2.2.1"));
    let polling = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("runtime");
    // Logs are told once only; the bench is one of steady polling.
    let logs = LogConfig {
        enabled: false,
        ..LogConfig::default()
    };
    let config = Arc::new(CollectorConfig {
        metric_refresh_wait_ms: 0,
        logs,
        ..CollectorConfig::default()
    });
    let shared = Shared::new(&config).expect("set up");
    let target = ClusterTarget::new("bench", stand_in.url());
    let mut watcher = ClusterWatcher::sharing(shared, target, config).expect("set up");
    // The first poll reads the lists of metrics.
    polling.block_on(watcher.poll());
    stand_in.asked();
    polling.block_on(watcher.poll());
    let answers = stand_in.asked().len() as u64;
    let mut group = criterion.benchmark_group("poll");
    group.throughput(Throughput::Elements(answers));
    group.bench_function("rest_answers_to_records", |bencher| {
        bencher.iter(|| {
            let observations = polling.block_on(watcher.poll());
            let records: Vec<_> = observations.iter().map(Record::store).collect();
            stand_in.asked();
            black_box(records)
        });
    });
    group.finish();
}

criterion_group!(benches, poll);
criterion_main!(benches);
