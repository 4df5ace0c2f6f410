//! Prints every finding. `cargo run --example subscribe localhost:9092`; needs the crate rdkafka and nothing of ours.

use std::io::Write;
use std::time::Duration;

use rdkafka::Message;
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let brokers = std::env::args()
        .nth(1)
        .ok_or("HOST:PORT of a broker is missing")?;
    let consumer: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", brokers)
        .set("group.id", "my-rust-team")
        .set("auto.offset.reset", "earliest")
        .set("isolation.level", "read_committed")
        .create()?;
    consumer.subscribe(&["streamwarden.recommendations"])?;
    loop {
        if let Some(record) = consumer.poll(Duration::from_secs(1)) {
            let record = record?;
            let event = String::from_utf8_lossy(record.payload().unwrap_or_default());
            writeln!(std::io::stdout(), "{event}")?;
        }
    }
}
