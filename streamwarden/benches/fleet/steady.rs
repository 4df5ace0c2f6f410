//! So many jobs for so long: what each service takes, whether lag grows, how soon a failure is told.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::processes::{Home, Process, cpu_s};
use crate::{Ground, say};

const POLL_S: f64 = 10.0;
/// First polls read lists and configuration; windows need some.
const WARM_UP: Duration = Duration::from_secs(60);
const SERVICES: [&str; 4] = ["collector-1", "featurizer-1", "inference-1", "notifier-1"];
/// Failures while everything else goes on, one of so many jobs.
const ONE_FAILS_OF: usize = 5;
/// A message that did not come by then is missing.
const MESSAGE_LIMIT: Duration = Duration::from_secs(40);
const LAG: &str = "streamwarden_kafka_lag_records";

pub(crate) async fn measure(ground: &Ground, jobs: usize, seconds: u64) {
    let prefix = format!("bench{jobs}");
    let home = Home::new(&ground.configuration(&prefix, jobs));
    let services: Vec<Process> = SERVICES
        .iter()
        .map(|name| home.start(name, &[("STREAMWARDEN_KAFKA__INSTANCE_ID", name)], None))
        .collect();
    sleep(WARM_UP).await;
    let before: Vec<f64> = services.iter().map(Process::cpu_s).collect();
    let others = [ground.broker.pid().unwrap(), std::process::id()];
    let others_before = others.map(cpu_s);
    let (polls, lag) = (
        services[0].metric("streamwarden_collector_polls_total"),
        lags(&services),
    );
    let began = Instant::now();
    let delays = failures(ground, &prefix, jobs, Duration::from_secs(seconds)).await;
    let elapsed_s = began.elapsed().as_secs_f64();
    let polls = services[0].metric("streamwarden_collector_polls_total") - polls;
    let mut total = 0.0;
    for (service, before) in services.iter().zip(before) {
        let used = service.cpu_s() - before;
        total += used;
        row(
            jobs,
            &service.name,
            used,
            elapsed_s,
            polls,
            service.resident_mb(),
        );
    }
    row(jobs, "all services", total, elapsed_s, polls, f64::NAN);
    for ((name, pid), before) in ["Kafka", "stand-in for Flink"]
        .iter()
        .zip(others)
        .zip(others_before)
    {
        row(jobs, name, cpu_s(pid) - before, elapsed_s, polls, f64::NAN);
    }
    let metrics = services[0].metrics();
    let of = |name: &str| metrics.get(name).copied().unwrap_or_default();
    say(&format!(
        "{jobs} jobs: {polls:.0} polls in {elapsed_s:.0} s (one every {:.1} s a job), {:.0} cut short, {:.0} answers missing; lag at the \
         beginning {lag:?}, at the end {:?}; {}",
        jobs as f64 * elapsed_s / polls,
        of("streamwarden_collector_polls_cut_short_total"),
        of("streamwarden_collector_answers_missing_total"),
        lags(&services),
        told(delays),
    ));
}

fn row(jobs: usize, who: &str, used_s: f64, elapsed_s: f64, polls: f64, memory_mb: f64) {
    let (cores, each_ms) = (used_s / elapsed_s, 1_000.0 * used_s / polls);
    let memory = if memory_mb.is_nan() {
        "-".to_owned()
    } else {
        format!("{memory_mb:.0}")
    };
    say(&format!(
        "| {jobs} | {who} | {cores:.3} | {each_ms:.2} | {memory} |"
    ));
}

fn lags(services: &[Process]) -> Vec<f64> {
    services
        .iter()
        .skip(1)
        .map(|service| service.metric(LAG))
        .collect()
}

/// Makes jobs fail one after the other, spread over the time; gives the seconds until each was told, if it was.
async fn failures(ground: &Ground, prefix: &str, jobs: usize, time: Duration) -> Vec<Option<f64>> {
    let count = (jobs / ONE_FAILS_OF).max(1);
    let began = Instant::now();
    // The last ones need time to be told.
    let pause = time.saturating_sub(MESSAGE_LIMIT) / u32::try_from(count).unwrap();
    for number in 0..count {
        ground.flink.fail(number * ONE_FAILS_OF);
        // Not in step with the polls.
        sleep(pause).await;
    }
    tokio::time::sleep_until(began + time.max(MESSAGE_LIMIT)).await;
    let (failed, told) = (ground.flink.failed(), ground.inbox.arrivals());
    ground.flink.heal();
    let seconds = |(cluster, at): (&usize, &u128)| {
        let told = told.get(&format!("{prefix}-{cluster}"))?;
        Some(told.saturating_sub(*at) as f64 / 1_000.0)
    };
    failed.iter().map(seconds).collect()
}

fn told(delays: Vec<Option<f64>>) -> String {
    let asked = delays.len();
    let mut seconds: Vec<f64> = delays.into_iter().flatten().collect();
    seconds.sort_by(f64::total_cmp);
    let Some(last) = seconds.len().checked_sub(1) else {
        return format!("none of {asked} failures was told");
    };
    let quantile = |part: f64| seconds[(last as f64 * part).round() as usize];
    format!(
        "failure to message: {} of {asked}, median {:.1} s, p99 {:.1} s, longest {:.1} s (a poll is {POLL_S} s)",
        seconds.len(),
        quantile(0.5),
        quantile(0.99),
        quantile(1.0),
    )
}
