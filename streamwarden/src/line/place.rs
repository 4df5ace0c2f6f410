//! Where an all-in-one process keeps what it keeps: broker, store, page.

use std::net::TcpListener;
use std::path::{Path, PathBuf};

use streamwarden_collector::ClusterConfig;
use streamwarden_kafka_io::{EmbeddedBroker, KafkaConfig};
use streamwarden_notifier::NotifierConfig;
use streamwarden_notifier::channels::config::{ChannelConfig, ChannelTarget};

use crate::cli::PlaceArgs;
use crate::failure::Failure;
use crate::settings::Settings;

const TERMINAL: &str = "terminal";

/// Puts the arguments into the settings, makes the data directory, and starts the embedded broker if none was named.
/// `database` is the name of the store's file.
///
/// # Errors
/// [`Failure`] that names what cannot be had.
pub fn prepare(
    settings: &mut Settings,
    place: &PlaceArgs,
    database: &str,
) -> Result<KafkaConfig, Failure> {
    if let Some(listen) = place.listen {
        settings.notifier.listen = listen;
    }
    if settings.notifier.listen.port() == 0 {
        settings.notifier.listen.set_port(free_port(settings)?);
    }
    let configured = settings.notifier.database != NotifierConfig::default().database;
    match &place.database {
        Some(url) => settings.notifier.database.clone_from(url),
        None if configured => {}
        None => {
            let file = data_directory(place)?.join(database);
            settings.notifier.database = format!("sqlite:{}", file.display());
        }
    }
    show_alerts_here(settings);
    open_on_this_machine(&mut settings.notifier);
    match &place.kafka {
        Some(brokers) => {
            settings.kafka.brokers.clone_from(brokers);
            Ok(settings.kafka.clone())
        }
        None => {
            let broker = EmbeddedBroker::start(settings.process.embedded_retention_bytes)?;
            Ok(broker.config(&settings.kafka))
        }
    }
}

/// Port 0 asks for any free one; the page's address is printed, so that it has to be known here.
fn free_port(settings: &Settings) -> Result<u16, Failure> {
    let address = settings.notifier.listen;
    let bound = TcpListener::bind(address).and_then(|listener| listener.local_addr());
    bound
        .map(|bound| bound.port())
        .map_err(|error| Failure::configuration(format!("cannot listen on {address}: {error}")))
}

/// Whoever reaches a page on the loopback address could end this process as well; tokens, once given, are asked for.
fn open_on_this_machine(notifier: &mut NotifierConfig) {
    if notifier.listen.ip().is_loopback() && notifier.tokens.is_empty() {
        notifier.open_to_all = true;
    }
}

/// Alerts appear where the command was typed, too.
fn show_alerts_here(settings: &mut Settings) {
    let channels = &mut settings.notifier.channels;
    let is_terminal = |channel: &ChannelConfig| {
        matches!(channel.to, ChannelTarget::Terminal {}) || channel.name == TERMINAL
    };
    if !channels.iter().any(is_terminal) {
        channels.push(ChannelConfig {
            name: TERMINAL.to_owned(),
            to: ChannelTarget::Terminal {},
            route: Default::default(),
        });
    }
}

/// The data directory; it is made if it is not there.
///
/// # Errors
/// [`Failure`] that names it and the way out.
pub fn data_directory(place: &PlaceArgs) -> Result<PathBuf, Failure> {
    let directory = place.data.clone().unwrap_or_else(default_directory);
    match std::fs::create_dir_all(&directory) {
        Ok(()) => Ok(directory),
        Err(error) => Err(Failure::configuration(format!(
            "the data directory {} cannot be made: {error}; name another one with --data DIR",
            directory.display()
        ))),
    }
}

fn default_directory() -> PathBuf {
    let home = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    match (home("XDG_DATA_HOME"), home("HOME")) {
        (Some(data), _) => Path::new(&data).join("streamwarden"),
        (None, Some(home)) => Path::new(&home).join(".local/share/streamwarden"),
        (None, None) => PathBuf::from("streamwarden-data"),
    }
}

/// Clusters named on the command line, `URL` or `NAME=URL`.
///
/// # Errors
/// [`Failure`] for what is no address.
pub fn clusters(named: &[String]) -> Result<Vec<ClusterConfig>, Failure> {
    named
        .iter()
        .filter(|text| !text.is_empty())
        .map(|text| cluster(text))
        .collect()
}

fn cluster(text: &str) -> Result<ClusterConfig, Failure> {
    let (name, url) = match text.split_once('=') {
        Some((name, url)) if !name.contains(':') => (Some(name), url),
        _ => (None, text),
    };
    let host = ["http://", "https://"]
        .iter()
        .find_map(|scheme| url.strip_prefix(scheme));
    let Some(host) = host.map(|rest| rest.split('/').next().unwrap_or_default()) else {
        let message =
            format!("{url:?} is no address of Flink; write it like http://localhost:8081");
        return Err(Failure::usage(message));
    };
    // User and password do not become part of the cluster's name.
    let host = host.rsplit('@').next().unwrap_or_default();
    Ok(ClusterConfig {
        id: name.unwrap_or(host).to_owned(),
        url: url.to_owned(),
        credentials: None,
        log_directories: Vec::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cluster_is_named_by_its_address_or_by_its_owner() {
        let named = [
            "http://flink:8081/".to_owned(),
            "prod=https://gate/flink".to_owned(),
        ];
        let clusters = clusters(&named).unwrap();
        assert_eq!(
            (clusters[0].id.as_str(), clusters[1].id.as_str()),
            ("flink:8081", "prod")
        );
        assert_eq!(clusters[1].url, "https://gate/flink");
    }

    #[test]
    fn what_is_no_address_is_refused_with_an_example() {
        let failure = clusters(&["localhost:8081".to_owned()]).unwrap_err();
        assert!(
            failure.message.contains("http://localhost:8081"),
            "{failure}"
        );
    }

    #[test]
    fn the_terminal_shows_alerts_once() {
        let mut settings = Settings::default();
        show_alerts_here(&mut settings);
        show_alerts_here(&mut settings);
        assert_eq!(settings.notifier.channels.len(), 1);
    }

    #[test]
    fn on_this_machine_only_the_page_asks_for_no_token_unless_there_are_tokens() {
        let open = |listen: &str| {
            let mut notifier = NotifierConfig {
                listen: listen.parse().unwrap(),
                ..NotifierConfig::default()
            };
            open_on_this_machine(&mut notifier);
            notifier.open_to_all
        };
        assert!(open("127.0.0.1:8780") && open("[::1]:8780"));
        assert!(!open("0.0.0.0:8780") && !open("192.168.1.4:8780"));
    }
}
