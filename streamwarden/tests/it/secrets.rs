//! Secrets of the configuration show nowhere: not in what the program says, answers or measures, nor in its arguments.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use crate::process::program;

/// Secrets by where they are used. Each is unlike anything that the program would write by itself.
const SECRETS: [&str; 6] = [
    "kafka-pw-7Hq2mZ",
    "database-pw-9Xw4kT",
    "webhook-path-3Lr8vB",
    "signing-key-5Nc1yG",
    "bot-token-6Jd0sF",
    "api-token-2Pe7uQ",
];
const LIMIT: Duration = Duration::from_secs(60);

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

/// Writes each secret into a file and the configuration beside it.
fn configure(folder: &Path, rest: &str) {
    for secret in SECRETS {
        let name = secret.rsplit_once('-').unwrap().0;
        fs::write(folder.join(name), format!("{secret}\n")).unwrap();
    }
    let config = format!(
        "[telemetry]\nlevel = \"trace\"\nformat = \"json\"\n\
         [[notifier.channels]]\nname = \"hook\"\n\
         to.webhook.url = \"http://127.0.0.1:9/{}\"\nto.webhook.secret.file = \"signing-key\"\n\
         [[notifier.channels]]\nname = \"bot\"\n\
         to.slack_bot = {{ token.file = \"bot-token\", channel = \"#ops\", api_url = \"http://127.0.0.1:9/\" }}\n\
         [[notifier.tokens]]\nname = \"ops\"\nrole = \"admin\"\ntoken.file = \"api-token\"\n{rest}",
        SECRETS[2]
    );
    fs::write(folder.join("streamwarden.toml"), config).unwrap();
}

/// What the process of these arguments says.
fn log(folder: &Path, arguments: &[&str]) -> PathBuf {
    folder.join(format!("{}.log", arguments[0]))
}

fn start(folder: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> Child {
    let log = fs::File::create(log(folder, arguments)).unwrap();
    let mut command = program();
    command.current_dir(folder).args(arguments);
    command.envs(environment.iter().copied());
    command.stdout(log.try_clone().unwrap()).stderr(log);
    command.stdin(Stdio::null()).spawn().unwrap()
}

fn get(port: u16, path: &str) -> Option<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    let request = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    Some(answer)
}

fn shows_none(what: &str, text: &str) {
    for secret in SECRETS {
        assert!(!text.contains(secret), "{what} shows {secret}:\n{text}");
    }
}

#[tokio::test]
async fn a_running_process_shows_no_secret_in_logs_answers_metrics_or_arguments() {
    let folder = tempfile::tempdir().unwrap();
    let (page, admin) = (free_port(), free_port());
    let listen = format!("127.0.0.1:{page}");
    configure(
        folder.path(),
        &format!("[admin]\nlisten = \"127.0.0.1:{admin}\"\n"),
    );
    let data = folder.path().join("data").display().to_string();
    let run = [
        "run",
        "--flink",
        "http://sw:flink@127.0.0.1:9",
        "--data",
        &data,
        "--listen",
        &listen,
    ];
    let mut child = start(folder.path(), &run, &[]);
    let began = Instant::now();
    while !get(page, "/api/v1/status").is_some_and(|answer| answer.contains("200 OK")) {
        let log = fs::read_to_string(log(folder.path(), &run)).unwrap();
        assert!(began.elapsed() < LIMIT, "it does not answer:\n{log}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    for path in [
        "status",
        "channels",
        "messages",
        "jobs",
        "findings",
        "openapi.json",
    ] {
        let answer = get(page, &format!("/api/v1/{path}")).unwrap();
        shows_none(path, &answer);
    }
    let metrics = get(admin, "/metrics").unwrap();
    assert!(metrics.contains("streamwarden_"), "{metrics}");
    shows_none("/metrics", &metrics);
    let proc = Path::new("/proc").join(child.id().to_string());
    let arguments = fs::read_to_string(proc.join("cmdline")).unwrap();
    shows_none("the command line", &arguments);
    child.kill().unwrap();
    child.wait().unwrap();
    let log = fs::read_to_string(log(folder.path(), &run)).unwrap();
    assert!(log.contains("\"level\""), "{log}");
    shows_none("the log", &log);
}

#[test]
fn a_process_that_cannot_reach_kafka_or_its_database_names_them_without_passwords() {
    let folder = tempfile::tempdir().unwrap();
    let database = format!("postgres://sw:{}@127.0.0.1:9/alerts", SECRETS[1]);
    let login = "[kafka.security.sasl]\nmechanism = \"PLAIN\"\nusername = \"sw\"\npassword.file = \"kafka-pw\"\n";
    configure(folder.path(), login);
    let listen = format!("127.0.0.1:{}", free_port());
    let environment = [
        ("STREAMWARDEN_NOTIFIER__LISTEN", listen.as_str()),
        ("STREAMWARDEN_KAFKA__BROKERS", "127.0.0.1:9"),
        ("STREAMWARDEN_NOTIFIER__DATABASE", database.as_str()),
    ];
    let started = ["notifier", "featurizer"]
        .map(|service| (service, start(folder.path(), &[service], &environment)));
    for (service, mut child) in started {
        let status = child.wait().unwrap();
        assert!(!status.success(), "{service}");
        let log = fs::read_to_string(log(folder.path(), &[service])).unwrap();
        assert!(log.contains("127.0.0.1:9"), "{service}: {log}");
        shows_none(service, &log);
    }
}
