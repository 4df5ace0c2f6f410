//! Is a healthy run healthy? Asked of Flink, at the end of the run.

use crate::rest::{Rest, RestError, number};
use crate::run::Job;
use crate::scenario::HealthyLimits;

/// What speaks against health, if anything.
///
/// # Errors
/// [`RestError`] if Flink does not answer.
pub async fn of_health(
    rest: &Rest,
    job: &Job,
    limits: &HealthyLimits,
) -> Result<Option<String>, RestError> {
    let state = rest.job_state(&job.id).await?;
    if state != "RUNNING" {
        return Ok(Some(format!("the job is {state}")));
    }
    let restarts = rest.get(&format!("/jobs/{}/metrics?get=numRestarts", job.id)).await?;
    let restarts = number(&restarts[0]["value"]);
    if restarts > limits.restarts as f64 {
        return Ok(Some(format!("{restarts} restarts")));
    }
    let checkpoints = rest.get(&format!("/jobs/{}/checkpoints", job.id)).await?;
    let failed = number(&checkpoints["counts"]["failed"]);
    // The first checkpoint may come before all tasks run.
    if failed > 1.0 + limits.restarts as f64 {
        return Ok(Some(format!("{failed} failed checkpoints")));
    }
    for vertex in job.vertex_ids() {
        for (metric, limit) in [
            ("busyTimeMsPerSecond", limits.busy_max),
            ("backPressuredTimeMsPerSecond", 400.0),
        ] {
            let values = rest.subtask_metric(&job.id, vertex, metric).await?;
            let most = values.into_iter().fold(0.0, f64::max);
            if most > limit {
                return Ok(Some(format!("{metric} of {vertex} is {most}")));
            }
        }
    }
    Ok(None)
}
