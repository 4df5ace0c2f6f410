//! Makes readers of the embedded broker wait for records.
//!
//! The engine answers a fetch at once, also when there is nothing to read; a client that is idle would ask again without
//! pause and burn a core. The relay stands between, hands every frame on as it is, and keeps an empty answer to a fetch
//! back until something was written or the usual wait is over: what a real broker does.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use kafka_protocol::messages::{ApiKey, FetchResponse, ResponseHeader};
use kafka_protocol::protocol::Decodable;

/// Clients ask the broker to wait for so long (`fetch.wait.max.ms`).
const FETCH_WAIT: Duration = Duration::from_millis(500);
/// A longer answer to a fetch is not empty, whatever it names.
const EMPTY_ANSWER_LIMIT_BYTES: usize = 16 * 1024;
/// No request or answer is longer; a longer one is no Kafka.
const FRAME_LIMIT_BYTES: usize = 1 << 30;

/// Wakes readers when something was written.
#[derive(Debug, Default)]
struct Writes {
    count: Mutex<u64>,
    changed: Condvar,
}

impl Writes {
    fn seen(&self) -> u64 {
        *self.count.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn announce(&self) {
        *self.count.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        self.changed.notify_all();
    }

    /// Waits until something was written after `seen`. False when the deadline came first.
    fn wait(&self, seen: u64, deadline: Instant) -> bool {
        let limit = deadline.saturating_duration_since(Instant::now());
        let count = self.count.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self
            .changed
            .wait_timeout_while(count, limit, |count| *count == seen);
        !waited.unwrap_or_else(PoisonError::into_inner).1.timed_out()
    }
}

#[derive(Debug, Clone)]
pub(super) struct Relay {
    broker: SocketAddr,
    writes: Arc<Writes>,
}

impl Relay {
    pub(super) fn new(broker: SocketAddr) -> Self {
        Self {
            broker,
            writes: Arc::default(),
        }
    }

    /// Serves one client until it or the broker hangs up.
    pub(super) fn serve(&self, client: TcpStream) {
        if let Err(error) = self.relay(client) {
            tracing::debug!(%error, "connection to the embedded broker ended");
        }
    }

    fn relay(&self, mut client: TcpStream) -> io::Result<()> {
        let mut broker = TcpStream::connect(self.broker)?;
        client.set_nodelay(true)?;
        broker.set_nodelay(true)?;
        while let Some(request) = read_frame(&mut client)? {
            let asked = Asked::of(&request);
            let seen = self.writes.seen();
            let Some(mut answer) = ask(&mut broker, &request)? else {
                return Ok(());
            };
            if asked.is(ApiKey::Fetch) {
                answer = self.wait_for_records(&mut broker, &request, &asked, answer, seen)?;
            } else if asked.is(ApiKey::Produce) || asked.is(ApiKey::EndTxn) {
                self.writes.announce();
            }
            client.write_all(&answer)?;
        }
        Ok(())
    }

    fn wait_for_records(
        &self,
        broker: &mut TcpStream,
        request: &[u8],
        asked: &Asked,
        mut answer: Vec<u8>,
        mut seen: u64,
    ) -> io::Result<Vec<u8>> {
        let deadline = Instant::now() + FETCH_WAIT;
        while asked.is_empty_fetch(&answer) && self.writes.wait(seen, deadline) {
            seen = self.writes.seen();
            answer = ask(broker, request)?.ok_or(io::ErrorKind::UnexpectedEof)?;
        }
        Ok(answer)
    }
}

/// What a request asks for.
struct Asked {
    api: i16,
    version: i16,
}

impl Asked {
    /// A frame is its length, then the request's kind and version.
    fn of(frame: &[u8]) -> Self {
        let number = |at: usize| match frame.get(at..at + 2) {
            Some(bytes) => i16::from_be_bytes([bytes[0], bytes[1]]),
            None => -1,
        };
        Self {
            api: number(4),
            version: number(6),
        }
    }

    fn is(&self, api: ApiKey) -> bool {
        self.api == api as i16
    }

    /// There is nothing in it that the client waits for: no records, no error.
    fn is_empty_fetch(&self, frame: &[u8]) -> bool {
        if frame.len() > EMPTY_ANSWER_LIMIT_BYTES {
            return false;
        }
        let mut body = &frame[4..];
        let header_version = ApiKey::Fetch.response_header_version(self.version);
        if ResponseHeader::decode(&mut body, header_version).is_err() {
            return false;
        }
        FetchResponse::decode(&mut body, self.version).is_ok_and(|answer| is_empty(&answer))
    }
}

#[expect(
    clippy::redundant_closure_for_method_calls,
    reason = "the type of the records belongs to a crate that is not named here"
)]
fn is_empty(answer: &FetchResponse) -> bool {
    let mut partitions = answer.responses.iter().flat_map(|topic| &topic.partitions);
    answer.error_code == 0
        && partitions.all(|partition| {
            partition.error_code == 0
                && partition
                    .records
                    .as_ref()
                    .is_none_or(|records| records.is_empty())
        })
}

fn ask(broker: &mut TcpStream, request: &[u8]) -> io::Result<Option<Vec<u8>>> {
    broker.write_all(request)?;
    read_frame(broker)
}

/// A frame with its length in front; `None` at the end of the stream.
fn read_frame(stream: &mut TcpStream) -> io::Result<Option<Vec<u8>>> {
    let mut length = [0; 4];
    match stream.read_exact(&mut length) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        Err(error) => return Err(error),
    }
    let length_bytes = u32::from_be_bytes(length) as usize;
    if length_bytes > FRAME_LIMIT_BYTES {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut frame = vec![0; 4 + length_bytes];
    frame[..4].copy_from_slice(&length);
    stream.read_exact(&mut frame[4..])?;
    Ok(Some(frame))
}
