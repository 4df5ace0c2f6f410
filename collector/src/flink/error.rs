//! What can go wrong between the collector and a cluster.

/// A request to Flink's REST API that led to no usable answer.
#[derive(Debug, thiserror::Error)]
pub enum RestError {
    /// The address cannot be used.
    #[error("{url:?} is no address of a Flink REST API")]
    Address {
        /// As configured.
        url: String,
        /// What the parser says; absent if the scheme is wrong.
        #[source]
        source: Option<url::ParseError>,
    },
    /// TLS or the client itself cannot be set up.
    #[error("the HTTP client cannot be built")]
    Client(#[source] reqwest::Error),
    /// The file of certificates cannot be used.
    #[error("the certificates in {path} cannot be read")]
    Certificates {
        /// The file.
        path: std::path::PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The credentials cannot be read.
    #[error("the credentials of the cluster cannot be read")]
    Credentials(#[source] streamwarden_service_runtime::secret::SecretError),
    /// The credentials hold characters that no header may hold.
    #[error("the credentials of the cluster hold characters that an HTTP header cannot carry")]
    CredentialsText,
    /// Nobody listens, the name is unknown, the connection broke.
    #[error("cannot reach Flink for {path}")]
    Unreachable {
        /// What was asked.
        path: String,
        /// Why.
        #[source]
        source: reqwest::Error,
    },
    /// No complete answer in time.
    #[error("Flink gave no answer to {path} in time")]
    Slow {
        /// What was asked.
        path: String,
    },
    /// An answer with an HTTP error.
    #[error("Flink answered {status} to {path}: {text}")]
    Status {
        /// What was asked.
        path: String,
        /// HTTP status.
        status: u16,
        /// First line of Flink's own words.
        text: String,
    },
    /// More bytes than allowed.
    #[error("the answer to {path} is longer than {limit_bytes} bytes")]
    TooLong {
        /// What was asked.
        path: String,
        /// The limit.
        limit_bytes: usize,
    },
    /// Not the JSON that was expected.
    #[error("the answer to {path} is not what Flink answers there")]
    Garbage {
        /// What was asked.
        path: String,
        /// What the parser says.
        #[source]
        source: serde_json::Error,
    },
}

impl RestError {
    /// What was asked for is not there (any more): the job ended, the TaskManager left.
    #[must_use]
    pub fn is_gone(&self) -> bool {
        matches!(self, Self::Status { status: 404, .. })
    }

    /// The whole cluster does not answer, as opposed to one bad answer.
    #[must_use]
    pub fn is_away(&self) -> bool {
        matches!(self, Self::Unreachable { .. } | Self::Slow { .. })
    }
}
