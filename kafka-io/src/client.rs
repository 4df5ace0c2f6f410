//! Settings that all clients share.

use rdkafka::ClientContext;
use rdkafka::config::{ClientConfig, RDKafkaLogLevel};
use rdkafka::consumer::ConsumerContext;
use rdkafka::error::{KafkaError as Native, RDKafkaErrorCode};
use rdkafka::statistics::Statistics;

use crate::config::{KafkaConfig, SaslConfig, TlsConfig};
use crate::error::KafkaError;

/// Largest record that is written, uncompressed. Topics are created to take it.
pub(crate) const RECORD_LIMIT_BYTES: u32 = 8 << 20;
/// The embedded broker answers a fetch with everything that it has, whatever limit the client names.
const EMBEDDED_RECEIVE_LIMIT_BYTES: u32 = 1_000_000_000;
const RECONNECT_PAUSE_LIMIT_MS: u32 = 5_000;

/// Settings for any client of these brokers.
pub(crate) fn base(config: &KafkaConfig) -> Result<ClientConfig, KafkaError> {
    let mut client = ClientConfig::new();
    client
        .set("bootstrap.servers", &config.brokers)
        .set("client.id", "streamwarden")
        .set("log.connection.close", "false")
        .set("socket.keepalive.enable", "true")
        .set(
            "reconnect.backoff.max.ms",
            RECONNECT_PAUSE_LIMIT_MS.to_string(),
        )
        .set_log_level(RDKafkaLogLevel::Notice);
    if config.embedded {
        client.set(
            "receive.message.max.bytes",
            EMBEDDED_RECEIVE_LIMIT_BYTES.to_string(),
        );
        client.set("broker.address.family", "v4");
    }
    let security = &config.security;
    client.set(
        "security.protocol",
        match (&security.tls, &security.sasl) {
            (None, None) => "plaintext",
            (Some(_), None) => "ssl",
            (None, Some(_)) => "sasl_plaintext",
            (Some(_), Some(_)) => "sasl_ssl",
        },
    );
    if let Some(tls) = &security.tls {
        set_tls(&mut client, tls)?;
    }
    if let Some(sasl) = &security.sasl {
        set_sasl(&mut client, sasl)?;
    }
    Ok(client)
}

fn set_tls(client: &mut ClientConfig, tls: &TlsConfig) -> Result<(), KafkaError> {
    let files = [
        ("ssl.ca.location", &tls.ca_file),
        ("ssl.certificate.location", &tls.certificate_file),
        ("ssl.key.location", &tls.key_file),
    ];
    for (key, file) in files {
        if let Some(file) = file {
            client.set(key, file.to_string_lossy());
        }
    }
    if let Some(password) = &tls.key_password {
        client.set("ssl.key.password", password.read()?.expose());
    }
    Ok(())
}

fn set_sasl(client: &mut ClientConfig, sasl: &SaslConfig) -> Result<(), KafkaError> {
    client
        .set("sasl.mechanisms", sasl.mechanism.as_str())
        .set("sasl.username", &sasl.username)
        .set("sasl.password", sasl.password.read()?.expose());
    Ok(())
}

/// A failure to make a client, which names the brokers.
pub(crate) fn client_error(config: &KafkaConfig) -> impl Fn(Native) -> KafkaError + use<> {
    let brokers = config.brokers.clone();
    move |source| KafkaError::Client {
        brokers: brokers.clone(),
        source,
    }
}

/// Sends what librdkafka says to our logs. Connection trouble is said once a second at most by librdkafka itself.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct LoggingContext;

pub(crate) fn log(level: RDKafkaLogLevel, facility: &str, message: &str) {
    match level {
        RDKafkaLogLevel::Emerg
        | RDKafkaLogLevel::Alert
        | RDKafkaLogLevel::Critical
        | RDKafkaLogLevel::Error => tracing::warn!(facility, message, "kafka client"),
        RDKafkaLogLevel::Warning | RDKafkaLogLevel::Notice => {
            tracing::info!(facility, message, "kafka client");
        }
        RDKafkaLogLevel::Info | RDKafkaLogLevel::Debug => {
            tracing::debug!(facility, message, "kafka client");
        }
    }
}

pub(crate) fn log_error(error: &Native, reason: &str) {
    // The end of a partition is reported here, too; it is no error.
    if error.rdkafka_error_code() == Some(RDKafkaErrorCode::PartitionEOF) {
        return;
    }
    tracing::warn!(%error, reason, "kafka client reports an error");
}

impl ClientContext for LoggingContext {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        log(level, facility, message);
    }

    fn error(&self, error: Native, reason: &str) {
        log_error(&error, reason);
    }

    fn stats(&self, _statistics: Statistics) {}
}

impl ConsumerContext for LoggingContext {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::SaslMechanism;
    use streamwarden_service_runtime::Secret;

    #[test]
    fn a_login_under_tls_uses_both() {
        let password = std::env::temp_dir().join(format!("kafka-password-{}", std::process::id()));
        std::fs::write(&password, "s3cret\n").unwrap();
        let mut config = KafkaConfig::default();
        config.security.tls = Some(TlsConfig::default());
        config.security.sasl = Some(SaslConfig {
            mechanism: SaslMechanism::ScramSha256,
            username: "alice".into(),
            password: Secret::File(password.clone()),
        });
        let client = base(&config).unwrap();
        std::fs::remove_file(password).unwrap();
        assert_eq!(client.get("security.protocol"), Some("sasl_ssl"));
        assert_eq!(client.get("sasl.mechanisms"), Some("SCRAM-SHA-256"));
        assert_eq!(client.get("sasl.password"), Some("s3cret"));
    }

    #[test]
    fn a_password_that_is_not_there_stops_the_client() {
        let mut config = KafkaConfig::default();
        config.security.sasl = Some(SaslConfig {
            mechanism: SaslMechanism::Plain,
            username: "alice".into(),
            password: Secret::Env("STREAMWARDEN_NO_SUCH_SECRET".into()),
        });
        assert!(matches!(base(&config), Err(KafkaError::Secret(_))));
    }
}
