//! A thin client of Flink's REST API, for starting, stopping and checking; the recording has its own eyes.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use crate::scenario::{Settings, plain};

const REQUEST_LIMIT: Duration = Duration::from_secs(20);
/// Planning a job in SQL takes long the first time, and on a busy machine.
const SUBMIT_LIMIT: Duration = Duration::from_secs(120);
/// Twice a second.
const SAVEPOINT_LOOKS: u32 = 60;
const LAB_JOB: &str = "io.streamwarden.lab.LabJob";
const BOUNDARY: &str = "streamwarden-lab-jar";

/// One cluster's REST API.
#[derive(Debug, Clone)]
pub struct Rest {
    base: String,
    client: reqwest::Client,
}

/// What is asked of Flink with a job.
#[derive(Debug, Clone, Copy)]
pub struct Submission<'a> {
    /// The jar's id.
    pub jar: &'a str,
    /// Class whose `main` is run; the lab's own if absent.
    pub entry_class: Option<&'a str>,
    /// Its arguments.
    pub arguments: &'a [String],
    /// Configuration of the job.
    pub config: &'a Settings,
    /// Where to start from.
    pub savepoint: Option<&'a str>,
}

/// Why an answer is missing.
#[derive(Debug, thiserror::Error)]
pub enum RestError {
    /// No answer, or none that is JSON.
    #[error("no answer from {path}")]
    NoAnswer {
        /// What was asked.
        path: String,
        /// Why.
        #[source]
        source: reqwest::Error,
    },
    /// Flink refuses.
    #[error("{path} answered {status}: {body}")]
    Refused {
        /// What was asked.
        path: String,
        /// HTTP status.
        status: u16,
        /// Flink's words, shortened.
        body: String,
        /// All of them.
        answer: String,
    },
    /// A savepoint takes too long.
    #[error("the savepoint was not there after {} s", SAVEPOINT_LOOKS / 2)]
    NoSavepoint,
    /// The jar cannot be read.
    #[error("cannot read the jobs' jar")]
    Jar(#[from] std::io::Error),
}

/// One vertex as REST tells it.
#[derive(Debug, Clone, PartialEq)]
pub struct VertexInfo {
    /// Flink's id.
    pub id: String,
    /// Name as printed.
    pub name: String,
    /// `RUNNING` only if all subtasks run.
    pub status: String,
    /// Tasks that run.
    pub running: u64,
    /// Subtasks.
    pub parallelism: u64,
}

impl Rest {
    /// A client for `http://host:port`.
    #[must_use]
    pub fn new(base: &str) -> Self {
        Self {
            base: base.to_owned(),
            client: reqwest::Client::builder()
                .timeout(SUBMIT_LIMIT)
                .build()
                .unwrap_or_default(),
        }
    }

    /// Address of the API.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.base
    }

    /// Asks for a path.
    ///
    /// # Errors
    /// [`RestError`] if there is no good answer.
    pub async fn get(&self, path: &str) -> Result<Value, RestError> {
        let request = self.client.get(format!("{}{path}", self.base));
        self.send(path, request.timeout(REQUEST_LIMIT)).await
    }

    async fn send(&self, path: &str, request: reqwest::RequestBuilder) -> Result<Value, RestError> {
        let no_answer = |source| RestError::NoAnswer {
            path: path.to_owned(),
            source,
        };
        let response = request.send().await.map_err(no_answer)?;
        let status = response.status();
        if status.is_success() {
            return response.json().await.map_err(no_answer);
        }
        let body = response.text().await.map_err(no_answer)?;
        Err(RestError::Refused {
            path: path.to_owned(),
            status: status.as_u16(),
            body: root_cause(&body).chars().take(500).collect(),
            answer: body,
        })
    }

    /// Slots of all TaskManagers.
    ///
    /// # Errors
    /// [`RestError`] if there is no good answer.
    pub async fn slots_total(&self) -> Result<u64, RestError> {
        Ok(number(&self.get("/overview").await?["slots-total"]) as u64)
    }

    /// Slots that no job has.
    ///
    /// # Errors
    /// [`RestError`] if there is no good answer.
    pub async fn slots_free(&self) -> Result<u64, RestError> {
        Ok(number(&self.get("/overview").await?["slots-available"]) as u64)
    }

    /// Uploads the jobs and answers the jar's id.
    ///
    /// # Errors
    /// [`RestError`] if the jar cannot be read or is refused.
    pub async fn upload(&self, jar: &Path) -> Result<String, RestError> {
        let mut body = format!(
            "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"jarfile\"; filename=\"lab-jobs.jar\"\r\n\
             Content-Type: application/x-java-archive\r\n\r\n"
        )
        .into_bytes();
        body.extend(std::fs::read(jar)?);
        body.extend(format!("\r\n--{BOUNDARY}--\r\n").into_bytes());
        let request = self
            .client
            .post(format!("{}/jars/upload", self.base))
            .header(
                "Content-Type",
                format!("multipart/form-data; boundary={BOUNDARY}"),
            )
            .body(body);
        let answer = self.send("/jars/upload", request).await?;
        let file = answer["filename"].as_str().unwrap_or_default();
        Ok(file.rsplit('/').next().unwrap_or_default().to_owned())
    }

    /// Asks for a text.
    ///
    /// # Errors
    /// [`RestError`] if there is no answer.
    pub async fn text(&self, path: &str) -> Result<String, RestError> {
        let no_answer = |source| RestError::NoAnswer {
            path: path.to_owned(),
            source,
        };
        let request = self.client.get(format!("{}{path}", self.base));
        let response = request.timeout(REQUEST_LIMIT).send().await;
        response.map_err(no_answer)?.text().await.map_err(no_answer)
    }

    /// Starts a job and answers its id.
    ///
    /// # Errors
    /// [`RestError`] if Flink refuses it.
    pub async fn submit(&self, what: &Submission<'_>) -> Result<String, RestError> {
        let config = what.config.iter().map(|(key, value)| (key, plain(value)));
        let path = format!("/jars/{}/run", what.jar);
        let mut body = json!({
            "entryClass": what.entry_class.unwrap_or(LAB_JOB),
            "programArgsList": what.arguments,
            "flinkConfiguration": config.collect::<BTreeMap<_, _>>(),
        });
        if let Some(savepoint) = what.savepoint {
            body["savepointPath"] = json!(savepoint);
        }
        let request = self.client.post(format!("{}{path}", self.base)).json(&body);
        let answer = self.send(&path, request).await?;
        Ok(answer["jobid"].as_str().unwrap_or_default().to_owned())
    }

    /// Ends a job with a savepoint and answers where that lies.
    ///
    /// # Errors
    /// [`RestError`] if Flink refuses, or does not get it done.
    pub async fn stop_with_savepoint(&self, job: &str, folder: &str) -> Result<String, RestError> {
        let path = format!("/jobs/{job}/stop");
        let body = json!({ "targetDirectory": folder, "drain": false });
        let request = self.client.post(format!("{}{path}", self.base)).json(&body);
        let answer = self.send(&path, request).await?;
        let trigger = answer["request-id"].as_str().unwrap_or_default().to_owned();
        let path = format!("/jobs/{job}/savepoints/{trigger}");
        for _ in 0..SAVEPOINT_LOOKS {
            let answer = self.get(&path).await?;
            if let Some(location) = answer["operation"]["location"].as_str() {
                return Ok(location.to_owned());
            }
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
        Err(RestError::NoSavepoint)
    }

    /// The job that was submitted last, if it was not before `since_ms`.
    ///
    /// # Errors
    /// [`RestError`] if there is no good answer.
    pub async fn newest_job(&self, since_ms: i64) -> Result<Option<String>, RestError> {
        let answer = self.get("/jobs/overview").await?;
        let newest = items(&answer["jobs"])
            .max_by(|a, b| number(&a["start-time"]).total_cmp(&number(&b["start-time"])));
        let newest = newest.filter(|job| number(&job["start-time"]) >= since_ms as f64);
        Ok(newest.and_then(|job| job["jid"].as_str().map(str::to_owned)))
    }

    /// Asks the adaptive scheduler to run all vertices of a job with another parallelism.
    ///
    /// # Errors
    /// [`RestError`] if there is no good answer, as from another scheduler.
    pub async fn rescale(&self, job: &str, parallelism: u32) -> Result<(), RestError> {
        let bounds = json!({ "parallelism": { "lowerBound": 1, "upperBound": parallelism } });
        let vertices = self.vertices(job).await?;
        let body: BTreeMap<&str, &Value> = vertices
            .iter()
            .map(|vertex| (vertex.id.as_str(), &bounds))
            .collect();
        let path = format!("/jobs/{job}/resource-requirements");
        let request = self.client.put(format!("{}{path}", self.base)).json(&body);
        self.send(&path, request).await.map(|_| ())
    }

    /// Asks Flink to cancel a job.
    ///
    /// # Errors
    /// [`RestError`] if Flink refuses.
    pub async fn cancel(&self, job: &str) -> Result<(), RestError> {
        let path = format!("/jobs/{job}");
        let request = self
            .client
            .patch(format!("{}{path}?mode=cancel", self.base));
        self.send(&path, request).await.map(|_| ())
    }

    /// State of a job.
    ///
    /// # Errors
    /// [`RestError`] if there is no good answer.
    pub async fn job_state(&self, job: &str) -> Result<String, RestError> {
        let answer = self.get(&format!("/jobs/{job}")).await?;
        Ok(answer["state"].as_str().unwrap_or_default().to_owned())
    }

    /// How often a job was restarted; NaN before Flink knows.
    ///
    /// # Errors
    /// [`RestError`] if there is no good answer.
    pub async fn restarts(&self, job: &str) -> Result<f64, RestError> {
        let path = format!("/jobs/{job}/metrics?get=numRestarts");
        Ok(number(&self.get(&path).await?[0]["value"]))
    }

    /// Vertices of a job.
    ///
    /// # Errors
    /// [`RestError`] if there is no good answer.
    pub async fn vertices(&self, job: &str) -> Result<Vec<VertexInfo>, RestError> {
        let answer = self.get(&format!("/jobs/{job}")).await?;
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        Ok(items(&answer["vertices"])
            .map(|vertex| VertexInfo {
                id: text(&vertex["id"]),
                name: text(&vertex["name"]),
                status: text(&vertex["status"]),
                running: number(&vertex["tasks"]["RUNNING"]) as u64,
                parallelism: number(&vertex["parallelism"]) as u64,
            })
            .collect())
    }

    /// A metric of each subtask; empty where none reports it. The name may leave out the operator: it then is a suffix.
    ///
    /// # Errors
    /// [`RestError`] if there is no good answer.
    pub async fn subtask_metric(
        &self,
        job: &str,
        vertex: &str,
        metric: &str,
    ) -> Result<Vec<f64>, RestError> {
        let path = format!("/jobs/{job}/vertices/{vertex}/metrics");
        let known = self.get(&path).await?;
        let suffix = format!(".{metric}");
        let names: Vec<_> = items(&known)
            .filter_map(|entry| entry["id"].as_str())
            .filter(|id| id.ends_with(&suffix))
            .collect();
        if names.is_empty() {
            return Ok(Vec::new());
        }
        let answer = self.get(&format!("{path}?get={}", names.join(","))).await?;
        Ok(items(&answer)
            .map(|entry| number(&entry["value"]))
            .filter(|value| value.is_finite())
            .collect())
    }

    /// Metrics of a TaskManager by name.
    ///
    /// # Errors
    /// [`RestError`] if there is no good answer.
    pub async fn taskmanager_metrics(
        &self,
        id: &str,
        names: &[&str],
    ) -> Result<BTreeMap<String, f64>, RestError> {
        let path = format!("/taskmanagers/{id}/metrics?get={}", names.join(","));
        let answer = self.get(&path).await?;
        Ok(items(&answer)
            .map(|entry| {
                (
                    entry["id"].as_str().unwrap_or_default().to_owned(),
                    number(&entry["value"]),
                )
            })
            .collect())
    }

    /// Ids of the TaskManagers that are registered.
    ///
    /// # Errors
    /// [`RestError`] if there is no good answer.
    pub async fn taskmanagers(&self) -> Result<Vec<String>, RestError> {
        let answer = self.get("/taskmanagers").await?;
        Ok(items(&answer["taskmanagers"])
            .filter_map(|one| one["id"].as_str().map(str::to_owned))
            .collect())
    }

    /// TaskManager on which a subtask runs.
    ///
    /// # Errors
    /// [`RestError`] if there is no good answer.
    pub async fn host_of(
        &self,
        job: &str,
        vertex: &str,
        subtask: usize,
    ) -> Result<Option<String>, RestError> {
        let answer = self.get(&format!("/jobs/{job}/vertices/{vertex}")).await?;
        let host = answer["subtasks"][subtask]["taskmanager-id"].as_str();
        Ok(host.map(str::to_owned))
    }
}

/// Flink answers with a whole stack trace; what matters is its end.
pub(crate) fn root_cause(body: &str) -> &str {
    body.rsplit("Caused by: ").next().unwrap_or(body)
}

/// Elements of a JSON array; none for anything else.
pub(crate) fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// A number, also where Flink writes it as text; NaN for anything else.
pub(crate) fn number(value: &Value) -> f64 {
    match value {
        Value::Number(number) => number.as_f64().unwrap_or(f64::NAN),
        Value::String(text) => text.parse().unwrap_or(f64::NAN),
        _ => f64::NAN,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_flink_writes_them() {
        assert_eq!(number(&json!(3)), 3.0);
        assert_eq!(number(&json!("985")), 985.0);
        assert!(number(&json!("NaN")).is_nan());
        assert!(number(&Value::Null).is_nan());
    }
}
