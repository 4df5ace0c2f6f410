//! `lab flink`: a real Flink with a job that gets sick, to look at and to watch.

use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;

use tokio::time::sleep;
use toml::Value;

use crate::cluster::Cluster;
use crate::control::ControlFile;
use crate::flink::Flink;
use crate::rest::Submission;
use crate::scenario::{ClusterSpec, Settings};

/// Healthy jobs that may run beside the sick one, in turn: topology, and the load of its sources.
const BESIDE: [(&str, &[(&str, i64)]); 5] = [
    ("map-chain", &[("clicks.rate", 300)]),
    ("event-time-windows", &[("sensors.rate", 300)]),
    (
        "two-stream-join",
        &[("payments.rate", 150), ("invoices.rate", 150)],
    ),
    ("fan-out", &[("events.rate", 200)]),
    ("keyed-aggregation", &[("orders.rate", 300)]),
];
/// Slots of each of the two TaskManagers that the sick job may take.
const SLOTS: u32 = 4;

/// Starts it, with `beside` healthy jobs next to the sick one, makes the sink slow after a while, and stays until the
/// caller drops it.
///
/// # Errors
/// If Flink cannot be fetched or started.
pub async fn sick_flink(
    lab: &Path,
    version: &str,
    healthy_s: u64,
    beside: u32,
) -> anyhow::Result<()> {
    let flink = Flink::prepare(lab, version, false).await?;
    tracing::info!("starting Flink {version}");
    let spec = ClusterSpec {
        slots: SLOTS + beside.div_ceil(2),
        ..ClusterSpec::default()
    };
    let cluster = Cluster::start(lab, &flink, &spec).await?;
    let jar = cluster.rest.upload(&flink.jobs_jar).await?;
    let load: &[(&str, i64)] = &[("orders.rate", 2_000), ("warehouse.sleep_us", 150)];
    let control = submit(&cluster, &jar, "keyed-aggregation", 2, load, "control").await?;
    for (number, (topology, load)) in (1..=beside).zip(BESIDE.iter().cycle()) {
        submit(
            &cluster,
            &jar,
            topology,
            1,
            load,
            &format!("beside-{number}"),
        )
        .await?;
    }
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

async fn submit(
    cluster: &Cluster,
    jar: &str,
    topology: &str,
    parallelism: u32,
    load: &[(&str, i64)],
    name: &str,
) -> anyhow::Result<ControlFile> {
    let control = ControlFile::create(cluster.path(&format!("{name}.properties")), &knobs(load))?;
    let arguments = [
        "--topology".to_owned(),
        topology.to_owned(),
        "--control".to_owned(),
        control.path().display().to_string(),
        "--parallelism".to_owned(),
        parallelism.to_string(),
    ];
    let what = Submission {
        jar,
        entry_class: None,
        arguments: &arguments,
        config: &Settings::new(),
        savepoint: None,
    };
    cluster.rest.submit(&what).await?;
    Ok(control)
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
