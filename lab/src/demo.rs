//! `lab flink`: a real Flink with a job that gets sick, to look at and to watch.

use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;

use tokio::time::sleep;
use toml::Value;

use crate::cluster::Cluster;
use crate::control::ControlFile;
use crate::flink::Flink;
use crate::scenario::{ClusterSpec, Settings};

/// Starts it, makes the sink slow after a while, and stays until the caller drops it.
///
/// # Errors
/// If Flink cannot be fetched or started.
pub async fn sick_flink(lab: &Path, version: &str, healthy_s: u64) -> anyhow::Result<()> {
    let flink = Flink::prepare(lab, version).await?;
    tracing::info!("starting Flink {version}");
    let cluster = Cluster::start(&flink, &ClusterSpec::default()).await?;
    let control = ControlFile::create(
        cluster.path("control.properties"),
        &knobs(&[("orders.rate", 2_000), ("warehouse.sleep_us", 150)]),
    )?;
    let jar = cluster.rest.upload(&flink.jobs_jar).await?;
    let arguments = [
        "--topology".to_owned(),
        "keyed-aggregation".to_owned(),
        "--control".to_owned(),
        control.path().display().to_string(),
    ];
    cluster
        .rest
        .submit(&jar, &arguments, &Settings::new())
        .await?;
    say(&format!("Flink runs at {}", cluster.rest.url()))?;
    say(&format!("watch it:  make run FLINK={}", cluster.rest.url()))?;
    say(&format!(
        "its sink gets slow in {healthy_s} s; ctrl-C ends it"
    ))?;
    sleep(Duration::from_secs(healthy_s)).await;
    control.set(&knobs(&[("warehouse.sleep_us", 4_000)]))?;
    say("the sink is slow now")?;
    std::future::pending::<()>().await;
    Ok(())
}

fn knobs(pairs: &[(&str, i64)]) -> Settings {
    let entry = |(key, value): &(&str, i64)| ((*key).to_owned(), Value::Integer(*value));
    pairs.iter().map(entry).collect()
}

fn say(line: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{line}")?;
    out.flush()
}
