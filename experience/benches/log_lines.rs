//! Lines a second through the analyzer, on a mixed log as in life: most of it information, now and then a failure.

use std::hint::black_box;
use std::sync::Arc;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use streamwarden_experience::explain::explain;
use streamwarden_experience::{Experience, LogParser, ParserOptions};

const LINES: usize = 100_000;

/// Lines like those of a JobManager and its TaskManagers.
fn mixed_log() -> String {
    let mut log = String::new();
    for n in 0..LINES / 10 {
        let at = format!(
            "2026-11-22 21:{:02}:{:02},{:03}",
            n / 60 % 60,
            n % 60,
            n % 1000
        );
        for line in [
            format!("INFO  org.apache.flink.runtime.checkpoint.CheckpointCoordinator    [] - Triggering checkpoint {n} (type=CheckpointType{{name='Checkpoint', sharingFilesStrategy=FORWARD_BACKWARD}}) @ 17953{n:08} for job 4fab.\n"),
            format!("INFO  org.apache.flink.runtime.checkpoint.CheckpointCoordinator    [] - Completed checkpoint {n} for job 4fab (123456 bytes, checkpointDuration=77 ms, finalizationTime=3 ms).\n"),
            format!("INFO  org.apache.flink.runtime.taskmanager.Task                    [] - Source: orders -> map (1/2)#{n} (c0ffee) switched from DEPLOYING to INITIALIZING.\n"),
            "DEBUG org.apache.kafka.clients.NetworkClient                       [] - [Consumer clientId=orders-0, groupId=orders] Received FETCH response from node 1\n".to_owned(),
        ] {
            log.push_str(&format!("{at} {line}"));
            log.push_str(&format!("{at} {line}"));
        }
        log.push_str(&format!("{at} WARN  org.apache.kafka.clients.NetworkClient                       [] - [Consumer clientId=orders-0] Connection to node 1 was disconnected\n"));
        log.push_str("java.io.EOFException: null\n");
    }
    log
}

fn lines(criterion: &mut Criterion) {
    let Ok(experience) = Experience::builtin() else {
        return;
    };
    let log = mixed_log();
    let mut group = criterion.benchmark_group("log lines");
    group
        .sample_size(10)
        .throughput(Throughput::Elements(log.lines().count() as u64));
    group.bench_function("explained", |bench| {
        bench.iter(|| black_box(explain(&experience, log.as_bytes()).map(|answers| answers.len())));
    });
    group.bench_function("every line coded", |bench| {
        bench.iter(|| {
            let mut parser =
                LogParser::new(Arc::clone(experience.templates()), ParserOptions::default());
            let mut events = Vec::new();
            for chunk in log.as_bytes().chunks(256 * 1024) {
                parser.push(chunk, &mut events);
                black_box(events.len());
                events.clear();
            }
            parser.finish(&mut events);
        });
    });
    group.finish();
}

criterion_group!(benches, lines);
criterion_main!(benches);
