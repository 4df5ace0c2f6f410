//! The HTTP side: time-outs, bounded answers, credentials, bounded concurrency.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use reqwest::header::{AUTHORIZATION, HeaderValue, RANGE};
use reqwest::{Certificate, Response, StatusCode};
use serde::Deserialize;
use tokio::sync::{Semaphore, SemaphorePermit};
use url::Url;

use crate::config::{CollectorConfig, Credentials};
use crate::flink::error::RestError;

/// Of an error answer, no more is kept than this: Flink sends whole stack traces.
const ERROR_TEXT_LIMIT_BYTES: usize = 300;

/// Connections and the limit of concurrent requests that all clusters share. Cheap to clone.
#[derive(Clone)]
pub struct Transport {
    http: reqwest::Client,
    requests: Arc<Semaphore>,
}

impl Transport {
    /// Sets up connections as the configuration says.
    ///
    /// # Errors
    /// [`RestError`] if certificates cannot be read or TLS cannot be set up.
    pub fn new(config: &CollectorConfig) -> Result<Self, RestError> {
        let mut builder = reqwest::Client::builder()
            .connect_timeout(Duration::from_millis(config.connect_timeout_ms))
            .pool_max_idle_per_host(config.max_concurrent_requests_per_cluster)
            .redirect(reqwest::redirect::Policy::limited(3))
            .user_agent(concat!("streamwarden/", env!("CARGO_PKG_VERSION")));
        if let Some(path) = &config.ca_file {
            let pem = std::fs::read(path).map_err(|source| RestError::Certificates {
                path: path.clone(),
                source,
            })?;
            for certificate in Certificate::from_pem_bundle(&pem).map_err(RestError::Client)? {
                builder = builder.add_root_certificate(certificate);
            }
        }
        Ok(Self {
            http: builder.build().map_err(RestError::Client)?,
            requests: Arc::new(Semaphore::new(config.max_concurrent_requests)),
        })
    }
}

/// Asks one cluster.
pub struct FlinkClient {
    transport: Transport,
    requests: Semaphore,
    base: String,
    credentials: Option<Credentials>,
    max_answer_bytes: usize,
    request_timeout: Duration,
    stream_timeout: Duration,
}

/// An answer whose body is still to come. It counts as a request until it is dropped.
pub struct Streaming<'a> {
    response: Response,
    path: String,
    _own: Option<SemaphorePermit<'a>>,
    _shared: Option<SemaphorePermit<'a>>,
}

impl FlinkClient {
    /// A client of the cluster at `url`.
    ///
    /// # Errors
    /// [`RestError::Address`] if `url` is no http or https address.
    pub fn new(
        transport: Transport,
        url: &str,
        credentials: Option<Credentials>,
        config: &CollectorConfig,
    ) -> Result<Self, RestError> {
        Ok(Self {
            transport,
            requests: Semaphore::new(config.max_concurrent_requests_per_cluster),
            base: base_address(url)?,
            credentials,
            max_answer_bytes: config.max_answer_bytes,
            request_timeout: Duration::from_millis(config.request_timeout_ms),
            stream_timeout: Duration::from_millis(config.poll_deadline_ms),
        })
    }

    /// The address without credentials.
    #[must_use]
    pub fn base(&self) -> &str {
        &self.base
    }

    /// Asks for `path` and reads the whole answer.
    ///
    /// # Errors
    /// [`RestError`] if there is no answer, an error, or one that is too long.
    pub async fn get(&self, path: &str) -> Result<Bytes, RestError> {
        let mut answer = self.open(path, None, self.request_timeout).await?;
        let mut body = BytesMut::new();
        while let Some(chunk) = answer.chunk().await? {
            if body.len() + chunk.len() > self.max_answer_bytes {
                return Err(RestError::TooLong {
                    path: path.to_owned(),
                    limit_bytes: self.max_answer_bytes,
                });
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body.freeze())
    }

    /// Asks for `path` and reads the answer as JSON.
    ///
    /// # Errors
    /// [`RestError`], also where the answer is no such JSON.
    pub async fn get_json<T: for<'de> Deserialize<'de>>(&self, path: &str) -> Result<T, RestError> {
        parse(path, &self.get(path).await?)
    }

    /// Asks for a file and hands over its body piece by piece. `from_byte` asks for a range, which a server may ignore.
    ///
    /// # Errors
    /// [`RestError`] if there is no answer or an error.
    pub async fn stream(&self, path: &str, from_byte: u64) -> Result<Streaming<'_>, RestError> {
        let from_byte = Some(from_byte).filter(|&byte| byte > 0);
        self.open(path, from_byte, self.stream_timeout).await
    }

    async fn open(
        &self,
        path: &str,
        from_byte: Option<u64>,
        timeout: Duration,
    ) -> Result<Streaming<'_>, RestError> {
        // The cluster's own permit comes first: a slow cluster must not hold what the others share.
        let own = self.requests.acquire().await.ok();
        let shared = self.transport.requests.acquire().await.ok();
        let address = format!("{}{path}", self.base);
        let mut request = self.transport.http.get(address).timeout(timeout);
        if let Some(value) = self.authorization()? {
            request = request.header(AUTHORIZATION, value);
        }
        if let Some(byte) = from_byte {
            request = request.header(RANGE, format!("bytes={byte}-"));
        }
        let response = request
            .send()
            .await
            .map_err(|error| transport_error(path, error))?;
        if response.status().is_success() {
            return Ok(Streaming {
                response,
                path: path.to_owned(),
                _own: own,
                _shared: shared,
            });
        }
        Err(status_error(path, response).await)
    }

    /// Read for each request, so that a rotated token is seen.
    fn authorization(&self) -> Result<Option<HeaderValue>, RestError> {
        let Some(credentials) = &self.credentials else {
            return Ok(None);
        };
        let text = credentials
            .authorization()
            .map_err(RestError::Credentials)?;
        let mut value =
            HeaderValue::from_str(text.expose()).map_err(|_| RestError::CredentialsText)?;
        value.set_sensitive(true);
        Ok(Some(value))
    }
}

impl Streaming<'_> {
    /// The server sends the range that was asked for, not the whole file.
    #[must_use]
    pub fn is_partial(&self) -> bool {
        self.response.status() == StatusCode::PARTIAL_CONTENT
    }

    /// Length of the body, if the server tells.
    #[must_use]
    pub fn length(&self) -> Option<u64> {
        self.response.content_length()
    }

    /// The next piece; `None` at the end.
    ///
    /// # Errors
    /// [`RestError`] if the connection breaks or is too slow.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, RestError> {
        let chunk = self.response.chunk().await;
        chunk.map_err(|error| transport_error(&self.path, error))
    }
}

/// Reads an answer.
///
/// # Errors
/// [`RestError::Garbage`] if it is no such JSON.
pub fn parse<'de, T: Deserialize<'de>>(path: &str, body: &'de [u8]) -> Result<T, RestError> {
    serde_json::from_slice(body).map_err(|source| RestError::Garbage {
        path: path.to_owned(),
        source,
    })
}

fn base_address(url: &str) -> Result<String, RestError> {
    let refused = |source| RestError::Address {
        url: without_credentials(url),
        source,
    };
    let parsed = Url::parse(url).map_err(|source| refused(Some(source)))?;
    if !matches!(parsed.scheme(), "http" | "https") || !parsed.has_host() {
        return Err(refused(None));
    }
    Ok(without_credentials(url).trim_end_matches('/').to_owned())
}

/// A password in the address must not travel into records and messages.
fn without_credentials(url: &str) -> String {
    let Ok(mut parsed) = Url::parse(url) else {
        return url.split('@').next_back().unwrap_or_default().to_owned();
    };
    // Addresses that cannot hold credentials refuse to have them removed, which is fine.
    let _ = parsed.set_username("");
    let _ = parsed.set_password(None);
    parsed.set_query(None);
    parsed.set_fragment(None);
    parsed.to_string()
}

fn transport_error(path: &str, source: reqwest::Error) -> RestError {
    let path = path.split('?').next().unwrap_or(path).to_owned();
    if source.is_timeout() && !source.is_connect() {
        return RestError::Slow { path };
    }
    RestError::Unreachable {
        path,
        source: source.without_url(),
    }
}

async fn status_error(path: &str, mut response: Response) -> RestError {
    let status = response.status().as_u16();
    let start = response.chunk().await.ok().flatten().unwrap_or_default();
    let start = &start[..start.len().min(ERROR_TEXT_LIMIT_BYTES)];
    let text = String::from_utf8_lossy(start);
    let first_line = text.split("\\n").next().unwrap_or_default();
    RestError::Status {
        path: path.split('?').next().unwrap_or(path).to_owned(),
        status,
        text: first_line.lines().next().unwrap_or_default().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_in_the_address_is_left_out() {
        assert_eq!(
            base_address("http://bob:secret@host:8081/").unwrap(),
            "http://host:8081"
        );
        let refused = base_address("ftp://bob:secret@host")
            .unwrap_err()
            .to_string();
        assert!(!refused.contains("secret"), "{refused}");
    }

    #[test]
    fn a_path_of_a_proxy_is_kept() {
        assert_eq!(
            base_address("https://gate/flink/a/").unwrap(),
            "https://gate/flink/a"
        );
    }
}
