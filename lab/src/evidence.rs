//! Is a healthy run healthy? Asked of Flink, over the last seconds of the run.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::check::Spent;
use crate::machine;
use crate::rates::Rates;
use crate::rest::{Rest, RestError, number};
use crate::run::Job;
use crate::scenario::HealthyLimits;

const LOOK_EVERY: Duration = Duration::from_millis(1_500);
/// Waiting for the next vertex is healthy in moments, not as a habit.
const MOST_BACKPRESSURED: f64 = 350.0;

/// What speaks against health, if anything, watched until a moment.
///
/// # Errors
/// [`RestError`] if Flink does not answer.
pub async fn of_health(
    rest: &Rest,
    job: &Job,
    limits: &HealthyLimits,
    until: Instant,
) -> Result<Option<String>, RestError> {
    let mut rates: BTreeMap<(String, &str), Rates> = BTreeMap::new();
    while Instant::now() < until {
        for vertex in job.vertex_ids() {
            for spent in [Spent::Busy, Spent::Backpressured] {
                let values = rest
                    .subtask_metric(&job.id, vertex, spent.counter())
                    .await?;
                let rates = rates
                    .entry((vertex.to_owned(), spent.counter()))
                    .or_default();
                rates.add(machine::now_ms(), values);
            }
        }
        sleep(LOOK_EVERY).await;
    }
    for ((vertex, counter), rates) in &rates {
        let most = rates.per_second().into_iter().flatten().fold(0.0, f64::max);
        let busy = *counter == Spent::Busy.counter();
        if most
            > if busy {
                limits.busy_max
            } else {
                MOST_BACKPRESSURED
            }
        {
            return Ok(Some(format!("{counter} of {vertex} grows by {most} ms/s")));
        }
    }
    of_job(rest, job, limits).await
}

/// What speaks against a rescale that was asked for having happened.
///
/// # Errors
/// [`RestError`] if Flink does not answer.
pub async fn of_rescale(
    rest: &Rest,
    job: &Job,
    asked: Option<u32>,
) -> Result<Option<String>, RestError> {
    let Some(asked) = asked else {
        return Ok(None);
    };
    let vertices = rest.vertices(&job.id).await?;
    let other = vertices
        .iter()
        .find(|vertex| vertex.parallelism != u64::from(asked));
    Ok(other.map(|vertex| {
        format!(
            "{} was to run {asked} times, and runs {} times",
            vertex.name, vertex.parallelism
        )
    }))
}

async fn of_job(
    rest: &Rest,
    job: &Job,
    limits: &HealthyLimits,
) -> Result<Option<String>, RestError> {
    let state = rest.job_state(&job.id).await?;
    if state != "RUNNING" {
        return Ok(Some(format!("the job is {state}")));
    }
    let restarts = rest.restarts(&job.id).await?;
    if restarts > limits.restarts as f64 {
        return Ok(Some(format!("{restarts} restarts")));
    }
    let checkpoints = rest.get(&format!("/jobs/{}/checkpoints", job.id)).await?;
    let failed = number(&checkpoints["counts"]["failed"]);
    // The first checkpoint may come before all tasks run.
    let allowed = 1.0 + limits.restarts as f64;
    Ok((failed > allowed).then(|| format!("{failed} failed checkpoints")))
}
