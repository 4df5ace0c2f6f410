//! A network that can get slow or be cut: connections go through here.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::sleep;

/// What goes through at once.
const PIECE_BYTES: usize = 16 << 10;

/// How the network is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Weather {
    Fine,
    /// Each piece takes so long, in both directions.
    Slow(Duration),
    /// Nothing goes through, and nobody is told: as if the cable was out.
    Cut,
}

/// It ends with the test's runtime.
pub(crate) struct Proxy {
    pub(crate) port: u16,
    target: watch::Sender<Option<SocketAddr>>,
    weather: watch::Sender<Weather>,
}

impl Proxy {
    /// Listens; where connections go to is said later.
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let proxy = Self {
            port,
            target: watch::Sender::new(None),
            weather: watch::Sender::new(Weather::Fine),
        };
        let (target, weather) = (proxy.target.subscribe(), proxy.weather.subscribe());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(connect(stream, target.clone(), weather.clone()));
            }
        });
        proxy
    }

    pub(crate) fn lead_to(&self, target: &str) {
        self.target.send_replace(Some(target.parse().unwrap()));
    }

    pub(crate) fn set(&self, weather: Weather) {
        self.weather.send_replace(weather);
    }
}

async fn connect(
    stream: TcpStream,
    mut target: watch::Receiver<Option<SocketAddr>>,
    mut weather: watch::Receiver<Weather>,
) {
    let open = weather.wait_for(|weather| *weather != Weather::Cut).await;
    drop(open);
    let target = *target.wait_for(Option::is_some).await.unwrap();
    let Ok(server) = TcpStream::connect(target.unwrap()).await else {
        return;
    };
    let (from_client, to_client) = stream.into_split();
    let (from_server, to_server) = server.into_split();
    tokio::spawn(carry(from_client, to_server, weather.clone()));
    carry(from_server, to_client, weather).await;
}

async fn carry(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut weather: watch::Receiver<Weather>,
) {
    let mut piece = vec![0; PIECE_BYTES];
    while let Ok(length @ 1..) = from.read(&mut piece).await {
        let now = weather.wait_for(|weather| *weather != Weather::Cut).await;
        let Ok(now) = now.map(|now| *now) else { return };
        if let Weather::Slow(pause) = now {
            sleep(pause).await;
        }
        if to.write_all(&piece[..length]).await.is_err() {
            return;
        }
    }
    let _ = to.shutdown().await;
}
