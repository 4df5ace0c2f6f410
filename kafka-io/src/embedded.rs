//! A broker in this process, in memory: for one machine, demonstrations and tests.

mod relay;

use std::net::{Ipv4Addr, SocketAddr, TcpListener};

use noida::kafka::connection::handle_connection;
use noida::kafka::engine::Engine;

use crate::config::{KafkaConfig, SecurityConfig};
use crate::error::KafkaError;

/// The embedded broker. It lives as long as the process; a new process starts with an empty one.
#[derive(Debug, Clone)]
pub struct EmbeddedBroker {
    address: SocketAddr,
    retention_bytes: u64,
}

impl EmbeddedBroker {
    /// Starts it on a free local port. It keeps about `retention_bytes` of each topic.
    ///
    /// # Errors
    /// [`KafkaError::Embedded`] if no port can be bound.
    pub fn start(retention_bytes: u64) -> Result<Self, KafkaError> {
        let address = serve().map_err(KafkaError::Embedded)?;
        Ok(Self {
            address,
            retention_bytes,
        })
    }

    /// `127.0.0.1:port`.
    #[must_use]
    pub fn brokers(&self) -> String {
        self.address.to_string()
    }

    /// The configuration to reach it: everything else as in `base`.
    #[must_use]
    pub fn config(&self, base: &KafkaConfig) -> KafkaConfig {
        KafkaConfig {
            brokers: self.brokers(),
            partitions: 1,
            replication: 1,
            retention_bytes: Some(self.retention_bytes),
            security: SecurityConfig::default(),
            embedded: true,
            ..base.clone()
        }
    }
}

/// The engine listens behind the relay and tells clients the relay's address.
fn serve() -> std::io::Result<SocketAddr> {
    let front = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let back = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let address = front.local_addr()?;
    let engine = Engine::new(address.ip().to_string(), i32::from(address.port()));
    engine.spawn_log_cleaner();
    let back_address = back.local_addr()?;
    spawn_acceptor(back, move |stream| {
        handle_connection(stream, engine.clone());
    })?;
    let relay = relay::Relay::new(back_address);
    spawn_acceptor(front, move |stream| relay.serve(stream))?;
    Ok(address)
}

/// One thread a connection, as long as the connection lasts.
fn spawn_acceptor(
    listener: TcpListener,
    serve: impl Fn(std::net::TcpStream) + Clone + Send + 'static,
) -> std::io::Result<()> {
    // Fifteen characters of a thread's name are shown.
    let name = format!("broker {}", listener.local_addr()?.port());
    let connection_name = name.clone();
    let accept = move || {
        for stream in listener.incoming().flatten() {
            let serve = serve.clone();
            let builder = std::thread::Builder::new().name(connection_name.clone());
            if let Err(error) = builder.spawn(move || serve(stream)) {
                tracing::warn!(%error, "the embedded broker cannot take a connection");
            }
        }
    };
    std::thread::Builder::new()
        .name(name)
        .spawn(accept)
        .map(drop)
}
