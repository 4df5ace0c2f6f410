//! Stands in for a Flink REST API: serves recorded answers over real HTTP, and misbehaves on demand.

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// Flink's HTTP server refuses a longer request line.
const REQUEST_LINE_LIMIT_BYTES: usize = 4_096;

/// What is answered to a path.
#[derive(Debug, Clone)]
pub(crate) enum Answer {
    Json(Value),
    Text(Vec<u8>),
    Status(u16),
    /// The same answer, but later.
    Late(Duration, Box<Answer>),
    /// A broken answer: the connection ends in the middle.
    CutOff,
}

#[derive(Default)]
struct State {
    answers: Mutex<BTreeMap<String, Answer>>,
    rendered: Mutex<HashMap<String, Arc<[u8]>>>,
    asked: Mutex<Vec<String>>,
    authorizations: Mutex<Vec<String>>,
}

/// A running stand-in; it ends when it is dropped.
pub(crate) struct StandIn {
    state: Arc<State>,
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl Drop for StandIn {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Answers that were recorded from a real Flink of this version.
pub(crate) fn recorded(version: &str) -> BTreeMap<String, Value> {
    let path = format!(
        "{}/../collector/tests/fixtures/flink-{version}.json",
        env!("CARGO_MANIFEST_DIR")
    );
    let text = std::fs::read_to_string(path).unwrap();
    serde_json::from_str(&text).unwrap()
}

impl StandIn {
    /// Serves recorded answers on a free port.
    pub(crate) async fn serving(version: &str) -> Self {
        Self::serving_at(version, "127.0.0.1:0".parse().unwrap()).await
    }

    /// Serves recorded answers on this port.
    pub(crate) async fn serving_at(version: &str, address: SocketAddr) -> Self {
        let stand_in = Self::empty(address).await;
        for (path, value) in recorded(version) {
            stand_in.answer(&path, of_value(value));
        }
        stand_in
    }

    async fn empty(address: SocketAddr) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(State::default());
        let task = tokio::spawn(accept(listener, Arc::clone(&state)));
        Self {
            state,
            address,
            task,
        }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Answers differently from now on.
    pub(crate) fn answer(&self, path: &str, answer: Answer) {
        self.state.rendered.lock().unwrap().clear();
        self.state
            .answers
            .lock()
            .unwrap()
            .insert(path.to_owned(), answer);
    }

    /// Changes a recorded answer.
    pub(crate) fn change(&self, path: &str, change: impl FnOnce(&mut Value)) {
        let Some(Answer::Json(mut value)) = self.state.answers.lock().unwrap().get(path).cloned()
        else {
            panic!("nothing was recorded for {path}");
        };
        change(&mut value);
        self.answer(path, Answer::Json(value));
    }

    /// Values of the header `authorization` so far.
    pub(crate) fn authorizations(&self) -> Vec<String> {
        self.state.authorizations.lock().unwrap().clone()
    }

    /// Paths that were asked for since the last call.
    pub(crate) fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.state.asked.lock().unwrap())
    }
}

fn of_value(value: Value) -> Answer {
    match value {
        Value::String(text) => Answer::Text(text.into_bytes()),
        json => Answer::Json(json),
    }
}

async fn accept(listener: TcpListener, state: Arc<State>) {
    // Connections end with the stand-in.
    let mut connections = tokio::task::JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let _ = stream.set_nodelay(true);
        connections.spawn(serve(stream, Arc::clone(&state)));
    }
}

async fn serve(stream: TcpStream, state: Arc<State>) {
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    loop {
        line.clear();
        if stream.read_line(&mut line).await.unwrap_or(0) == 0 {
            return;
        }
        let target = line.split(' ').nth(1).unwrap_or_default().to_owned();
        let too_long = line.len() > REQUEST_LINE_LIMIT_BYTES;
        while line != "\r\n" {
            line.clear();
            if stream.read_line(&mut line).await.unwrap_or(0) == 0 {
                return;
            }
            if let Some(value) = line.strip_prefix("authorization: ") {
                let value = value.trim_end().to_owned();
                state.authorizations.lock().unwrap().push(value);
            }
        }
        state.asked.lock().unwrap().push(target.clone());
        let answer = if too_long {
            render(&Answer::Status(404), &target).into()
        } else {
            answer(&state, &target).await
        };
        if stream.write_all(&answer).await.is_err() || answer.ends_with(b"<cut off") {
            return;
        }
    }
}

async fn answer(state: &State, target: &str) -> Arc<[u8]> {
    if let Some(rendered) = state.rendered.lock().unwrap().get(target) {
        return Arc::clone(rendered);
    }
    let path = target.split('?').next().unwrap_or_default();
    let path = url::Url::parse(&format!("http://x{path}"))
        .map_or_else(|_| path.to_owned(), |url| decoded(url.path()));
    let mut answer = state
        .answers
        .lock()
        .unwrap()
        .get(&path)
        .cloned()
        .unwrap_or(Answer::Status(404));
    if let Answer::Late(delay, late) = answer {
        tokio::time::sleep(delay).await;
        return render(&late, target).into();
    }
    if path.ends_with("/metrics")
        && let Answer::Json(Value::Array(metrics)) = &answer
    {
        answer = Answer::Json(asked_for(metrics, target));
    }
    let rendered: Arc<[u8]> = render(&answer, target).into();
    state
        .rendered
        .lock()
        .unwrap()
        .insert(target.to_owned(), Arc::clone(&rendered));
    rendered
}

/// Only ids without `?get=`, only those named with it; as Flink does.
fn asked_for(metrics: &[Value], target: &str) -> Value {
    let ids = target.split_once("?get=").map(|(_, ids)| decoded(ids));
    let chosen = metrics.iter().filter_map(|metric| match &ids {
        None => Some(serde_json::json!({"id": metric["id"]})),
        Some(ids) => ids
            .split(',')
            .any(|id| metric["id"] == id)
            .then(|| metric.clone()),
    });
    Value::Array(chosen.collect())
}

fn decoded(text: &str) -> String {
    let pair = format!("x={}", text.replace('+', "%2B"));
    url::form_urlencoded::parse(pair.as_bytes())
        .next()
        .map_or_else(String::new, |(_, value)| value.into_owned())
}

fn render(answer: &Answer, target: &str) -> Vec<u8> {
    let (status, body) = match answer {
        Answer::Json(value) => (200, value.to_string().into_bytes()),
        Answer::Text(text) => (200, text.clone()),
        Answer::Status(status) => (
            *status,
            format!("{{\"errors\":[\"nothing at {target}\"]}}").into_bytes(),
        ),
        Answer::CutOff => {
            return b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n<cut off".to_vec();
        }
        Answer::Late(..) => (500, Vec::new()),
    };
    let mut bytes = format!(
        "HTTP/1.1 {status} x\r\ncontent-length: {}\r\n\r\n",
        body.len()
    )
    .into_bytes();
    bytes.extend(body);
    bytes
}
