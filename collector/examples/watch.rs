//! Prints what the collector sees of a cluster: `cargo run -p streamwarden-collector --example watch -- URL [POLLS] [LOG_DIRECTORY]`.

use std::io::Write;

use streamwarden_collector::{ClusterTarget, ClusterWatcher, CollectorConfig};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let mut target = ClusterTarget::new(
        "example",
        arguments
            .next()
            .ok_or("usage: watch URL [POLLS] [LOG_DIRECTORY]")?,
    );
    let polls: u32 = arguments.next().map_or(Ok(1), |polls| polls.parse())?;
    target
        .log_directories
        .extend(arguments.next().map(Into::into));
    let config = CollectorConfig {
        poll_interval_ms: 5_000,
        ..CollectorConfig::default()
    };
    let mut watcher = ClusterWatcher::new(target, config)?;
    let mut out = std::io::stdout().lock();
    for poll in 0..polls {
        if poll > 0 {
            tokio::time::sleep(watcher.pause()).await;
        }
        let started = std::time::Instant::now();
        let observations = watcher.poll().await;
        writeln!(
            out,
            "poll {poll}: {} observations in {:?}",
            observations.len(),
            started.elapsed()
        )?;
        for observation in observations {
            writeln!(out, "{observation:#?}")?;
        }
    }
    Ok(())
}
