//! Stands in for the Flink REST of many clusters, each with one job of five vertices at parallelism 4.
//!
//! What it answers was recorded from a real Flink 2.2.1 and is stretched: more vertices, more subtasks, counters that grow,
//! checkpoints that come. Each cluster has a loopback address of its own, so that connections are kept as with real ones.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, Mutex};
use std::time::{Instant, SystemTime};

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

const RECORDED_JOB: &str = "4aae9ab99f2bacae78a900d6a58a51a8";
const SOURCE: &str = "f362c87ffabe89c8a91fa7d0a523ba6c";
const MIDDLE: &str = "23ab3a59b17e9c45f95cff4c728611fc";
const SINK: &str = "1fda57489fc99cc8f66c9108fd52ccef";
/// Who is recorded as whom, and under which name.
const VERTICES: [(&str, &str, &str); 5] = [
    (SOURCE, SOURCE, "Source: orders"),
    (MIDDLE, MIDDLE, "parse"),
    ("33ab3a59b17e9c45f95cff4c728611fc", MIDDLE, "enrich"),
    ("43ab3a59b17e9c45f95cff4c728611fc", MIDDLE, "score"),
    (SINK, SINK, "totals -> orders-sink: Writer"),
];
const PARALLELISM: usize = 4;
const RECORDED_CHECKPOINT: u64 = 668;
const CHECKPOINT_EVERY_S: u64 = 10;
/// Figures change so often.
const TICK_S: u64 = 5;
/// A job that fails has failed before: one failure may be an accident.
const FAILED_BEFORE_MS: u128 = 4_000;

type Bodies = HashMap<String, (u64, Arc<Vec<u8>>)>;

/// It ends with the bench's runtime.
pub(crate) struct Flink {
    pub(crate) port: u16,
    state: Arc<State>,
}

struct State {
    recorded: BTreeMap<String, Value>,
    began: Instant,
    bodies: Mutex<Bodies>,
    /// When jobs began to fail, in ms since the epoch.
    sick: Mutex<HashMap<usize, u128>>,
}

pub(crate) fn now_ms() -> u128 {
    SystemTime::UNIX_EPOCH
        .elapsed()
        .map(|time| time.as_millis())
        .unwrap_or_default()
}

impl Flink {
    pub(crate) async fn start() -> Self {
        let file = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../collector/tests/fixtures/flink-2.2.1.json"
        );
        let recorded = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
        let state = Arc::new(State {
            recorded,
            began: Instant::now(),
            bodies: Mutex::default(),
            sick: Mutex::default(),
        });
        let listener = TcpListener::bind("0.0.0.0:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let served = Arc::clone(&state);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let _ = stream.set_nodelay(true);
                tokio::spawn(serve(stream, Arc::clone(&served)));
            }
        });
        Self { port, state }
    }

    /// Address of a cluster's REST.
    pub(crate) fn url(&self, cluster: usize) -> String {
        let (high, low) = (cluster / 250, cluster % 250);
        format!("http://127.1.{high}.{}:{}", low + 1, self.port)
    }

    /// From now on this cluster's job shows failures.
    pub(crate) fn fail(&self, cluster: usize) {
        self.state.sick.lock().unwrap().insert(cluster, now_ms());
    }

    /// When each job began to fail.
    pub(crate) fn failed(&self) -> HashMap<usize, u128> {
        self.state.sick.lock().unwrap().clone()
    }

    pub(crate) fn heal(&self) {
        self.state.sick.lock().unwrap().clear();
    }
}

fn cluster_of(address: IpAddr) -> usize {
    match address {
        IpAddr::V4(address) => {
            let [.., high, low] = Ipv4Addr::octets(&address);
            usize::from(high) * 250 + usize::from(low).saturating_sub(1)
        }
        IpAddr::V6(_) => 0,
    }
}

async fn serve(stream: TcpStream, state: Arc<State>) {
    let cluster = cluster_of(stream.local_addr().unwrap().ip());
    let job = format!("{:032x}", 0xbe_0000_0000_0000_u64 + cluster as u64);
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    loop {
        line.clear();
        if stream.read_line(&mut line).await.unwrap_or(0) == 0 {
            return;
        }
        let target = line.split(' ').nth(1).unwrap_or_default();
        let target = target.replace(&job, RECORDED_JOB);
        while line != "\r\n" {
            line.clear();
            if stream.read_line(&mut line).await.unwrap_or(0) == 0 {
                return;
            }
        }
        let answer = answer(&state, &target, cluster, &job);
        if stream.write_all(&answer).await.is_err() {
            return;
        }
    }
}

fn answer(state: &State, target: &str, cluster: usize, job: &str) -> Vec<u8> {
    let body = if target.contains("/exceptions") {
        let since = state.sick.lock().unwrap().get(&cluster).copied();
        Arc::new(failures(since).to_string().into_bytes())
    } else {
        body(state, target)
    };
    let status = if body.is_empty() { 404 } else { 200 };
    let mut answer = format!(
        "HTTP/1.1 {status} x\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    // Ids have the same length.
    answer.push_str(&String::from_utf8_lossy(&body).replace(RECORDED_JOB, job));
    answer.into_bytes()
}

/// Rendered once for all clusters, as long as it is true.
fn body(state: &State, target: &str) -> Arc<Vec<u8>> {
    let elapsed_s = state.began.elapsed().as_secs();
    let tick = elapsed_s / TICK_S;
    let known = state.bodies.lock().unwrap().get(target).cloned();
    if let Some((at, body)) = known
        && at == tick
    {
        return body;
    }
    let rendered = render(state, target, elapsed_s);
    let body = Arc::new(rendered.map_or_else(Vec::new, |value| value.to_string().into_bytes()));
    let entry = (tick, Arc::clone(&body));
    state
        .bodies
        .lock()
        .unwrap()
        .insert(target.to_owned(), entry);
    body
}

fn render(state: &State, target: &str, elapsed_s: u64) -> Option<Value> {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let path = path.replace("%3A", ":");
    let of_job = path.strip_prefix(&format!("/jobs/{RECORDED_JOB}"));
    let recorded = |path: &str| state.recorded.get(path).cloned();
    if path.contains("/logs") {
        return Some(json!({"logs": []}));
    }
    match of_job {
        None if path == "/jobs/overview" => {
            let mut overview = recorded(&path)?;
            let jobs = overview["jobs"].as_array_mut()?;
            jobs.retain(|job| job["jid"] == RECORDED_JOB);
            Some(overview)
        }
        None if path.ends_with("/metrics") => Some(chosen(recorded(&path)?, query)),
        None => recorded(&path),
        Some("") => Some(job(recorded(&path)?)),
        Some("/metrics") => {
            let mut metrics = recorded(&path)?;
            grow(&mut metrics, elapsed_s);
            Some(chosen(metrics, query))
        }
        Some(rest) if rest.starts_with("/vertices/") => vertex(state, rest, query, elapsed_s),
        Some(rest) if rest.starts_with("/checkpoints") => checkpoints(state, rest, elapsed_s),
        Some(_) => recorded(&path),
    }
}

fn job(mut details: Value) -> Value {
    let find =
        |list: &Value, id: &str| list.as_array()?.iter().find(|one| one["id"] == id).cloned();
    let (mut vertices, mut nodes) = (Vec::new(), Vec::new());
    for (number, (id, recorded, name)) in VERTICES.iter().enumerate() {
        let mut vertex = find(&details["vertices"], recorded).unwrap();
        vertex["id"] = json!(id);
        vertex["name"] = json!(name);
        vertex["parallelism"] = json!(PARALLELISM);
        vertex["tasks"]["RUNNING"] = json!(PARALLELISM);
        vertices.push(vertex);
        let mut node = find(&details["plan"]["nodes"], recorded).unwrap();
        node["id"] = json!(id);
        node["parallelism"] = json!(PARALLELISM);
        node["description"] = json!(name);
        if number > 0 {
            node["inputs"][0]["id"] = json!(VERTICES[number - 1].0);
        }
        nodes.push(node);
    }
    details["vertices"] = json!(vertices);
    details["plan"]["nodes"] = json!(nodes);
    details
}

fn vertex(state: &State, rest: &str, query: &str, elapsed_s: u64) -> Option<Value> {
    let mut parts = rest.split('/').skip(2);
    let (id, what) = (parts.next()?, parts.next());
    let (_, recorded, name) = VERTICES.iter().find(|(own, ..)| *own == id)?;
    let path = format!("/jobs/{RECORDED_JOB}/vertices/{recorded}");
    if what == Some("metrics") {
        let metrics = state.recorded.get(&format!("{path}/metrics"))?;
        return Some(chosen(of_all_subtasks(metrics, elapsed_s), query));
    }
    let mut details = state.recorded.get(&path)?.clone();
    details["id"] = json!(id);
    details["name"] = json!(name);
    details["parallelism"] = json!(PARALLELISM);
    let subtasks = (0..PARALLELISM).map(|number| {
        let mut subtask = details["subtasks"][number % 2].clone();
        subtask["subtask"] = json!(number);
        for (_, value) in subtask["metrics"].as_object_mut().unwrap() {
            if let Some(count) = value.as_u64() {
                *value = json!(count + count / 3_340 * elapsed_s);
            }
        }
        subtask
    });
    details["subtasks"] = subtasks.collect();
    Some(details)
}

fn of_all_subtasks(metrics: &Value, elapsed_s: u64) -> Value {
    let mut all = Vec::new();
    for metric in metrics.as_array().unwrap() {
        let id = metric["id"].as_str().unwrap();
        let Some((subtask, name)) = id.split_once('.') else {
            continue;
        };
        let recorded: usize = subtask.parse().unwrap();
        for number in (recorded..PARALLELISM).step_by(2) {
            all.push(json!({"id": format!("{number}.{name}"), "value": metric["value"]}));
        }
    }
    let mut all = Value::Array(all);
    grow(&mut all, elapsed_s);
    all
}

/// Counters go on, watermarks come along.
fn grow(metrics: &mut Value, elapsed_s: u64) {
    for metric in metrics.as_array_mut().unwrap() {
        let id = metric["id"].as_str().unwrap();
        let name = id.rsplit('.').next().unwrap();
        let counts = (name.starts_with("num") || name.starts_with("accumulate"))
            && !name.ends_with("PerSecond");
        if name.ends_with("Watermark") && !id.contains(".split.") {
            metric["value"] = json!((now_ms() - 1_000).to_string());
        } else if counts && let Ok(count) = metric["value"].as_str().unwrap().parse::<u64>() {
            metric["value"] = json!((count + count / 3_340 * elapsed_s).to_string());
        }
    }
}

/// Only ids without `?get=`, only those named with it; as Flink does.
fn chosen(metrics: Value, query: &str) -> Value {
    let Value::Array(metrics) = metrics else {
        return metrics;
    };
    let query = query.replace("%5B", "[").replace("%5D", "]");
    let ids: Option<BTreeSet<&str>> = query
        .strip_prefix("get=")
        .map(|ids| ids.split(',').collect());
    let chosen = metrics.into_iter().filter_map(|metric| match &ids {
        None => Some(json!({"id": metric["id"]})),
        Some(ids) => ids.contains(metric["id"].as_str()?).then_some(metric),
    });
    chosen.collect()
}

/// A new one every few seconds, like the recorded one.
fn checkpoints(state: &State, rest: &str, elapsed_s: u64) -> Option<Value> {
    let job = format!("/jobs/{RECORDED_JOB}");
    let done = elapsed_s / CHECKPOINT_EVERY_S;
    if rest == "/checkpoints" {
        let mut answer = state.recorded.get(&format!("{job}{rest}"))?.clone();
        let total = json!(RECORDED_CHECKPOINT + done);
        answer["counts"]["total"] = total.clone();
        answer["counts"]["completed"] = total;
        let history = answer["history"].as_array_mut()?;
        for (back, checkpoint) in history.iter_mut().enumerate() {
            *checkpoint = shifted(checkpoint.take(), done, back as u64);
        }
        return Some(answer);
    }
    let Some(details) = rest.strip_prefix("/checkpoints/details/") else {
        return state.recorded.get(&format!("{job}{rest}")).cloned();
    };
    let mut parts = details.split('/');
    let id: u64 = parts.next()?.parse().ok()?;
    let base = format!("{job}/checkpoints/details/{RECORDED_CHECKPOINT}");
    let (Some("subtasks"), Some(vertex)) = (parts.next(), parts.next()) else {
        let mut answer = state.recorded.get(&base)?.clone();
        answer["id"] = json!(id);
        let tasks = answer["tasks"].take();
        let of =
            |(id, recorded, _): &(&str, &str, &str)| ((*id).to_owned(), tasks[*recorded].clone());
        answer["tasks"] = Value::Object(VERTICES.iter().map(of).collect());
        return Some(answer);
    };
    let (_, recorded, _) = VERTICES.iter().find(|(own, ..)| *own == vertex)?;
    let mut answer = state
        .recorded
        .get(&format!("{base}/subtasks/{recorded}"))?
        .clone();
    answer["id"] = json!(id);
    Some(answer)
}

fn shifted(mut checkpoint: Value, done: u64, back: u64) -> Value {
    let id = (RECORDED_CHECKPOINT + done).saturating_sub(back);
    let now = u64::try_from(now_ms()).unwrap_or_default();
    let at = now - now % (CHECKPOINT_EVERY_S * 1_000) - back * CHECKPOINT_EVERY_S * 1_000;
    checkpoint["id"] = json!(id);
    checkpoint["trigger_timestamp"] = json!(at);
    checkpoint["latest_ack_timestamp"] = json!(at + 20);
    checkpoint
}

fn failures(since_ms: Option<u128>) -> Value {
    let entry = |at_ms: u128| {
        json!({
            "exceptionName": "java.lang.OutOfMemoryError",
            "stacktrace": "java.lang.OutOfMemoryError: Java heap space\n\tat org.example.Enrich.map(Enrich.java:21)\n\tat org.apache.flink.streaming.api.operators.StreamMap.processElement(StreamMap.java:37)\n\tat java.base/java.lang.Thread.run(Thread.java:840)\n",
            "timestamp": u64::try_from(at_ms).unwrap_or_default(),
            "failureLabels": {},
            "taskName": "enrich (1/4) - execution #1",
            "endpoint": "localhost:39911",
            "taskManagerId": "localhost:43405-7b4c08",
            "concurrentExceptions": []
        })
    };
    let entries: Vec<Value> = since_ms
        .into_iter()
        .flat_map(|at_ms| [entry(at_ms), entry(at_ms - FAILED_BEFORE_MS)])
        .collect();
    json!({"exceptionHistory": {"entries": entries, "truncated": false}})
}
